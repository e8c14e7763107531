import type { Tx } from '../db/types.ts'
import { Refused } from '../errors.ts'
import { addGrant, givenEnd, givenReason } from './add-grant.ts'
import { lockedPool } from './locked-pool.ts'
import type { Actor } from './moves.ts'
import { publishedProduct } from './plan-product.ts'

export type FlatGrantAsked = {
  tenantId: string
  organizationId: string
  /** The key or id of a product that is a tier of no ladder. */
  product: string
  /** 1 unless told otherwise. */
  quantity?: number
  reason: string
  validUntil?: Date | null
  actor: Actor
}

export type FlatGrantGiven = {
  grantId: string
  provisionId: string
  organizationId: string
  product: string
  quantity: number
  validUntil: Date | null
  /** As with plans: after the commit, ring for this grant at that time. */
  expiry: { grantId: string; at: Date } | null
}

/**
 * Gives a product that stands on no ladder. Such products stack: giving one twice is two of it (R31), without any history
 * on a ladder. `revokeGrant` takes one back, and the end that it was given ends it.
 * @throws Refused `organization_unknown`, `product_unknown` (404), `product_is_plan` (R52: plans are given through Enrollment
 * alone), `product_without_kind`, `product_not_published`, `quantity_invalid`, `reason_missing`, `valid_until_past` (422)
 */
export async function giveFlatGrant(tx: Tx, asked: FlatGrantAsked): Promise<FlatGrantGiven> {
  const { tenantId, organizationId, quantity = 1, actor } = asked
  const reason = givenReason(asked.reason)
  const pool = await lockedPool(tx, tenantId, organizationId)
  const { productId, productKey, name, productKind } = await publishedProduct(tx, asked.product)
  if (productKind === 'plan') {
    throw new Refused(
      'product_is_plan',
      `${name} is a tier of a ladder: it is not given flat.`,
      'Give it on the Enrollment tab.',
      422,
    )
  }
  if (productKind === null) {
    throw new Refused(
      'product_without_kind',
      `${name} is on no ladder and has no type.`,
      'Put it on a ladder or give it a type first.',
      422,
    )
  }
  if (!Number.isInteger(quantity) || quantity < 1 || quantity > 2_147_483_647) {
    throw new Refused('quantity_invalid', `${quantity} is no quantity.`, 'Name a whole number above 0.', 422)
  }
  const validUntil = givenEnd(asked.validUntil, pool.now)
  const grantReason = validUntil ? 'trial' : 'manual'
  const grantId = await addGrant(tx, pool, { productId, grantReason, reason, quantity, validUntil, actor })
  const [attached] = await tx<{ provisionId: string }[]>`
    select entitlements.attach_addon(${pool.poolId}, ${productId}, 'grant', ${grantId}, ${quantity}, 'active') as provision_id`
  return {
    grantId,
    provisionId: attached!.provisionId,
    organizationId,
    product: productKey,
    quantity,
    validUntil,
    expiry: validUntil && { grantId, at: validUntil },
  }
}
