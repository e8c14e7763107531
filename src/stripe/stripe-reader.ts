import Stripe from 'stripe'
import type { SubscriptionState } from './event/subscription-event.ts'
import { subscriptionStateOf } from './event/subscription-state.ts'

/** What Stripe's API said about one subscription. `date` is its own `Date` header, Unix seconds; `elapsed` is how long it took. */
export type ApiAnswer =
  | { kind: 'found'; state: SubscriptionState; date: number; elapsed: number }
  | { kind: 'missing' }
  | { kind: 'failed'; why: string }

/** The little that is read from Stripe's API; a restricted, read-only key is enough. */
export type StripeReader = { subscription(id: string): Promise<ApiAnswer> }

const TIMEOUT_MS = 10_000

/**
 * Reads from Stripe, or from a stand-in at `baseUrl`. Never throws: that Stripe does not answer is an answer.
 * No retries inside: the caller's backoff is the only one, so that the rate limit holds.
 */
export function createStripeReader(apiKey: string, baseUrl?: string): StripeReader {
  const address = baseUrl ? new URL(baseUrl) : null
  const stripe = new Stripe(apiKey, {
    maxNetworkRetries: 0,
    telemetry: false,
    timeout: TIMEOUT_MS,
    ...(address && {
      host: address.hostname,
      port: address.port || (address.protocol === 'https:' ? '443' : '80'),
      protocol: address.protocol === 'https:' ? 'https' : 'http',
    }),
  })
  return {
    async subscription(id) {
      const began = performance.now()
      try {
        const told = await stripe.subscriptions.retrieve(id)
        const elapsed = (performance.now() - began) / 1000
        const date = Date.parse(told.lastResponse.headers.date ?? '') / 1000
        if (Number.isNaN(date)) return { kind: 'failed', why: 'the answer bears no Date' }
        const state = subscriptionStateOf(told)
        if ('unreadable' in state)
          return { kind: 'failed', why: `the answer cannot be read: ${state.unreadable}` }
        if (state.itemsComplete) return { kind: 'found', state, date, elapsed }
        const data = await stripe.subscriptionItems
          .list({ subscription: id, limit: 100 })
          .autoPagingToArray({ limit: 10_000 })
        const whole = subscriptionStateOf({ ...told, items: { object: 'list', data, has_more: false } })
        if ('unreadable' in whole)
          return { kind: 'failed', why: `the items cannot be read: ${whole.unreadable}` }
        return { kind: 'found', state: whole, date, elapsed: (performance.now() - began) / 1000 }
      } catch (error) {
        if (error instanceof Stripe.errors.StripeError) {
          if (error.statusCode === 404) return { kind: 'missing' }
          return { kind: 'failed', why: `${error.type}${error.statusCode ? ` (${error.statusCode})` : ''}` }
        }
        return { kind: 'failed', why: error instanceof Error ? error.message : String(error) }
      }
    },
  }
}
