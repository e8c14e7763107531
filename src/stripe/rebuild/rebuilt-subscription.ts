import { decideSubscription, type StandingClaims } from '../enrollment/decide-subscription.ts'
import type { PriceMeaning } from '../enrollment/target.ts'
import type { SubscriptionState } from '../event/subscription-event.ts'
import type { FetchRow, Resolution } from '../trail/resolution.ts'
import { stateOf } from '../trail/resolved-state.ts'

/** What the record makes of one subscription. */
export type RebuiltSubscription =
  /** Ended, or never begun: it claims nothing. */
  | { outcome: 'nothing'; status: string; by: string }
  | {
      outcome: 'claims'
      status: string
      by: string
      /** `meant`: every product of that ladder that its prices mean; the highest is claimed. */
      tiers: { planLadderId: string; productId: string; meant: string[] }[]
      addons: { productId: string; quantity: number }[]
    }
  /** The record leaves it open: what is held then is the last known, which depends on the way there and on nothing that is kept. */
  | { outcome: 'held'; reason: string }

const NOTHING_STANDS: StandingClaims = { status: null, tiers: [], addons: [] }

/**
 * What a subscription claims by its trail and the catalog alone, by the functions that decide it in truth. None of what they were
 * told or remembered before is given to them. Pure.
 */
export function rebuiltSubscription(
  subscription: string,
  resolution: Exclude<Resolution, { kind: 'nothing' }>,
  states: ReadonlyMap<string, SubscriptionState>,
  fetches: readonly FetchRow[],
  meaningOf: (price: string, product: string | null) => PriceMeaning | null,
): RebuiltSubscription {
  const state = stateOf(resolution, states, fetches, null)
  const { claims, hold } = decideSubscription({
    subscription,
    resolution,
    state,
    known: null,
    resolvedBefore: true,
    standing: NOTHING_STANDS,
    meaningOf,
    now: new Date(0),
    due: false,
    canFetch: false,
    justFetched: false,
    lastFetch: null,
    fetchAttempts: 0,
    holeSeenAt: null,
    planned: null,
  })
  if (hold || resolution.kind === 'hole') return { outcome: 'held', reason: hold?.reason ?? 'unsettled' }
  const { by } = resolution
  const { status, tiers, addons } = claims!
  if (resolution.kind === 'ended' || tiers.length + addons.length === 0)
    return { outcome: 'nothing', status, by }
  return {
    outcome: 'claims',
    status,
    by,
    addons,
    tiers: tiers.map(({ planLadderId, productId }) => ({
      planLadderId,
      productId,
      meant: meantOn(planLadderId, state!, meaningOf),
    })),
  }
}

function meantOn(
  planLadderId: string,
  state: SubscriptionState,
  meaningOf: (price: string, product: string | null) => PriceMeaning | null,
): string[] {
  const meant = state.items.flatMap((item) => {
    const meaning = item.quantity === 0 ? null : meaningOf(item.price, item.product)
    const stands = meaning?.ladders.some((ladder) => ladder.planLadderId === planLadderId)
    return stands ? [meaning!.productId] : []
  })
  return [...new Set(meant)]
}
