import type { SubscriptionState } from '../event/subscription-event.ts'
import { asides, isTerminalStatus } from '../event/vertex.ts'
import { isTerminalHash, vertexHash } from '../event/vertex-hash.ts'
import { type Hole, resolveTrail } from './trail.ts'
import type { Fetch } from './trail-event.ts'
import type { TrailRow } from './trail-rows.ts'

/** What Stripe's API answered for one subscription, and when that was true (Unix seconds, Stripe's clock). */
export type FetchRow = {
  fetch: string
  subscription: string
  from: number
  until: number
  state: SubscriptionState
}

/**
 * Where a subscription stands. Ids name the event or fetch whose state (after it) is meant; `asides` may name another one
 * for each of cancellation, pause and trial, and null where that trail has a hole: then what is known stays.
 * `newest` is the last thing told, by Stripe's clock; it is where the current period's end is read.
 */
export type Resolution =
  | { kind: 'nothing' }
  | { kind: 'ended'; by: string; newest: Newest }
  | { kind: 'settled'; by: string; asides: AsidesBy; newest: Newest }
  /** `headBy`: what lies behind the hole; `knownBy`: what was settled before it. */
  | {
      kind: 'hole'
      why: Hole
      headBy: string | null
      knownBy: string | null
      asides: AsidesBy
      newest: Newest
    }

export type AsidesBy = { cancellation: string | null; pause: string | null; trial: string | null }
type Newest = { by: string; created: number }

const ASIDES = ['cancellation', 'pause', 'trial'] as const

/** Resolves the tier's trail and the three asides, each by itself, over the same events and fetches. Pure. */
export function resolve(trail: readonly TrailRow[], fetches: readonly FetchRow[]): Resolution {
  const newest = newestOf(trail, fetches)
  if (newest === null) return { kind: 'nothing' }
  const answer = tierAnswer(trail, fetches)
  if (answer.kind === 'nothing') return { kind: 'nothing' }
  if (answer.kind === 'ended') return { kind: 'ended', by: answer.by, newest }

  const by: AsidesBy = { cancellation: null, pause: null, trial: null }
  ASIDES.forEach((aside, place) => {
    const told = resolveTrail(
      trail.map((row) => ({ ...row, from: row.fromAsides?.[place] ?? null, to: row.toAsides[place]! })),
      fetches.map((fetch) => ({ ...fetch, vertex: asides(fetch.state)[aside], terminal: false })),
      () => false,
    )
    if (told.kind === 'settled') by[aside] = told.by
  })
  return answer.kind === 'settled'
    ? { kind: 'settled', by: answer.by, asides: by, newest }
    : {
        kind: 'hole',
        why: answer.why,
        headBy: answer.head === null ? null : answer.by,
        knownBy: answer.knownBy,
        asides: by,
        newest,
      }
}

/**
 * An event that shows only the first items of many (`has_more`) has another vertex than a fetch, which shows them all:
 * so where such events tell the trail, it is walked without fetches, and only a hole lets the newest fetch speak.
 */
function tierAnswer(trail: readonly TrailRow[], fetches: readonly FetchRow[]) {
  const known = fetches.map(
    (fetch): Fetch => ({
      ...fetch,
      vertex: vertexHash(fetch.state),
      terminal: isTerminalStatus(fetch.state.status),
    }),
  )
  if (trail.every((row) => row.itemsComplete)) return resolveTrail(trail, known, isTerminalHash)
  const told = resolveTrail(
    trail,
    known.filter((fetch) => fetch.terminal),
    isTerminalHash,
  )
  return told.kind === 'hole' && known.length > 0 ? resolveTrail([], known, isTerminalHash) : told
}

function newestOf(trail: readonly TrailRow[], fetches: readonly FetchRow[]): Newest | null {
  let newest: Newest | null = null
  const later = (by: string, created: number) => {
    if (!newest || created > newest.created || (created === newest.created && by > newest.by))
      newest = { by, created }
  }
  for (const row of trail) later(row.event, row.created)
  // A fetch is as new as the moment at which its answer surely was true.
  for (const fetch of fetches) later(fetch.fetch, fetch.from)
  return newest
}
