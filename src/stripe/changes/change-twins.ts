export type TwinCandidate = {
  event: string
  /** Unix seconds. */
  created: number
  request: string | null
  fingerprint: string
  /**
   * The states before and after as opaque strings, over all that change rows speak of (tier and asides together): by the tier
   * alone, a scheduled cancellation would look like no change. null: a root, or a state before that is not told.
   */
  from: string | null
  to: string
}

/** Copies of one change bear times this close, in seconds. */
const TWIN_SPAN = 1

/**
 * Which events of one subscription only tell again what another told, so that their change rows are marked `duplicate_of`.
 * The canonical one is the smallest by (created, event id); each copy lies within 1 s of the copy before it, as the trail counts
 * them too. One request makes one change.
 * With request null a copy may also be a real return (A to B, back, and to B again): it counts as a twin unless an event
 * leaves the copies' state within that second. Depends on the set alone: neither order nor repetition of the input matters. Pure.
 */
export function twinRows(candidates: readonly TwinCandidate[]): { event: string; duplicateOf: string }[] {
  const events = [...new Map(candidates.map((candidate) => [candidate.event, candidate])).values()]
  events.sort((a, b) => a.created - b.created || (a.event < b.event ? -1 : 1))
  const departures = new Set(
    events.flatMap((e) => (e.from === e.to ? [] : [JSON.stringify([e.from, e.created])])),
  )
  const left = (state: string, second: number) =>
    departures.has(JSON.stringify([state, second])) ||
    departures.has(JSON.stringify([state, second + TWIN_SPAN]))

  const twins: { event: string; duplicateOf: string }[] = []
  const told = new Map<string, { canonical: string; newest: number }>()
  for (const { event, created, request, fingerprint, to } of events) {
    const key = JSON.stringify([request, fingerprint])
    const before = told.get(key)
    const copy = before !== undefined && created - before.newest <= TWIN_SPAN
    const twin = copy && (request !== null || !left(to, before.newest))
    if (twin) twins.push({ event, duplicateOf: before.canonical })
    told.set(key, { canonical: twin ? before.canonical : event, newest: created })
  }
  return twins
}
