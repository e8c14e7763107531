import type { Held } from './held-by-subscriptions.ts'

/** What one subscription claims once its state is resolved. Ended or incomplete: neither tiers nor add-ons. */
export type SubscriptionClaims = {
  subscriptionId: string
  poolId: string
  tenantId: string
  /** Stripe's word. */
  status: string
  /** At most one a ladder: the highest that its prices mean. */
  tiers: readonly { planLadderId: string; productId: string }[]
  addons: readonly { productId: string; quantity: number }[]
}

/** What has to be written for subscriptions to claim what they should: their claims on ladders, their add-ons (flat, R31), and the status beside the place that they hold (R32: no move). */
export type ClaimWrites = {
  put: {
    subscriptionId: string
    planLadderId: string
    poolId: string
    tenantId: string
    productId: string
    status: string
  }[]
  withdraw: { subscriptionId: string; planLadderId: string }[]
  attach: { poolId: string; productId: string; subscriptionId: string; quantity: number; status: string }[]
  /** provision_ids */
  detach: string[]
  statuses: { subscriptionId: string; status: string }[]
}

/**
 * From what subscriptions should claim and what they hold to what differs. What stands already is not written again. Pure.
 * @returns `changed`: the ids of the subscriptions for which something differs; a renewal is not among them.
 */
export function claimsToWrite(
  rows: readonly SubscriptionClaims[],
  heldBy: ReadonlyMap<string, readonly Held[]>,
): { writes: ClaimWrites; changed: Set<string> } {
  const writes: ClaimWrites = { put: [], withdraw: [], attach: [], detach: [], statuses: [] }
  const changed = new Set<string>()
  const count = () => Object.values(writes).reduce((sum, kind) => sum + kind.length, 0)
  for (const row of rows) {
    const before = count()
    const held = heldBy.get(row.subscriptionId) ?? []
    compareTiers(row, held, writes)
    compareAddons(row, held, writes)
    compareStatus(row, held, writes)
    if (count() > before) changed.add(row.subscriptionId)
  }
  return { writes, changed }
}

function compareTiers(row: SubscriptionClaims, held: readonly Held[], { put, withdraw }: ClaimWrites): void {
  const { subscriptionId, poolId, tenantId, status } = row
  const claims = held.filter(({ what }) => what === 'claim')
  for (const { planLadderId, productId } of row.tiers) {
    const stands = claims.some(
      (it) =>
        it.planLadderId === planLadderId &&
        it.productId === productId &&
        it.status === status &&
        it.poolId === poolId,
    )
    if (!stands) put.push({ subscriptionId, planLadderId, poolId, tenantId, productId, status })
  }
  for (const { planLadderId } of claims) {
    if (!row.tiers.some((tier) => tier.planLadderId === planLadderId))
      withdraw.push({ subscriptionId, planLadderId: planLadderId! })
  }
}

function compareAddons(
  row: SubscriptionClaims,
  held: readonly Held[],
  { attach, detach }: ClaimWrites,
): void {
  const { subscriptionId, poolId, status } = row
  const standing = held.filter(({ what }) => what === 'addon')
  const addons = addedUp(row.addons)
  for (const [productId, quantity] of addons) {
    const stands = standing.some(
      (it) =>
        it.productId === productId &&
        it.quantity === quantity &&
        it.status === status &&
        it.poolId === poolId,
    )
    if (!stands) attach.push({ poolId, productId, subscriptionId, quantity, status })
  }
  for (const { productId, provisionId, poolId: heldIn } of standing) {
    if (!addons.has(productId) || heldIn !== poolId) detach.push(provisionId!)
  }
}

/** A place that is about to be left keeps its last status: only what goes on being claimed is brought up to date. */
function compareStatus(row: SubscriptionClaims, held: readonly Held[], { statuses }: ClaimWrites): void {
  const { subscriptionId, status } = row
  const differs = held.some(
    (it) =>
      it.what === 'place' &&
      it.status !== status &&
      row.tiers.some((tier) => tier.planLadderId === it.planLadderId),
  )
  if (differs) statuses.push({ subscriptionId, status })
}

/** Two items of one product are one add-on with both quantities; nothing of it is nothing. */
function addedUp(addons: SubscriptionClaims['addons']): Map<string, number> {
  const sums = new Map<string, number>()
  for (const { productId, quantity } of addons) {
    if (quantity > 0) sums.set(productId, (sums.get(productId) ?? 0) + quantity)
  }
  return sums
}
