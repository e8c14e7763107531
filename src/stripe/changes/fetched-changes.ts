import type { SubscriptionItem, SubscriptionState } from '../event/subscription-event.ts'
import { asides, isTerminalStatus } from '../event/vertex.ts'
import { vertexHash } from '../event/vertex-hash.ts'
import { dateOfFetch } from '../trail/fetch-window.ts'
import { type FetchRow, type Resolution, resolve } from '../trail/resolution.ts'
import { stateOf } from '../trail/resolved-state.ts'
import { TIE_SECONDS } from '../trail/trail.ts'
import type { TrailRow } from '../trail/trail-rows.ts'
import { changesOf, type LadderOf, type SubscriptionChange } from './subscription-changes.ts'

/** Where a subscription stood, by all that was told up to a fetch's time; `earlier` are the fetches before it. */
export type ToldBefore = { resolution: Known; earlier: readonly FetchRow[] }
type Known = Exclude<Resolution, { kind: 'nothing' | 'ended' }>

/**
 * With what a fetch is to be compared: the trail of the events created up to the end of its window and of the fetches before it.
 * Null where it reveals no change: nothing was told before it, the subscription had ended, or something else than its answer
 * was told for that very time (then the answer may be older than that; Stripe is asked again if the trail does not pass it). Pure.
 */
export function toldBefore(
  fetch: FetchRow,
  trail: readonly TrailRow[],
  fetches: readonly FetchRow[],
): ToldBefore | null {
  const events = trail.filter((event) => event.created <= fetch.until)
  const earlier = fetches.filter((other) => isEarlier(other, fetch))
  const resolution = resolve(events, earlier)
  if (resolution.kind === 'nothing' || resolution.kind === 'ended') return null
  // Nothing comes after an end, so it is certain whatever else was told for that time.
  if (isTerminalStatus(fetch.state.status)) return { resolution, earlier }
  const answer = partsOf(fetch.state)
  const during = events.filter((event) => event.created >= fetch.from)
  if (during.some((event) => !shows(event, answer, 'both'))) return null
  // The order within a tie that was not settled is unknown: where it shows the answer, that may well be its end.
  const unsettled = resolution.kind === 'hole' && resolution.headBy === null
  const since = resolution.newest.created - TIE_SECONDS
  if (unsettled && events.some((event) => event.created >= since && shows(event, answer, 'to'))) return null
  return { resolution, earlier }
}

/**
 * The changes between what had been told and what a fetch shows, dated by Stripe's own `Date`. An end is told as the event of a
 * deletion would tell it. Nothing that only another API version's way of writing makes different is a change. Pure.
 * @param states the states of the events that `told` names.
 */
export function fetchedChanges(
  fetch: FetchRow,
  told: ToldBefore,
  states: ReadonlyMap<string, SubscriptionState>,
  ladderOf: LadderOf,
): SubscriptionChange[] {
  const { resolution, earlier } = told
  const newest =
    states.get(resolution.newest.by) ?? earlier.find((f) => f.fetch === resolution.newest.by)?.state
  const before = stateOf(resolution, states, earlier, newest ?? null) ?? newest
  if (!before) return []
  const after = { ...fetch.state, items: alikeItems(before, fetch.state) }
  const ends = after.status === 'canceled'
  const { status, cancelAt, pause, trialEnd } = before
  const steps = ends
    ? [step('edge', before, { ...after, status, cancelAt, pause, trialEnd }), step('end', null, after)]
    : [step('edge', before, after)]
  return steps.flatMap((event) => {
    const answer = changesOf(event, ladderOf)
    return answer.kind === 'told' ? answer.changes : []
  })

  function step(kind: 'edge' | 'end', from: SubscriptionState | null, to: SubscriptionState) {
    const created = dateOfFetch(fetch)
    return {
      event: fetch.fetch,
      type: 'fetch',
      kind,
      created,
      request: null,
      before: from,
      after: to,
      fingerprint: '',
    }
  }
}

/** A total order, so that of two fetches exactly one is the earlier. */
function isEarlier(a: FetchRow, b: FetchRow): boolean {
  return a.until < b.until || (a.until === b.until && a.fetch < b.fetch)
}

type Parts = { tier: string; asides: readonly string[] }

function partsOf(state: SubscriptionState): Parts {
  const { cancellation, pause, trial } = asides(state)
  return { tier: vertexHash(state), asides: [cancellation, pause, trial] }
}

function shows(event: TrailRow, answer: Parts, side: 'to' | 'both'): boolean {
  const same = (tier: string | null, others: readonly string[] | null) =>
    tier === answer.tier && answer.asides.every((aside, n) => aside === others?.[n])
  if (!same(event.to, event.toAsides)) return false
  return side === 'to' || event.kind === 'root' || same(event.from, event.fromAsides)
}

/** The fetch's items, but each that is the same as before (item, price, quantity) as it was told before. */
function alikeItems(before: SubscriptionState, after: SubscriptionState): SubscriptionItem[] {
  return after.items.map(
    (item) =>
      before.items.find(
        (was) => was.item === item.item && was.price === item.price && was.quantity === item.quantity,
      ) ?? item,
  )
}
