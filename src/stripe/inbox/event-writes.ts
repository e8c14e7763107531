import type { Reader, Tx } from '../../db/types.ts'
import { masked } from '../../mask.ts'

/** An event's two writes: the place on the ladders, and the commercial changes. Each has a marker of its own. */
export const writes = ['enrollment', 'subscription-changes'] as const

export type Write = (typeof writes)[number]

/** What became of one write. `waiting` goes on by itself when its thing arrives, or at `dueAt`; `parked` needs a person. */
type WriteOutcome =
  | { state: 'done' }
  | { state: 'ignored'; reason: string }
  | { state: 'waiting'; reason: string; waitingOn: string; detail?: string | null; dueAt?: Date | null }
  | { state: 'parked'; reason: string; detail?: string | null; dueAt?: Date | null }

export type Marker = WriteOutcome & { eventId: string }

/** As much of an error's text as a marker keeps. */
const longestDetail = 500

/**
 * Marks one write of these events, in the caller's transaction: the one that did the write. A marker that says done or
 * ignored is kept when told anything else, so that a straggler never reopens what is finished; `again` may.
 */
export async function markWrites(
  tx: Tx,
  write: Write,
  markers: readonly Marker[],
  options: { again?: boolean } = {},
): Promise<void> {
  if (markers.length === 0) return
  const rows = markers.map((marker) => ({
    event_id: marker.eventId,
    state: marker.state,
    reason: 'reason' in marker ? marker.reason : null,
    waiting_on: marker.state === 'waiting' ? marker.waitingOn : null,
    detail: 'detail' in marker ? (marker.detail?.slice(0, longestDetail) ?? null) : null,
    due_at: 'dueAt' in marker ? (marker.dueAt?.toISOString() ?? null) : null,
  }))
  // Sorted, or two batches that share events wait for each other in a ring; and one row per event.
  await tx`
    insert into stripe.event_writes as w (event_id, write, state, reason, waiting_on, detail, due_at)
    select distinct on (m.event_id) m.event_id, ${write}, m.state, m.reason, m.waiting_on, m.detail, m.due_at
    from json_to_recordset(${JSON.stringify(rows)}::text::json)
      as m (event_id text, state text, reason text, waiting_on text, detail text, due_at timestamptz)
    order by m.event_id
    on conflict (event_id, write) do update set
      state = excluded.state, reason = excluded.reason, waiting_on = excluded.waiting_on, detail = excluded.detail,
      due_at = excluded.due_at, attempts = w.attempts + 1, handled_at = clock_timestamp()
    where w.state in ('waiting', 'parked') or excluded.state = 'done' or ${options.again ?? false}`
}

/**
 * Parks one write of these events because every try failed, with the error's words in the detail, unless it was finished
 * in the meantime. Answers the ids of the events that are now parked.
 */
export async function parkFailedWrites(
  sql: Reader,
  write: Write,
  inboxIds: readonly number[],
  error: unknown,
): Promise<string[]> {
  const { code, message } = error as { code?: unknown; message?: unknown }
  const told = [code, message].filter((part) => typeof part === 'string' && part !== '').join(': ')
  const detail = masked(told || String(error))
    .replaceAll('\0', '')
    .slice(0, longestDetail)
  const rows = await sql<{ eventId: string }[]>`
    insert into stripe.event_writes as w (event_id, write, state, reason, detail)
    select e.event_id, ${write}, 'parked', 'failed', ${detail}
    from stripe.events e
    where e.inbox_id = any(${inboxIds as number[]}::bigint[])
    order by e.event_id
    on conflict (event_id, write) do update set
      state = 'parked', reason = 'failed', waiting_on = null, detail = excluded.detail, due_at = null,
      attempts = w.attempts + 1, handled_at = clock_timestamp()
    where w.state in ('waiting', 'parked')
    returning w.event_id`
  return rows.map((row) => row.eventId)
}

/**
 * What waited for these subscriptions is done: their state was resolved, from everything that is known of them, by the caller,
 * who holds their rows. Answers how many writes were released.
 */
export async function releaseWaiting(
  tx: Tx,
  write: Write,
  subscriptions: readonly string[],
): Promise<number> {
  if (subscriptions.length === 0) return 0
  // A look-up of each subscription's own events and their markers. `offset 0` and a state said by what it is not leave no other plan:
  // the index of all that waits would be read whole for each batch, while a backlog of 100,000 is worked off.
  const released = await tx`
    with theirs as (
      select e.event_id
      from unnest(${subscriptions as string[]}::text[]) as s (id)
      cross join lateral (
        select event_id from stripe.events where stripe_subscription_id = s.id and trail_kind is not null offset 0
      ) e
      union all
      -- What is no step of a trail, as a checkout, is found by its customer.
      select e.event_id
      from unnest(${subscriptions as string[]}::text[]) as s (id)
      join stripe.subscriptions x on x.stripe_subscription_id = s.id
      cross join lateral (
        select event_id from stripe.events
        where stripe_customer_id = x.stripe_customer_id and stripe_subscription_id = s.id and trail_kind is null
        offset 0
      ) e
    )
    update stripe.event_writes w
    set state = 'done', reason = null, waiting_on = null, due_at = null, detail = null, handled_at = clock_timestamp()
    from theirs
    where w.event_id = theirs.event_id and w.write = ${write} and w.state not in ('done', 'ignored', 'parked')`
  return released.count
}
