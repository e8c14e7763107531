import Stripe from 'stripe'

/** A body as Stripe told it; `date` is its `Date` header, Unix seconds (NaN without one), `elapsed` how long it took, in seconds. */
export type Told = { body: Record<string, unknown>; date: number; elapsed: number }

/** GET and nothing else: what is never asked for cannot be changed by accident. */
export type StripeClient = { get(path: string, query?: URLSearchParams): Promise<Told> }

const TIMEOUT_MS = 10_000

/**
 * One request, one try: who asks decides whether it is tried again, or the rate limit would not hold. Requests are raw, since the
 * SDK's typed ones turn decimal strings into objects, and a body is kept as it was told.
 * @throws Stripe.errors.StripeError
 */
export function createStripeClient(apiKey: string, baseUrl?: string): StripeClient {
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
    async get(path, query) {
      const began = performance.now()
      const asked = query && query.size > 0 ? `${path}?${query}` : path
      const told = await stripe.rawRequest('GET', asked)
      const elapsed = (performance.now() - began) / 1000
      const headers = told.lastResponse.headers as Record<string, string | undefined>
      return {
        body: told as unknown as Record<string, unknown>,
        date: Date.parse(headers.date ?? '') / 1000,
        elapsed,
      }
    },
  }
}
