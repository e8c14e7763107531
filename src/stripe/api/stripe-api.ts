import type { Log } from '../../log.ts'
import { isMissing } from './api-errors.ts'
import { type ApiAnswer, askSubscription } from './ask-subscription.ts'
import { createLimiter } from './limiter.ts'
import { createPatience } from './patience.ts'
import { createStripeClient, type StripeClient } from './stripe-client.ts'

/**
 * Up to 100 raw objects as Stripe told them, and the id to go on after. `date` is Stripe's `Date` header, Unix seconds;
 * `elapsed` is how long this page took, in seconds, without what was waited for before it was asked.
 */
export type ListPage = {
  objects: Record<string, unknown>[]
  last: string | null
  more: boolean
  date: number
  elapsed: number
}

/** Which events are listed. The bounds are Unix seconds by Stripe's clock, both included; at most 20 types. */
export type EventRange = { from: number; until: number; types?: readonly string[]; startingAfter?: string }

/**
 * Reads of Stripe's API; a restricted, read-only key is enough. Every request waits for its turn. But for `subscription`, which
 * answers after one try whatever happens, reads are tried again, and in the end throw: Unavailable `stripe_unavailable` when
 * Stripe did not answer, Refused `stripe_key_refused` for a key that it does not take or that lacks a permission, Refused
 * `stripe_refused` for a question that it does not take. All throw the signal's reason when it ended them.
 */
export type StripeApi = {
  /** One try; that Stripe does not answer is an answer. */
  subscription(id: string): Promise<ApiAnswer>
  /** One event; `missing` once Stripe's 30 days are over, or when it never was. */
  event(id: string): Promise<Found>
  /** One event of the newer kind, with the data that its delivery left out. Source: https://docs.stripe.com/api/v2/core/events */
  thinEvent(id: string): Promise<Found>
  /** Newest first, as Stripe lists them. */
  events(range: EventRange): AsyncGenerator<ListPage>
  /** Every subscription that is not canceled, newest first, each with its customer in place of the customer's id. */
  subscriptions(from?: { startingAfter?: string }): AsyncGenerator<ListPage>
  products(): AsyncGenerator<ListPage>
  prices(): AsyncGenerator<ListPage>
}

type Found = { kind: 'found'; event: Record<string, unknown> } | { kind: 'missing' }

/** As much of the API as a fetch needs. */
export type SubscriptionReader = Pick<StripeApi, 'subscription'>

export type StripeApiOptions = {
  /** A stand-in for Stripe. */
  baseUrl?: string
  log?: Log
  /** Called before each wait that Stripe's answer made necessary. */
  onWait?: (seconds: number, why: string) => void
  /** Ends waits, and with them the read. */
  signal?: AbortSignal
  /** Requests a second, of this one alone; Stripe's own limit is higher, and we are not its only caller. */
  perSecond?: number
  /** Milliseconds before the second try; each further wait doubles. */
  firstWaitMs?: number
}

/** As many objects as Stripe puts on one page. */
const PAGE = 100
const PER_SECOND = 20

/** Reads from Stripe, or from a stand-in for it. One of these has one limiter: a process needs no second. */
export function createStripeApi(apiKey: string, options: StripeApiOptions = {}): StripeApi {
  const { signal } = options
  const client = createStripeClient(apiKey, options.baseUrl)
  const turn = createLimiter(options.perSecond ?? PER_SECOND, signal)
  const patiently = createPatience(options)
  const inTurn: StripeClient = {
    async get(path, query) {
      await turn()
      return client.get(path, query)
    },
  }

  const read = (path: string, query: URLSearchParams) => patiently(() => inTurn.get(path, query))

  async function* list(path: string, query: [string, string][], after?: string): AsyncGenerator<ListPage> {
    let last = after ?? null
    for (;;) {
      const asked = new URLSearchParams([...query, ['limit', String(PAGE)]])
      if (last !== null) asked.set('starting_after', last)
      const { body, date, elapsed } = await read(path, asked)
      const objects = body.data as Record<string, unknown>[]
      last = (objects.at(-1)?.id as string | undefined) ?? last
      // A page that is empty and says that there is more would be asked for for ever.
      const more = body.has_more === true && objects.length > 0
      yield { objects, last, more, date, elapsed }
      if (!more) return
    }
  }

  async function one(path: string): Promise<Found> {
    try {
      const { body } = await read(path, new URLSearchParams())
      return { kind: 'found', event: body }
    } catch (error) {
      if (isMissing(error)) return { kind: 'missing' }
      throw error
    }
  }

  return {
    async subscription(id) {
      const answer = await askSubscription(inTurn, id)
      signal?.throwIfAborted()
      return answer
    },
    event: (id) => one(`/v1/events/${encodeURIComponent(id)}`),
    thinEvent: (id) => one(`/v2/core/events/${encodeURIComponent(id)}`),
    events: ({ from, until, types = [], startingAfter }) =>
      list(
        '/v1/events',
        [
          ['created[gte]', String(from)],
          ['created[lte]', String(until)],
          ...types.map((type): [string, string] => ['types[]', type]),
        ],
        startingAfter,
      ),
    subscriptions: ({ startingAfter } = {}) =>
      list('/v1/subscriptions', [['expand[]', 'data.customer']], startingAfter),
    products: () => list('/v1/products', []),
    prices: () => list('/v1/prices', []),
  }
}
