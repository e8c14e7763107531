import type { Reader } from '../../db/types.ts'
import type { SubscriptionState } from '../event/subscription-event.ts'
import { asides, readAsides } from '../event/vertex.ts'
import type { AsidesTold, FetchRow, Resolution } from './resolution.ts'

/** The states that these events led to, by event id. */
export async function readStates(
  sql: Reader,
  events: readonly string[],
): Promise<Map<string, SubscriptionState>> {
  if (events.length === 0) return new Map()
  const rows = await sql<{ event: string; state: SubscriptionState }[]>`
    select event_id as event, to_state as state from stripe.events where event_id = any(${events as string[]})
  `
  return new Map(rows.map(({ event, state }) => [event, state]))
}

/** Every id that a resolution names: those whose states have to be read. */
export function idsIn(resolution: Resolution): string[] {
  if (resolution.kind === 'nothing') return []
  const ids = [resolution.newest.by]
  if (resolution.kind === 'ended') return [...ids, resolution.by]
  const by = resolution.kind === 'settled' ? resolution.by : resolution.headBy
  const known = resolution.kind === 'hole' ? resolution.knownBy : null
  return [...ids, by, known].filter((id) => id !== null)
}

/**
 * One state out of the resolution's parts: the tier's from where the tier's trail leads, each aside as its own tells it
 * (or as it was known before, where that trail has a hole), the period's end from what was told last, and the items from a fetch
 * where the events showed only the first of many. Null: a hole without a single head.
 */
export function stateOf(
  resolution: Exclude<Resolution, { kind: 'nothing' }>,
  states: ReadonlyMap<string, SubscriptionState>,
  fetches: readonly FetchRow[],
  known: SubscriptionState | null,
): SubscriptionState | null {
  const of = (id: string | null) =>
    id === null ? null : (states.get(id) ?? fetches.find((f) => f.fetch === id)?.state ?? null)
  const newest = of(resolution.newest.by)
  if (resolution.kind === 'ended') {
    const ended = of(resolution.by)
    return ended && { ...ended, endedAt: ended.endedAt ?? resolution.newest.created }
  }
  const tier = of(resolution.kind === 'settled' ? resolution.by : resolution.headBy)
  if (tier === null) return null
  const told = {
    ...tier,
    ...(tier.itemsComplete ? null : itemsFrom(fetches, resolution.newest.created, tier)),
  }
  return {
    ...told,
    ...asidesOf(resolution.asides, known ?? tier),
    periodEnd: (newest ?? tier).periodEnd,
  }
}

/** Each aside as its trail tells it, or as it is known where that trail has a hole. */
function asidesOf({ cancellation, pause, trial }: AsidesTold, known: SubscriptionState) {
  const before = asides(known)
  return readAsides({
    cancellation: cancellation ?? before.cancellation,
    pause: pause ?? before.pause,
    trial: trial ?? before.trial,
  })
}

/** The state that was settled before a hole; null where there is no hole, or nothing was. */
export function knownState(
  resolution: Resolution,
  states: ReadonlyMap<string, SubscriptionState>,
  fetches: readonly FetchRow[],
): SubscriptionState | null {
  const by = resolution.kind === 'hole' ? resolution.knownBy : null
  return by === null ? null : (states.get(by) ?? fetches.find((f) => f.fetch === by)?.state ?? null)
}

/** The whole list of items, if a fetch saw it after the last event that was told and in the same status. */
function itemsFrom(
  fetches: readonly FetchRow[],
  newest: number,
  tier: SubscriptionState,
): Pick<SubscriptionState, 'items' | 'itemsComplete'> | null {
  const last = fetches.reduce<FetchRow | null>((a, b) => (a && a.until >= b.until ? a : b), null)
  if (!last || last.until <= newest || last.state.status !== tier.status) return null
  return { items: last.state.items, itemsComplete: last.state.itemsComplete }
}
