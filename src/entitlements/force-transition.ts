import type { Tx } from '../db/types.ts'
import { Refused } from '../errors.ts'
import { givenEnd, givenReason } from './add-grant.ts'
import { type PaidAbove, paidAboveCeilings } from './ceilings.ts'
import type { GrantGiven } from './grant-outcome.ts'
import { givePlan } from './issue-grant.ts'
import { type LockedPool, lockedPool } from './locked-pool.ts'
import type { Actor } from './moves.ts'
import { type PlanProduct, planProduct } from './plan-product.ts'
import { type SettledMove, settlePools } from './settle-pools.ts'
import type { Tier } from './tiers.ts'

export type ForceAsked = {
  tenantId: string
  organizationId: string
  /** The ladder's key; no other is touched, even where the product is a tier of several. */
  ladder: string
  /** A tier's product, by key or id. */
  product: string
  /** `at_least` is an operator's grant; `at_most` a ceiling, which only operators or its own end lift. */
  mode: 'at_least' | 'at_most'
  reason: string
  validUntil?: Date | null
  actor: Actor
}

export type Forced =
  | ({ mode: 'at_least' } & GrantGiven)
  | {
      mode: 'at_most'
      ceilingId: string
      /** The ceiling on this ladder that this one replaced. */
      replacedCeilingId: string | null
      organizationId: string
      poolId: string
      product: string
      validUntil: Date | null
      moves: SettledMove[]
      /** Who pays for more than the ceiling allows: to be shown. The sweep raises the alarm `paid_above_ceiling` about it. */
      paidAbove: PaidAbove[]
      /** Always null: the sweep lifts a ceiling at its end. */
      expiry: null
    }

/**
 * Forces the place on one ladder to a tier at least, or at most. Nobody's claim is closed by either: what is above a
 * ceiling is there again when the ceiling is gone.
 * @throws Refused `organization_unknown`, `ladder_unknown`, `product_unknown` (404), `product_not_plan`, `product_not_published`,
 * `product_not_on_ladder`, `reason_missing`, `valid_until_past` (422); for `at_least` also `already_on_tier` (409) and
 * `ceiling_below` (409: an operator said "at most" less than this; it points to lifting that).
 */
export async function forceTransition(tx: Tx, asked: ForceAsked): Promise<Forced> {
  const reason = givenReason(asked.reason)
  const pool = await lockedPool(tx, asked.tenantId, asked.organizationId)
  const [ladder] = await tx`select from billing.plan_ladders where ladder_key = ${asked.ladder}`
  if (!ladder) {
    throw new Refused('ladder_unknown', `There is no ladder ${asked.ladder}.`, 'Look at the catalog.', 404)
  }
  const product = await planProduct(tx, asked.product)
  const tier = product.tiers.find(({ ladderKey }) => ladderKey === asked.ladder)
  if (!tier) {
    throw new Refused(
      'product_not_on_ladder',
      `${product.name} is no tier of ${asked.ladder}.`,
      "Name one of the ladder's tiers.",
      422,
    )
  }
  if (asked.mode === 'at_most') return setCeiling(tx, pool, { ...asked, product, tier, reason })
  await refuseAboveCeiling(tx, pool, product, tier)
  const { validUntil, actor } = asked
  const giving = { product, tiers: [tier], reason, actor, ...(validUntil && { validUntil }) }
  return { mode: 'at_least', ...(await givePlan(tx, pool, giving)) }
}

async function refuseAboveCeiling(tx: Tx, pool: LockedPool, product: PlanProduct, tier: Tier) {
  const [ceiling] = await tx<{ ceilingId: string; name: string }[]>`
    select c.ceiling_id, p.name from entitlements.ceilings c
      join billing.plan_ladder_tiers t using (plan_ladder_id, product_id)
      join billing.products p using (product_id)
     where c.pool_id = ${pool.poolId} and c.plan_ladder_id = ${tier.planLadderId} and c.lifted_at is null
       and (c.valid_until is null or c.valid_until > clock_timestamp()) and t.rank < ${tier.rank}`
  if (!ceiling) return
  throw new Refused(
    'ceiling_below',
    `An operator said ${ceiling.name} at most; ${product.name} at least is above that.`,
    `Lift ceiling ${ceiling.ceilingId} first.`,
  )
}

type CeilingAsked = Omit<ForceAsked, 'product'> & { product: PlanProduct; tier: Tier }

async function setCeiling(tx: Tx, pool: LockedPool, asked: CeilingAsked): Promise<Forced> {
  const { poolId, tenantId, organizationId } = pool
  const { product, tier, actor, reason } = asked
  const validUntil = givenEnd(asked.validUntil, pool.now)
  const [replaced] = await tx<{ ceilingId: string }[]>`
    update entitlements.ceilings
    set lifted_at = greatest(clock_timestamp(), set_at), lifted_how = 'replaced', lifted_reason = ${reason},
        lifted_by_type = ${actor.type}, lifted_by_id = ${actor.id ?? null}, lifted_by_name = ${actor.name ?? null}
    where pool_id = ${poolId} and plan_ladder_id = ${tier.planLadderId} and lifted_at is null
    returning ceiling_id`
  const [set] = await tx<{ ceilingId: string }[]>`
    insert into entitlements.ceilings
      (tenant_id, organization_id, pool_id, plan_ladder_id, product_id, reason, valid_until, actor_type, actor_id, actor_name)
    values (${tenantId}, ${organizationId}, ${poolId}, ${tier.planLadderId}, ${product.productId}, ${reason}, ${validUntil},
            ${actor.type}, ${actor.id ?? null}, ${actor.name ?? null})
    returning ceiling_id`
  const { ceilingId } = set!
  const cause = { kind: 'ceiling', id: ceilingId } as const
  const moves = await settlePools(tx, [{ poolId, about: ceilingId, actor, reason, cause }])
  return {
    mode: 'at_most',
    ceilingId,
    replacedCeilingId: replaced?.ceilingId ?? null,
    organizationId,
    poolId,
    product: product.productKey,
    validUntil,
    moves,
    paidAbove: await paidAboveCeilings(tx, { ceilingId }),
    expiry: null,
  }
}
