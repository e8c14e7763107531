import { holdCatalog } from '../billing/hold-catalog.ts'
import { databaseIsAway } from '../database-errors.ts'
import type { Db, Reader, Tx } from '../db/types.ts'
import { Refused, StepladderError } from '../errors.ts'
import { lockPools } from './lock-pools.ts'
import type { Actor, Move } from './moves.ts'
import { reapplyDefaults } from './reapply-defaults.ts'
import type { Tier } from './tiers.ts'
import { transitionMany } from './transition.ts'

export type BackfillAsked = {
  /** The org type's key. */
  orgType: string
  /** Only this tenant's organizations; null: everybody's, for the command line. */
  tenantId: string | null
  actor: Actor
  /** Begins behind this organization_id: where an earlier call stopped. */
  after?: string | null
}

export type BackfillOutcome = {
  organizationId: string
  name: string
  outcome: 'updated' | 'skipped' | 'failed'
  /** In words. */
  reason: string
  /** What went wrong, for the log; only where it is no refusal of ours. */
  error?: unknown
}

/**
 * Gives existing organizations of a type what a new one would start on (R40–R42), one after the other by id, each in a
 * transaction of its own under its pool's lock. A default grant on something else is superseded (R36); whoever stands higher
 * on the default ladder, or there by a subscription or an operator's grant, is skipped: nobody is moved down (D21). What fails
 * for one organization is told and holds up no other; run again, it changes nothing more. Stop asking and it stops.
 * @throws Refused, at the first step, `org_type_unknown` (404), `no_default_ladder`, `default_without_rank_0`,
 * `default_not_published` (409); whatever says that the database is away, at any step.
 */
export async function* backfillDefaults(
  db: Db,
  asked: BackfillAsked,
  batch = 100,
): AsyncGenerator<BackfillOutcome, void, undefined> {
  await defaultOf(db, asked.orgType)
  let after = asked.after ?? null
  for (;;) {
    const organizations = await nextOrganizations(db, asked, after, batch)
    for (const organization of organizations) yield await backfillOne(db, organization, asked)
    const last = organizations.at(-1)
    if (!last || organizations.length < batch) return
    after = last.organizationId
  }
}

type Listed = { organizationId: string; name: string; poolId: string | null }

async function nextOrganizations(
  reader: Reader,
  { orgType, tenantId }: BackfillAsked,
  after: string | null,
  batch: number,
): Promise<Listed[]> {
  return reader<Listed[]>`
    select o.organization_id, o.name, p.pool_id
      from organization.organizations o
      join organization.org_types y using (org_type_id)
      left join entitlements.resource_pools p on p.organization_id = o.organization_id and p.is_default
     where y.org_type_key = ${orgType}
       and (${tenantId}::uuid is null or o.tenant_id = ${tenantId}::uuid)
       and (${after}::uuid is null or o.organization_id > ${after}::uuid)
     order by o.organization_id
     limit ${batch}`
}

async function backfillOne(
  db: Db,
  { organizationId, name, poolId }: Listed,
  asked: BackfillAsked,
): Promise<BackfillOutcome> {
  try {
    if (poolId === null) return { organizationId, name, outcome: 'failed', reason: 'it has no default pool' }
    return { organizationId, name, ...(await db.begin((tx) => backfillPool(tx, poolId, asked))) }
  } catch (error) {
    if (databaseIsAway(error)) throw error
    if (error instanceof StepladderError)
      return { organizationId, name, outcome: 'failed', reason: error.message }
    const code = (error as { code?: unknown }).code
    const reason = `unexpected${typeof code === 'string' ? ` (${code})` : ''}: the log tells more`
    return { organizationId, name, outcome: 'failed', reason, error }
  }
}

type Standing = Pick<Tier, 'planLadderId' | 'ladderKey' | 'productId' | 'productKey'> & {
  rank: number | null
  byDefault: boolean
}

async function backfillPool(
  tx: Tx,
  poolId: string,
  { orgType, actor }: BackfillAsked,
): Promise<Pick<BackfillOutcome, 'outcome' | 'reason'>> {
  await holdCatalog(tx)
  await lockPools(tx, [poolId])
  const tier = await defaultOf(tx, orgType)
  const standing = await standingOf(tx, poolId)
  const here = standing.find(({ planLadderId }) => planLadderId === tier.planLadderId)
  const skip = here && whySkip(here, tier)
  if (skip) return { outcome: 'skipped', reason: skip }

  const by = actor.name ? `, asked for by ${actor.name}` : ''
  const why = {
    reason: `Backfill of the org type ${orgType}${by}`,
    cause: { kind: 'operator', id: actor.id ?? 'backfill' },
  } as const
  const stale = standing.filter(({ byDefault }) => byDefault)
  const ends = stale.map(
    ({ planLadderId }): Move => ({ poolId, planLadderId, target: null, actor: { type: 'system' }, ...why }),
  )
  // An end re-applies the default by itself (R25).
  if (ends.length > 0) await transitionMany(tx, ends)
  else await reapplyDefaults(tx, new Map([[poolId, why]]))
  const instead = stale.map(({ productKey, ladderKey }) => `${productKey} on ${ladderKey}`).join(', ')
  const reason = `now on ${tier.productKey} of ${tier.ladderKey}${instead && ` instead of ${instead}`}`
  return { outcome: 'updated', reason }
}

function whySkip(here: Standing, tier: Tier): string | null {
  const place = `stands on ${here.productKey} of ${here.ladderKey}`
  if (here.productId === tier.productId) return `${place} already`
  if (here.rank !== null && here.rank > tier.rank) return `${place}, which is higher`
  // A default counts only when no other claim lives.
  return here.byDefault ? null : `${place} by a subscription or an operator’s grant`
}

async function standingOf(tx: Tx, poolId: string): Promise<Standing[]> {
  return tx<Standing[]>`
    select a.plan_ladder_id, l.ladder_key, v.product_id, p.product_key, t.rank,
           coalesce(g.grant_reason = 'default', false) as by_default
      from entitlements.pool_provision_ladders a
      join entitlements.pool_provisions v using (provision_id)
      join billing.plan_ladders l on l.plan_ladder_id = a.plan_ladder_id
      join billing.products p on p.product_id = v.product_id
      left join billing.plan_ladder_tiers t on t.plan_ladder_id = a.plan_ladder_id and t.product_id = v.product_id
      left join entitlements.grants g on g.grant_id = v.grant_id
     where a.pool_id = ${poolId} and a.ended_at is null
     order by l.ladder_key`
}

/** What organizations of a type start on now (R33). */
async function defaultOf(reader: Reader, orgType: string): Promise<Tier> {
  const [found] = await reader<
    (Partial<Tier> & { planLadderId: string | null; ladderKey: string; status: string | null })[]
  >`
    select y.default_plan_ladder_id as plan_ladder_id, l.ladder_key, t.product_id, p.product_key, t.rank,
           p.lifecycle_status as status
      from organization.org_types y
      left join billing.plan_ladders l on l.plan_ladder_id = y.default_plan_ladder_id
      left join billing.plan_ladder_tiers t on t.plan_ladder_id = l.plan_ladder_id and t.rank = 0
      left join billing.products p on p.product_id = t.product_id
     where y.org_type_key = ${orgType}`
  if (!found) {
    throw new Refused(
      'org_type_unknown',
      'There is no such org type.',
      'See the keys: GET /api/v1/org-types',
      404,
    )
  }
  const { planLadderId, ladderKey, productId, productKey, rank, status } = found
  if (planLadderId === null) {
    throw new Refused(
      'no_default_ladder',
      `The org type ${orgType} has no default ladder, so there is nothing to give.`,
      `Set one first: PUT /api/v1/org-types/${orgType}/default-ladder`,
    )
  }
  if (!productId) {
    throw new Refused(
      'default_without_rank_0',
      `${ladderKey}, where organizations of type ${orgType} start, has no tier at rank 0.`,
      'Give one of its tiers that rank first.',
    )
  }
  if (status !== 'published') {
    throw new Refused(
      'default_not_published',
      `${productKey}, rank 0 of ${ladderKey}, is not published, and a default has to be.`,
      'Publish it first.',
    )
  }
  return { planLadderId, ladderKey, productId, productKey: productKey!, rank: rank! }
}
