import type { TrailKind } from '../event/subscription-event.ts'

/** One event as a trail sees it. Vertices are opaque: the tier and each aside bring their own. */
export type TrailEvent = {
  event: string
  /** Unix seconds, Stripe's clock. */
  created: number
  kind: TrailKind
  /** null: Stripe did it by itself. */
  request: string | null
  fingerprint: string
  /** null: a root, or an edge of which the start cannot be told. */
  from: string | null
  to: string
}

/** One answer of Stripe's API. `from` and `until` are the window of `fetchWindow`, Unix seconds, both inside it. */
export type Fetch = { fetch: string; from: number; until: number; vertex: string; terminal: boolean }

/** Trail order: by `created`, and by id only so that the order is one; within a tie it means nothing. */
export function byCreated(a: TrailEvent, b: TrailEvent): number {
  return a.created - b.created || (a.event < b.event ? -1 : a.event > b.event ? 1 : 0)
}

/** An event that tells nothing but where the subscription stood: a renewal, a sighting. */
export function isSelfEdge(event: TrailEvent): boolean {
  return event.from === event.to
}
