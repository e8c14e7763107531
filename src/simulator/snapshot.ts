import type { SubscriptionItem, SubscriptionState } from '../stripe/event/subscription-event.ts'
import { priceCalled } from './prices.ts'

/** A subscription at Stripe at one moment: the state that Stepladder reads, and what else Stripe shows. Times are Unix seconds. */
export type Snapshot = {
  state: SubscriptionState
  started: number
  periodStart: number
  /** The scheduled cancellation has the form of the flag, not of a date. */
  cancelsAtPeriodEnd: boolean
  canceledAt: number | null
  latestInvoice: string
  /** A customer's note in the metadata; no tier depends on it. */
  note: string | null
}

export type Tier = 'public-tier' | 'standard' | 'pro'

/** What really became of a subscription. */
export type Truth = {
  status: string
  items: SubscriptionItem[]
  cancelAt: number | null
  pause: SubscriptionState['pause']
  trialEnd: number | null
  ended: boolean
}

/** Statuses that hold the tier of their price; suspended ones hold it too. */
const LIVE = ['trialing', 'active', 'past_due', 'unpaid', 'paused']

export function itemOf(item: string, priceId: string, quantity: number): SubscriptionItem {
  const price = priceCalled(priceId)
  return {
    item,
    price: price.price,
    product: price.stripeProduct,
    quantity,
    amount: price.amount,
    currency: 'usd',
    interval: price.interval,
    intervalCount: 1,
  }
}

export function truthOf({ state }: Snapshot): Truth {
  const { status, items, cancelAt, pause, trialEnd } = state
  return {
    status,
    items,
    cancelAt,
    pause,
    trialEnd,
    ended: status === 'canceled' || status === 'incomplete_expired',
  }
}

/** The tier that a subscription's truth deserves on the ladder `core`: the highest one paid for, else the default. */
export function trueTier(truth: Truth): Tier {
  if (!LIVE.includes(truth.status)) return 'public-tier'
  const products = truth.items.filter((i) => i.quantity !== 0).map((i) => priceCalled(i.price).product)
  return products.includes('pro') ? 'pro' : products.includes('standard') ? 'standard' : 'public-tier'
}
