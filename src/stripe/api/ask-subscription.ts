import Stripe from 'stripe'
import type { SubscriptionState } from '../event/subscription-event.ts'
import { subscriptionStateOf } from '../event/subscription-state.ts'
import type { StripeClient } from './stripe-client.ts'

/** What Stripe's API said about one subscription. `date` is its own `Date` header, Unix seconds; `elapsed` is how long it took. */
export type ApiAnswer =
  | { kind: 'found'; state: SubscriptionState; date: number; elapsed: number }
  | { kind: 'missing' }
  | { kind: 'failed'; why: string }

/** Items on a page of a subscription that has more than Stripe puts into it. */
const PAGE = 100

/**
 * One subscription with all its items, in the one shape. Never throws: that Stripe does not answer is an answer. No retries
 * inside: the caller's backoff is the only one. How often Stripe is asked is the client's affair.
 */
export async function askSubscription(client: StripeClient, id: string): Promise<ApiAnswer> {
  const began = performance.now()
  try {
    const told = await client.get(`/v1/subscriptions/${encodeURIComponent(id)}`)
    const { date } = told
    if (Number.isNaN(date)) return { kind: 'failed', why: 'the answer bears no Date' }
    const state = subscriptionStateOf(told.body)
    if ('unreadable' in state)
      return { kind: 'failed', why: `the answer cannot be read: ${state.unreadable}` }
    if (state.itemsComplete) return { kind: 'found', state, date, elapsed: told.elapsed }
    const data = await allItems(client, id)
    const whole = subscriptionStateOf({ ...told.body, items: { object: 'list', data, has_more: false } })
    if ('unreadable' in whole) return { kind: 'failed', why: `the items cannot be read: ${whole.unreadable}` }
    return { kind: 'found', state: whole, date, elapsed: (performance.now() - began) / 1000 }
  } catch (error) {
    if (error instanceof Stripe.errors.StripeError) {
      if (error.statusCode === 404) return { kind: 'missing' }
      return { kind: 'failed', why: `${error.type}${error.statusCode ? ` (${error.statusCode})` : ''}` }
    }
    return { kind: 'failed', why: error instanceof Error ? error.message : String(error) }
  }
}

async function allItems(client: StripeClient, subscription: string): Promise<Record<string, unknown>[]> {
  const items: Record<string, unknown>[] = []
  for (;;) {
    const query = new URLSearchParams({ subscription, limit: String(PAGE) })
    if (items.length > 0) query.set('starting_after', String(items.at(-1)!.id))
    const { body } = await client.get('/v1/subscription_items', query)
    const page = body.data as Record<string, unknown>[]
    items.push(...page)
    if (body.has_more !== true || page.length === 0) return items
  }
}
