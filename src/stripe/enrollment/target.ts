import type { SubscriptionState } from '../event/subscription-event.ts'

/** What a Stripe price means in the catalog, resolved when it is used. */
export type PriceMeaning = {
  productId: string
  productKey: string
  /** 'plan' stands on ladders; 'addon', 'usage' and 'one_time' are held beside them; null is a draft that means nothing yet. */
  kind: string | null
  ladders: readonly { planLadderId: string; rank: number }[]
}

export type Target =
  /** What a live subscription claims: at most one tier on each ladder, and what it holds beside ladders. */
  | {
      kind: 'live'
      status: LiveStatus
      tiers: { planLadderId: string; productId: string; rank: number }[]
      addons: { productId: string; quantity: number }[]
    }
  /** Not paid for the first time yet: no claim, and no end either. */
  | { kind: 'none yet' }
  | { kind: 'ended' }
  /** Never guess downward: what is held stays until the named thing arrives. */
  | { kind: 'waiting'; on: string; reason: WaitingReason }

export type LiveStatus = 'trialing' | 'active' | 'past_due' | 'unpaid' | 'paused'
export type WaitingReason =
  | 'unmapped_price'
  | 'product_without_kind'
  | 'unknown_status'
  | 'no_items'
  | 'more_items'

const CLAIM_OF_STATUS: Record<string, LiveStatus | 'none yet' | 'ended'> = {
  incomplete: 'none yet',
  trialing: 'trialing',
  active: 'active',
  past_due: 'past_due',
  unpaid: 'unpaid',
  paused: 'paused',
  canceled: 'ended',
  incomplete_expired: 'ended',
}

/**
 * What a resolved state means: it depends on the state and the catalog alone, never on the path that led there.
 * A quantity of 0 claims nothing, whatever its price; a metered item has no quantity and claims.
 */
export function targetOf(
  state: SubscriptionState,
  meaningOf: (price: string, product: string | null) => PriceMeaning | null,
): Target {
  const claim = Object.hasOwn(CLAIM_OF_STATUS, state.status) ? CLAIM_OF_STATUS[state.status]! : null
  if (claim === null) return { kind: 'waiting', on: `status:${state.status}`, reason: 'unknown_status' }
  if (claim === 'ended' || claim === 'none yet') return { kind: claim }
  if (!state.itemsComplete)
    return { kind: 'waiting', on: `items:${state.subscription}`, reason: 'more_items' }
  if (state.items.length === 0)
    return { kind: 'waiting', on: `items:${state.subscription}`, reason: 'no_items' }

  const tiers = new Map<string, { planLadderId: string; productId: string; rank: number }>()
  const addons = new Map<string, number>()
  for (const item of state.items) {
    if (item.quantity === 0) continue
    const meaning = meaningOf(item.price, item.product)
    if (meaning === null) return { kind: 'waiting', on: `price:${item.price}`, reason: 'unmapped_price' }
    if (meaning.kind === null)
      return { kind: 'waiting', on: `price:${item.price}`, reason: 'product_without_kind' }
    if (meaning.kind !== 'plan') {
      addons.set(meaning.productId, (addons.get(meaning.productId) ?? 0) + (item.quantity ?? 1))
      continue
    }
    for (const { planLadderId, rank } of meaning.ladders) {
      const held = tiers.get(planLadderId)
      if (!held || rank > held.rank)
        tiers.set(planLadderId, { planLadderId, productId: meaning.productId, rank })
    }
  }
  return {
    kind: 'live',
    status: claim,
    tiers: [...tiers.values()],
    addons: [...addons].map(([productId, quantity]) => ({ productId, quantity })),
  }
}

/**
 * While a hole is in its grace, or cannot be fetched, what lies behind it counts upward only: on each ladder the higher of
 * what is claimed already and what the head would claim. Nothing is taken away, add-ons included. Null: nothing rises.
 */
export function upwardOnly(
  head: Target,
  claimed: readonly { planLadderId: string; rank: number }[],
): Extract<Target, { kind: 'live' }> | null {
  if (head.kind !== 'live' || head.status === 'unpaid' || head.status === 'paused') return null
  const rises = head.tiers.filter((tier) => {
    const held = claimed.find((claim) => claim.planLadderId === tier.planLadderId)
    return !held || tier.rank > held.rank
  })
  return rises.length === 0 ? null : { ...head, tiers: rises, addons: [] }
}
