import type { SubscriptionState } from '../event/subscription-event.ts'
import { FETCH_MARGIN_SECONDS } from './fetch-window.ts'

/** A hole's grace from the first moment it is seen: stragglers are the common case. */
export const GRACE_SECONDS = 10
/** A period end, trial end or scheduled cancellation that passed by so much without an event: the last event was lost. */
const OVERDUE_SECONDS = 2 * 3600
/** After a fetch told nothing new about such a date, it is asked again this much later. */
const OVERDUE_AGAIN_SECONDS = 6 * 3600
/** A fetch that is only a sighting is repeated once the newest event is older than the fetch's own window. */
const SIGHTING_SECONDS = FETCH_MARGIN_SECONDS + 1
const LONGEST_BACKOFF_SECONDS = 600

export type Look = {
  /** When to look again by itself; null: only when something arrives. */
  at: Date | null
  /** Ask Stripe now, after this transaction. */
  fetch: boolean
}

/**
 * When a subscription whose trail has a hole, or whose items are not all told, is looked at next, and whether Stripe is asked now.
 * Only a deliberate look asks (`due`): events that come in meanwhile neither restart the grace nor shorten a backoff.
 * Without a key there is nobody to ask: the last known tier is held until an event comes, or a key (it is looked at every ten minutes).
 */
export function lookAfterHole(facts: {
  now: Date
  seenAt: Date
  graceSeconds: number
  due: boolean
  canFetch: boolean
  fetchAttempts: number
  /** Set when a fetch was made just before: Stripe's `Date` of it and the newest event's `created`, Unix seconds. */
  justFetched: { stripeDate: number; newestEvent: number } | null
  planned: Date | null
}): Look {
  const { now, canFetch } = facts
  if (!canFetch) {
    const graceEnds = after(facts.seenAt, facts.graceSeconds)
    return { at: graceEnds > now ? graceEnds : after(now, LONGEST_BACKOFF_SECONDS), fetch: false }
  }
  const graceEnds = after(facts.seenAt, facts.graceSeconds)
  if (graceEnds > now) return { at: graceEnds, fetch: false }
  if (facts.justFetched) {
    const wait = facts.justFetched.newestEvent + SIGHTING_SECONDS - facts.justFetched.stripeDate
    return { at: after(now, Math.max(wait, backoffSeconds(facts.fetchAttempts))), fetch: false }
  }
  if (facts.due) return { at: after(now, backoffSeconds(facts.fetchAttempts + 1)), fetch: true }
  return { at: facts.planned && facts.planned > now ? facts.planned : now, fetch: false }
}

/**
 * When a settled subscription should have brought an event (its period, its trial or its scheduled cancellation ends), and
 * whether the first such date has passed so long that Stripe is asked now. What no trail can see is a lost last event.
 */
export function lookAfterSettled(facts: {
  now: Date
  state: SubscriptionState
  due: boolean
  canFetch: boolean
  /** Stripe's time of the newest fetch, Unix seconds; null when there was none. */
  lastFetch: number | null
}): Look {
  const { now, state } = facts
  const dates = [state.periodEnd, state.cancelAt, state.status === 'trialing' ? state.trialEnd : null]
  const first = Math.min(...dates.filter((date) => date !== null))
  if (!facts.canFetch || first === Number.POSITIVE_INFINITY) return { at: null, fetch: false }
  const overdue = first + OVERDUE_SECONDS
  if (now.getTime() / 1000 < overdue) return { at: new Date(overdue * 1000), fetch: false }
  // Asked since, and Stripe still shows the old date (a test clock that stands still, say): not every minute again.
  const asked = facts.lastFetch !== null && now.getTime() / 1000 - facts.lastFetch < OVERDUE_AGAIN_SECONDS
  if (asked) return { at: after(now, OVERDUE_AGAIN_SECONDS), fetch: false }
  return facts.due ? { at: after(now, OVERDUE_AGAIN_SECONDS), fetch: true } : { at: now, fetch: false }
}

/** Seconds until the n-th try: 5, 10, 20 … at most ten minutes. */
export function backoffSeconds(attempt: number): number {
  return Math.min(5 * 2 ** Math.max(0, attempt - 1), LONGEST_BACKOFF_SECONDS)
}

function after(from: Date, seconds: number): Date {
  return new Date(from.getTime() + seconds * 1000)
}
