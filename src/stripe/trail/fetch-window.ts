import type { Fetch, TrailEvent } from './trail-event.ts'

/** Covers a stale read at Stripe and the whole seconds of both clocks. Seconds. */
export const FETCH_MARGIN_SECONDS = 10

/**
 * When the answer of a fetch was true: somewhere inside [Date − elapsed − 10 s, Date + 10 s].
 * `dateHeader` is Stripe's own `Date` in Unix seconds, never our clock, which may be a minute off;
 * `elapsedSeconds` is how long the call took, measured on a monotonic clock.
 */
export function fetchWindow(dateHeader: number, elapsedSeconds: number): { from: number; until: number } {
  return {
    from: dateHeader - elapsedSeconds - FETCH_MARGIN_SECONDS,
    until: dateHeader + FETCH_MARGIN_SECONDS,
  }
}

/** Stripe's own `Date` of a fetch, Unix seconds, from its window. */
export function dateOfFetch({ until }: { until: number }): number {
  return until - FETCH_MARGIN_SECONDS
}

/**
 * The newest fetch that is a root: nothing that differs from its answer was created inside its window,
 * so the state at the window's end is certain. `events` in trail order. null: every fetch is only a sighting.
 */
export function latestRoot(events: readonly TrailEvent[], fetches: readonly Fetch[]): Fetch | null {
  let root: Fetch | null = null
  for (const fetch of fetches) {
    if ((root === null || isLater(fetch, root)) && isUndisturbed(events, fetch)) root = fetch
  }
  return root
}

/** A total order over fetches, so that the choice depends on the set alone. */
function isLater(a: Fetch, b: Fetch): boolean {
  if (a.until !== b.until) return a.until > b.until
  if (a.from !== b.from) return a.from > b.from
  return a.fetch > b.fetch
}

function isUndisturbed(events: readonly TrailEvent[], fetch: Fetch): boolean {
  for (let i = firstSince(events, fetch.from); i < events.length; i++) {
    const event = events[i]!
    if (event.created > fetch.until) return true
    // A `created` has no state before it: only what it led to can differ.
    if (event.to !== fetch.vertex || (event.kind !== 'root' && event.from !== fetch.vertex)) return false
  }
  return true
}

/** Index of the first event created at or after `time`; `events` in trail order. */
export function firstSince(events: readonly TrailEvent[], time: number): number {
  let low = 0
  let high = events.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (events[middle]!.created < time) low = middle + 1
    else high = middle
  }
  return low
}
