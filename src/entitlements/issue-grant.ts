import type { Tx } from '../db/types.ts'
import { Refused } from '../errors.ts'
import { addGrant, givenEnd, givenReason } from './add-grant.ts'
import { type GrantGiven, settleGiven } from './grant-outcome.ts'
import { type LockedPool, lockedPool } from './locked-pool.ts'
import type { Actor } from './moves.ts'
import { type PlanProduct, planProduct } from './plan-product.ts'
import type { Tier } from './tiers.ts'

export type GrantAsked = {
  tenantId: string
  organizationId: string
  /** A plan product's key or id. */
  product: string
  reason: string
  /** None: it has no end. */
  validUntil?: Date | null
  actor: Actor
}

/**
 * Gives an organization a plan: `trial` with an end, else `manual` (R43), on every ladder on which the product is a tier. The
 * pool's lock comes first (R51). Below the present tier it is accepted and held: `places` says so (`Pro is paid for`).
 * After the commit, ring for `expiry` if there is one.
 * @throws Refused `organization_unknown`, `product_unknown` (404), `product_not_plan` (R52), `product_not_published` (D11),
 * `reason_missing`, `valid_until_past` (422), `already_on_tier` (409, D20: it points to Extend).
 */
export async function issueGrant(tx: Tx, asked: GrantAsked): Promise<GrantGiven> {
  const reason = givenReason(asked.reason)
  const pool = await lockedPool(tx, asked.tenantId, asked.organizationId)
  const product = await planProduct(tx, asked.product)
  return givePlan(tx, pool, { ...asked, product, tiers: product.tiers, reason })
}

export type PlanGiving = {
  product: PlanProduct
  /** The tiers that are meant, where it is not all of the product's: one. */
  tiers: readonly Tier[]
  reason: string
  validUntil?: Date | null
  actor: Actor
}

/** The rest of it, under the pool's lock: what Issue and Force (at least) share. */
export async function givePlan(tx: Tx, pool: LockedPool, giving: PlanGiving): Promise<GrantGiven> {
  const { product, tiers, reason, actor } = giving
  const validUntil = givenEnd(giving.validUntil, pool.now)
  await refusePresentTier(tx, pool, product, tiers)
  const grantReason = validUntil ? 'trial' : 'manual'
  const [only] = tiers.length < product.tiers.length ? tiers : []
  const grantId = await addGrant(tx, pool, {
    productId: product.productId,
    grantReason,
    reason,
    validUntil,
    actor,
    ...(only && { planLadderId: only.planLadderId }),
  })
  return settleGiven(tx, pool, {
    grantId,
    product: product.productKey,
    grantReason,
    validUntil,
    extendsGrantId: null,
    actor,
    reason,
  })
}

/** D20: another grant on the tier on which the pool stands would leave one of the two behind. */
async function refusePresentTier(tx: Tx, pool: LockedPool, product: PlanProduct, tiers: readonly Tier[]) {
  const ladders = tiers.map(({ planLadderId }) => planLadderId)
  const standing = await tx`
    select from entitlements.pool_provision_ladders a join entitlements.pool_provisions v using (provision_id)
     where a.pool_id = ${pool.poolId} and a.plan_ladder_id = any(${ladders}::uuid[]) and a.ended_at is null
       and v.product_id = ${product.productId}`
  if (standing.length < tiers.length) return
  throw new Refused(
    'already_on_tier',
    `The organization stands on ${product.name} already.`,
    'Extend it instead.',
  )
}
