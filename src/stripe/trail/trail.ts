import { firstSince, latestRoot } from './fetch-window.ts'
import { type Head, type Heads, passTie } from './tie.ts'
import { byCreated, type Fetch, type TrailEvent } from './trail-event.ts'

/** Events so close have no order by time: Stripe's whole seconds, its own delays, several of its machines. Seconds. */
export const TIE_SECONDS = 5

export type Hole = 'broken tie' | 'does not join' | 'ambiguous' | 'unknown before' | 'missed sighting'

export type TrailAnswer =
  | { kind: 'ended'; by: string }
  | { kind: 'settled'; vertex: string; by: string }
  /**
   * `head`: the vertex after the hole where only one is possible; may be applied upward only. `knownBy`: the event or fetch that
   * led to the last vertex before the (first) hole, null where that was not settled either.
   */
  | { kind: 'hole'; head: string | null; by: string | null; knownBy: string | null; why: Hole }
  | { kind: 'nothing' }

/**
 * Where a subscription stands, from everything that was told about it. Time lays the events out, and within a tie the
 * vertices alone find the order: see `passTie`.
 * The answer depends on the sets of events and fetches and never on their order; an event id given twice counts once.
 * `by` is the id of the event or fetch that decided. `isTerminal` says which vertices absorb.
 */
export function resolveTrail(
  events: readonly TrailEvent[],
  fetches: readonly Fetch[],
  isTerminal: (vertex: string) => boolean,
): TrailAnswer {
  const end = endingOf(events, fetches, isTerminal)
  if (end !== null) return { kind: 'ended', by: end }
  const told = inOrder(events)
  const root = fetches.length > 0 ? latestRoot(told, fetches) : null
  const trail = root ? told.slice(firstSince(told, root.until)).filter((e) => continues(e, root)) : told
  return walk(trail, root, missable(told, fetches, root))
}

/** The ending to name: the earliest event that shows one, else the earliest fetch, so that arrival plays no part. */
function endingOf(
  events: readonly TrailEvent[],
  fetches: readonly Fetch[],
  isTerminal: (vertex: string) => boolean,
): string | null {
  let first: TrailEvent | null = null
  for (const event of events) {
    const ends =
      event.kind === 'end' || isTerminal(event.to) || (event.from !== null && isTerminal(event.from))
    if (ends && (first === null || byCreated(event, first) < 0)) first = event
  }
  if (first !== null) return first.event
  let fetched: Fetch | null = null
  for (const fetch of fetches) {
    if (!fetch.terminal && !isTerminal(fetch.vertex)) continue
    const earlier =
      fetched === null ||
      fetch.until < fetched.until ||
      (fetch.until === fetched.until && fetch.fetch < fetched.fetch)
    if (earlier) fetched = fetch
  }
  return fetched?.fetch ?? null
}

/** In trail order, each event once, and each root once however often it was told. */
function inOrder(events: readonly TrailEvent[]): TrailEvent[] {
  let sorted = true
  let roots = 0
  for (let i = 0; i < events.length; i++) {
    if (events[i]!.kind === 'root') roots++
    if (i > 0 && byCreated(events[i - 1]!, events[i]!) >= 0) sorted = false
  }
  const told = [...events]
  if (!sorted) told.sort(byCreated)
  if (sorted && roots < 2) return told
  const rooted = new Set<string>()
  return told.filter((event, i) => {
    if (i > 0 && told[i - 1]!.event === event.event) return false
    if (event.kind !== 'root') return true
    if (rooted.has(event.to)) return false
    rooted.add(event.to)
    return true
  })
}

/** A fetched root supersedes what is older, what its window holds (all of it agrees), and any `created`. */
function continues(event: TrailEvent, root: Fetch): boolean {
  return event.created > root.until && event.kind !== 'root'
}

/**
 * The fetches that the trail still has to pass: those newer than the root.
 * Where a window reaches back to what the root superseded, the vertices told there count as passed.
 */
function missable(told: readonly TrailEvent[], fetches: readonly Fetch[], root: Fetch | null): Fetch[] {
  if (fetches.length === 0) return []
  return fetches.filter((fetch) => {
    if (root === null) return true
    if (fetch === root || fetch.until <= root.until) return false
    for (let i = firstSince(told, fetch.from); i < told.length && told[i]!.created <= root.until; i++) {
      if (told[i]!.to === fetch.vertex || told[i]!.from === fetch.vertex) return false
    }
    return true
  })
}

function walk(trail: readonly TrailEvent[], root: Fetch | null, sightings: Fetch[]): TrailAnswer {
  let heads: Heads = root ? [{ vertex: root.vertex, by: root.fetch }] : null
  let hole: { why: Hole; head: Head | null } | null = null
  let knownBy: string | null = null
  let unseen = sightings
  let since = Number.NEGATIVE_INFINITY
  let lastTie = Number.NEGATIVE_INFINITY
  for (let first = 0, last = 0; first < trail.length; first = last) {
    last = first + 1
    while (last < trail.length && trail[last]!.created - trail[last - 1]!.created <= TIE_SECONDS) last++
    lastTie = trail[first]!.created
    if (unseen.length > 0) {
      unseen = unseenBetween(unseen, heads, since, lastTie)
      unseen = unseenDuring(unseen, trail, first, last)
    }
    since = trail[last - 1]!.created
    const outcome = passTie(trail, first, last, heads)
    if (outcome.kind !== 'passed' && hole === null && heads?.length === 1) knownBy = heads[0]!.by
    if (outcome.kind === 'passed') {
      heads = outcome.heads
    } else if (outcome.kind === 'does not join') {
      heads = outcome.heads
      hole = { why: outcome.kind, head: null }
    } else {
      heads = null
      hole = { why: outcome.kind, head: outcome.head }
    }
  }
  unseen = unseenBetween(unseen, heads, since, Number.POSITIVE_INFINITY)
  if (unseen.length > 0) {
    hole ??= { why: 'missed sighting', head: null }
    // What was missed may be newer than every tie, unless a whole tie came after it.
    if (unseen.some((fetch) => fetch.until >= lastTie))
      return { kind: 'hole', head: null, by: null, knownBy, why: hole.why }
  }
  if (heads === null && hole === null) return { kind: 'nothing' }
  const only = heads === null ? (hole?.head ?? null) : heads.length === 1 ? heads[0]! : null
  if (hole === null && only !== null) return { kind: 'settled', vertex: only.vertex, by: only.by }
  const why = hole?.why ?? 'ambiguous'
  return { kind: 'hole', head: only?.vertex ?? null, by: only?.by ?? null, knownBy, why }
}

function unseenBetween(unseen: Fetch[], heads: Heads, since: number, until: number): Fetch[] {
  return unseen.filter(
    (fetch) =>
      fetch.until < since ||
      fetch.from > until ||
      (heads !== null && !heads.some((head) => head.vertex === fetch.vertex)),
  )
}

function unseenDuring(unseen: Fetch[], trail: readonly TrailEvent[], first: number, last: number): Fetch[] {
  const since = trail[first]!.created
  const until = trail[last - 1]!.created
  return unseen.filter((fetch) => {
    if (fetch.until < since || fetch.from > until) return true
    for (let i = first; i < last; i++) {
      if (trail[i]!.to === fetch.vertex || trail[i]!.from === fetch.vertex) return false
    }
    return true
  })
}
