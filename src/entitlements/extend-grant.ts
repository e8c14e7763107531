import type { Tx } from '../db/types.ts'
import { Refused } from '../errors.ts'
import { addGrant, givenEnd, givenReason } from './add-grant.ts'
import { type GrantGiven, settleGiven } from './grant-outcome.ts'
import { type LockedPool, lockedPool, lockedPoolOfGrant } from './locked-pool.ts'
import type { Actor } from './moves.ts'
import { closeGrants } from './revoke-grant.ts'

export type ExtensionAsked = {
  tenantId: string
  reason: string
  /** None: it has no end (R48). */
  validUntil?: Date | null
  actor: Actor
} & (
  | {
      /** The grant that is to go on, wherever it stands: one that is held goes on being held. */
      grantId: string
      /** When it is named, the grant has to be its. */
      organizationId?: string
    }
  | {
      /** The place that is to go on, whoever holds it. */
      organizationId: string
      /** The ladder's key; needed only when the organization stands on several. */
      ladder?: string
    }
)

/**
 * Extends what an organization holds by a new grant on the same tier (R27, R47). A grant that held it is closed as
 * `extended`, and the new one names it (`extendsGrantId`); a subscription is never closed by this. Whatever expiry was
 * set for the grant before ends nothing any more (R48). After the commit, ring for `expiry` if there is one.
 * @throws Refused `organization_unknown`, `grant_unknown`, `ladder_unknown` (404), `nothing_to_extend`, `grant_closed` (409),
 * `ladder_needed`, `reason_missing`, `valid_until_past` (422).
 */
export async function extendGrant(tx: Tx, asked: ExtensionAsked): Promise<GrantGiven> {
  const reason = givenReason(asked.reason)
  const { tenantId, actor } = asked
  const byGrant = 'grantId' in asked
  const pool = byGrant
    ? await lockedPoolOfGrant(tx, tenantId, asked.grantId, asked.organizationId)
    : await lockedPool(tx, tenantId, asked.organizationId)
  const validUntil = givenEnd(asked.validUntil, pool.now)
  const extended = byGrant
    ? await ofGrant(tx, pool, asked.grantId)
    : await ofPlace(tx, pool, asked.ladder ?? null)
  if (extended.grantId) await closeGrants(tx, [extended.grantId], 'extended')
  const grantId = await addGrant(tx, pool, {
    productId: extended.productId,
    grantReason: 'extension',
    reason,
    validUntil,
    actor,
    ...(extended.grantId && { extendsGrantId: extended.grantId }),
    ...(extended.planLadderId && { planLadderId: extended.planLadderId }),
  })
  return settleGiven(tx, pool, {
    grantId,
    product: extended.productKey,
    grantReason: 'extension',
    validUntil,
    extendsGrantId: extended.grantId,
    actor,
    reason,
  })
}

type Extended = {
  productId: string
  productKey: string
  /** The grant that is closed by it; null for a subscription's place. */
  grantId: string | null
  planLadderId: string | null
}

async function ofGrant(tx: Tx, { poolId }: LockedPool, grantId: string): Promise<Extended> {
  const [grant] = await tx<(Extended & { live: boolean; kind: string; placed: boolean })[]>`
    select g.grant_id, g.product_id, p.product_key, g.plan_ladder_id, k.product_kind as kind,
           g.closed_at is null and (g.valid_until is null or g.valid_until > clock_timestamp()) as live,
           exists (
             select from entitlements.pool_provision_ladders a
              join billing.plan_ladder_tiers t on t.plan_ladder_id = a.plan_ladder_id and t.product_id = g.product_id
              where a.pool_id = ${poolId} and a.ended_at is null) as placed
      from entitlements.grants g
      join billing.products p using (product_id)
      join billing.product_kinds k using (product_id)
     where g.grant_id = ${grantId}`
  const { live, kind, placed, ...extended } = grant!
  if (!live) {
    throw new Refused('grant_closed', 'This grant has ended, or was extended before.', 'Issue a new grant.')
  }
  if (kind !== 'plan' || !placed) throw nothingToExtend()
  return extended
}

async function ofPlace(tx: Tx, { poolId }: LockedPool, ladder: string | null): Promise<Extended> {
  const places = await tx<(Extended & { ladderKey: string })[]>`
    select l.ladder_key, p.product_id, p.product_key, g.grant_id,
           case when g.grant_reason <> 'default' then g.plan_ladder_id else a.plan_ladder_id end as plan_ladder_id
      from entitlements.pool_provision_ladders a
      join entitlements.pool_provisions v using (provision_id)
      join billing.plan_ladders l using (plan_ladder_id)
      left join entitlements.grants g on g.grant_id = v.grant_id
       and g.closed_at is null and (g.valid_until is null or g.valid_until > clock_timestamp())
      join billing.products p on p.product_id = case when g.grant_reason <> 'default' then g.product_id else v.product_id end
     where a.pool_id = ${poolId} and a.ended_at is null
     order by l.ladder_key`
  const meant = ladder === null ? places : places.filter((place) => place.ladderKey === ladder)
  if (meant.length > 1) {
    const ladders = meant.map(({ ladderKey }) => ladderKey).join(', ')
    throw new Refused(
      'ladder_needed',
      `The organization stands on several ladders: ${ladders}.`,
      'Name one.',
      422,
    )
  }
  if (meant[0]) return meant[0]
  const [known] = await tx`select from billing.plan_ladders where ladder_key = ${ladder}`
  if (ladder !== null && !known) {
    throw new Refused('ladder_unknown', `There is no ladder ${ladder}.`, 'Look at the catalog.', 404)
  }
  throw nothingToExtend()
}

function nothingToExtend(): Refused {
  return new Refused(
    'nothing_to_extend',
    'The organization stands on no tier here.',
    'Issue a grant instead.',
  )
}
