import type { TrailEvent } from './trail-event.ts'

/** Two event ids for one change are this close; Stripe says that they happen, this bound is ours. Seconds. */
const TWIN_SECONDS = 1

/** What was told already: (fingerprint, request) → `created` of its newest copy. */
export type Told = Map<string, number>

/**
 * Whether the same body was already told within a second before, by the same request (or by none, both times).
 * With a request that is one change told twice. Without one it may also be the same change made twice
 * (A→B→A→B within a second), and whoever asks has to read the copy both ways.
 * Ask in the order of `created`; it notes the event in `told`.
 */
export function isFurtherCopy(told: Told, event: TrailEvent): boolean {
  const key = `${event.fingerprint} ${event.request ?? ''}`
  const before = told.get(key)
  told.set(key, event.created)
  return before !== undefined && event.created - before <= TWIN_SECONDS
}
