import { twinRows } from '../changes/change-twins.ts'
import { changesOf, type LadderOf, type SubscriptionChange } from '../changes/subscription-changes.ts'
import { stateBefore } from '../event/state-difference.ts'
import type { TrailRow } from '../trail/trail-rows.ts'
import type { TellingEvent } from './record.ts'

export type RebuiltChange = SubscriptionChange & { event: string; duplicateOf: string | null }

/** The kinds and items of the rows that stand for an event: `kind item`, sorted. */
export type StandingKeys = (event: string) => readonly string[]

const ON_NO_LADDER: LadderOf = () => null

/**
 * The change rows that these events tell, from the events alone. A swap of items is read by the catalog; where that was another
 * when the row was written (the price was mapped later), the swap reads as it did then. Which of the two readings an event
 * was given is the only thing that `standing` may decide. Pure.
 */
export function rebuiltChanges(
  events: readonly TellingEvent[],
  trail: readonly TrailRow[],
  ladderOf: LadderOf,
  standing: StandingKeys,
): RebuiltChange[] {
  const told = events.flatMap((event) => {
    const changes = changesIn(event, ladderOf)
    if (changes.length === 0 || !mayBeSwap(event)) return changes
    const unmapped = changesIn(event, ON_NO_LADDER)
    return sameKeys(unmapped, standing(event.event)) ? unmapped : changes
  })
  const twins = new Map(twinsIn(trail).map(({ event, duplicateOf }) => [event, duplicateOf]))
  return told.map((change) => ({ ...change, duplicateOf: twins.get(change.event) ?? null }))
}

function changesIn(event: TellingEvent, ladderOf: LadderOf) {
  const { fromDifference, toState, ...rest } = event
  const before = fromDifference && stateBefore(toState, fromDifference)
  const answer = changesOf({ ...rest, before, after: toState }, ladderOf)
  return answer.kind === 'told' ? answer.changes.map((change) => ({ ...change, event: event.event })) : []
}

/** Only where items came and went together can the catalog decide what that is called. */
function mayBeSwap({ fromDifference, toState }: TellingEvent): boolean {
  const [before, after] = [fromDifference?.items, toState.items]
  if (!before) return false
  const gone = before.some(({ item }) => !after.some((is) => is.item === item))
  return gone && after.some(({ item }) => !before.some((was) => was.item === item))
}

export function keyOf({ kind, item }: Pick<SubscriptionChange, 'kind' | 'item'>): string {
  return `${kind} ${item}`
}

function sameKeys(changes: readonly SubscriptionChange[], keys: readonly string[]): boolean {
  return JSON.stringify(changes.map(keyOf).sort()) === JSON.stringify(keys)
}

function twinsIn(trail: readonly TrailRow[]) {
  const told = trail.filter(({ kind }) => kind === 'edge' || kind === 'root')
  const side = (vertex: string | null, asides: readonly string[] | null) =>
    vertex === null || asides === null ? null : vertex + asides.join(' ')
  return twinRows(
    told.map(({ event, created, request, fingerprint, from, to, fromAsides, toAsides }) => {
      const sides = { from: side(from, fromAsides), to: side(to, toAsides)! }
      return { event, created, request, fingerprint, ...sides }
    }),
  )
}
