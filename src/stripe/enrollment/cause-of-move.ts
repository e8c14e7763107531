import type { Tx } from '../../db/types.ts'
import type { Cause } from '../../entitlements/moves.ts'
import type { UnhandledEvent } from '../inbox/unhandled-events.ts'

/** As much of a subscription in a batch as its cause is read from. */
type Moved = {
  owner: { held: { subscription: string } }
  resolution: { kind: string; by?: string; headBy?: string | null; knownBy?: string | null }
  fetches: readonly { fetch: string; until: number }[]
}

/**
 * What makes each subscription move now, should it move. Not simply the event that the trail ends with: a straggler can turn
 * the trail away from that event and back to it, and one event is the cause of one move (D25). So it is what is new: the event
 * that the trail ends with if it has just come, else the newest of those that have, else the fetch, else an event that had
 * been waiting; and where nothing is new but what prices mean, the catalog.
 */
export async function causesOf(
  tx: Tx,
  cases: readonly Moved[],
  events: readonly UnhandledEvent[],
  justFetched: ReadonlySet<string>,
): Promise<Map<string, Cause>> {
  const used = await causesBefore(
    tx,
    events.filter((event) => event.seenBefore).map(({ event }) => event),
  )
  return new Map(
    cases.map(({ owner, resolution, fetches }): [string, Cause] => {
      const { subscription } = owner.held
      const own = events.filter((event) => event.subscription === subscription)
      const last = resolution.by ?? resolution.headBy ?? resolution.knownBy ?? null
      const fresh = own.filter((event) => !event.seenBefore)
      const waited = own.filter(({ seenBefore, event }) => seenBefore && !used.has(event))
      const fetch = justFetched.has(subscription) ? newestFetch(fetches) : null
      const event = told(fresh, last) ?? (fetch === null ? told(waited, last) : null)
      if (event) return [subscription, { kind: 'event', id: event }]
      return [subscription, fetch ? { kind: 'fetch', id: fetch } : { kind: 'catalog', id: subscription }]
    }),
  )
}

function told(events: readonly UnhandledEvent[], last: string | null): string | null {
  if (events.some(({ event }) => event === last)) return last
  const newest = events.reduce<UnhandledEvent | null>(
    (a, b) => (a && (a.created > b.created || (a.created === b.created && a.event > b.event)) ? a : b),
    null,
  )
  return newest?.event ?? null
}

function newestFetch(fetches: Moved['fetches']): string | null {
  return (
    fetches.reduce<Moved['fetches'][number] | null>((a, b) => (a && a.until >= b.until ? a : b), null)
      ?.fetch ?? null
  )
}

async function causesBefore(tx: Tx, events: readonly string[]): Promise<Set<string>> {
  if (events.length === 0) return new Set()
  const rows = await tx<{ causeId: string }[]>`
    select distinct cause_id from entitlements.pool_provision_transitions where cause_id = any(${events as string[]})
  `
  return new Set(rows.map((row) => row.causeId))
}
