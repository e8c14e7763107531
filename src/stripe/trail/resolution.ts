import type { SubscriptionState } from '../event/subscription-event.ts'
import { type Asides, asides, isTerminalStatus } from '../event/vertex.ts'
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
 * Where a subscription stands. Ids name the event or fetch whose state (after it) is meant; `asides` are the vertices of
 * cancellation, pause and trial (see `asides`), null where that trail has a hole: then what is known stays.
 * `newest` is the last thing told, by Stripe's clock; it is where the current period's end is read.
 */
export type Resolution =
  | { kind: 'nothing' }
  | { kind: 'ended'; by: string; newest: Newest }
  | { kind: 'settled'; by: string; asides: AsidesTold; newest: Newest }
  /** `headBy`: what lies behind the hole; `knownBy`: what was settled before it. */
  | {
      kind: 'hole'
      why: Hole
      headBy: string | null
      knownBy: string | null
      asides: AsidesTold
      newest: Newest
    }

export type AsidesTold = { [aside in keyof Asides]: string | null }
type Newest = { by: string; created: number }

const ASIDES = ['cancellation', 'pause', 'trial'] as const

/** Resolves the tier's trail and the three asides, each by itself, over the same events and fetches. Pure. */
export function resolve(trail: readonly TrailRow[], fetches: readonly FetchRow[]): Resolution {
  const newest = newestOf(trail, fetches)
  if (newest === null) return { kind: 'nothing' }
  const answer = tierAnswer(trail, fetches)
  if (answer.kind === 'nothing') return { kind: 'nothing' }
  if (answer.kind === 'ended') return { kind: 'ended', by: answer.by, newest }

  const told: AsidesTold = { cancellation: null, pause: null, trial: null }
  ASIDES.forEach((aside, place) => {
    told[aside] = asideTold(trail, fetches, aside, place)
  })
  return answer.kind === 'settled'
    ? { kind: 'settled', by: answer.by, asides: told, newest }
    : {
        kind: 'hole',
        why: answer.why,
        headBy: answer.head === null ? null : answer.by,
        knownBy: answer.knownBy,
        asides: told,
        newest,
      }
}

/** Where an aside stands by its own trail; null at a hole. One that never changed, as most never do, needs no walk. */
function asideTold(
  trail: readonly TrailRow[],
  fetches: readonly FetchRow[],
  aside: keyof Asides,
  place: number,
): string | null {
  const first = trail[0]?.toAsides[place]
  const changes = (row: TrailRow) =>
    row.toAsides[place] !== first || (row.fromAsides ? row.fromAsides[place] !== first : row.kind !== 'root')
  if (first !== undefined && fetches.length === 0 && !trail.some(changes)) return first
  const answer = resolveTrail(
    trail.map((row) => ({ ...row, from: row.fromAsides?.[place] ?? null, to: row.toAsides[place]! })),
    fetches.map((fetch) => ({ ...fetch, vertex: asides(fetch.state)[aside], terminal: false })),
    () => false,
  )
  return answer.kind === 'settled' ? answer.vertex : null
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
