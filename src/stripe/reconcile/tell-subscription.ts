import type { Target } from '../enrollment/target.ts'
import type { SubscriptionState } from '../event/subscription-event.ts'

export type Tier = { planLadderId: string; productId: string }
export type Addon = { productId: string; quantity: number }

/** What stands here of a subscription that has its organization. Times are Unix seconds. */
export type HeldSubscription = {
  organization: string
  /** Stripe's word as it was resolved; null: nothing was resolved yet. */
  status: string | null
  cancelAt: number | null
  pause: SubscriptionState['pause']
  trialEnd: number | null
  /** What it claims on ladders, and holds beside them, each with the status that stands beside it. */
  tiers: readonly (Tier & { status: string })[]
  addons: readonly (Addon & { status: string })[]
  /** The event or fetch whose state stands; and why it is not settled, where it is not. */
  resolvedBy: string | null
  unresolved: string | null
}

/** Keys of products and ladders, by their ids. */
export type Names = { product: (productId: string) => string; ladder: (planLadderId: string) => string }

/** What Stripe shows of a subscription, and what that would claim. */
export function toldThere(state: SubscriptionState, target: Target, nameOf: Names): string {
  const items = state.items.map(({ price, quantity }) =>
    quantity === null ? price : `${quantity} × ${price}`,
  )
  const means =
    target.kind === 'live'
      ? holdings(target.tiers, target.addons, nameOf)
      : target.kind === 'waiting'
        ? `held: ${target.reason.replaceAll('_', ' ')}`
        : 'claims nothing'
  return [state.status, items.join(' + ') || 'no items', means, ...besides(state)].join('; ')
}

/** What stands here of it. */
export function toldHere(held: HeldSubscription | null, nameOf: Names): string {
  if (held === null) return 'belongs to nobody'
  if (held.status === null) return 'known, and not resolved yet'
  const why = held.unresolved === null ? [] : [`not settled (${held.unresolved.replaceAll('_', ' ')})`]
  const by = held.resolvedBy === null ? [] : [`by ${held.resolvedBy}`]
  return [held.status, holdings(held.tiers, held.addons, nameOf), ...besides(held), ...why, ...by].join('; ')
}

function holdings(tiers: readonly Tier[], addons: readonly Addon[], { product, ladder }: Names): string {
  const told = [
    ...tiers.map((tier) => `${product(tier.productId)} on ${ladder(tier.planLadderId)}`),
    ...addons.map((addon) => `${addon.quantity} × ${product(addon.productId)}`),
  ]
  return told.length === 0 ? 'claims nothing' : told.join(' + ')
}

function besides(of: Pick<SubscriptionState, 'cancelAt' | 'pause' | 'trialEnd'>): string[] {
  const day = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ')
  return [
    ...(of.cancelAt === null ? [] : [`cancels ${day(of.cancelAt)}`]),
    ...(of.pause === null ? [] : [`collection paused (${of.pause.behavior})`]),
    ...(of.trialEnd === null ? [] : [`trial until ${day(of.trialEnd)}`]),
  ]
}
