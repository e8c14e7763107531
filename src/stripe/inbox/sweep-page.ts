import type { Reader, Tx } from '../../db/types.ts'
import { type Write, writes } from './event-writes.ts'

/** Where a sweep stands. Ids are inbox ids. */
export type SweepMarks = {
  /** Every row up to here has its marker, for ever. */
  lowWater: number
  /** Every row up to here was looked at in this round. */
  rungUpTo: number
  roundBeganAt: Date
  /** When this sweep last found something forgotten. */
  lastFoundAt: Date
}

export type SweepPage = {
  /** Rows read; none where the first is still fresh. */
  seen: number
  /** Without a marker, and no longer fresh. */
  forgotten: number[]
  /** The last id before the first row that is still fresh; null for none. */
  agedUpTo: number | null
  /** The last id before the first row that is recent or has no marker. An id that was read, and not the one before the next: that may be on its way. */
  settledUpTo: number | null
}

/**
 * The next rows after `from`, and which of them nobody has handled. The limit and the lateral look-ups fix the plan: an index
 * walk and one look-up a row, however little the planner knows of a fresh inbox and however large the tables are. Fresh rows are
 * not looked up, and a page that begins with one is not read: under a backlog nearly all are.
 */
export async function readSweepPage(
  sql: Reader,
  write: Write,
  page: { from: number; size: number; fresh: Date; recent: Date },
): Promise<SweepPage> {
  const [read] = await sql<SweepPage[]>`
    with first as materialized (
      select received_at from stripe.events where inbox_id > ${page.from} order by inbox_id limit 1
    ), page as materialized (
      select inbox_id, event_id, received_at from stripe.events
      where inbox_id > ${page.from} and (select received_at from first) <= ${page.fresh}
      order by inbox_id limit ${page.size}
    ), told as (
      select page.inbox_id, page.received_at, marker.state is null as open
      from page
      left join lateral (
        select w.state from stripe.event_writes w
        where page.received_at <= ${page.fresh} and w.event_id = page.event_id and w.write = ${write} limit 1
      ) marker on true
    ), stops as (
      select
        min(inbox_id) filter (where received_at > ${page.fresh}) as fresh,
        min(inbox_id) filter (where open or received_at > ${page.recent}) as unsettled
      from told
    )
    select
      count(*)::int as seen,
      coalesce(array_agg(inbox_id order by inbox_id) filter (where open and received_at <= ${page.fresh}), '{}') as forgotten,
      max(inbox_id) filter (where stops.fresh is null or inbox_id < stops.fresh) as aged_up_to,
      max(inbox_id) filter (where stops.unsettled is null or inbox_id < stops.unsettled) as settled_up_to
    from told cross join stops`
  return read!
}

/** @param now when the first round began, where none did. */
export async function readSweepMarks(sql: Reader, now: Date): Promise<Record<Write, SweepMarks>> {
  const rows = await sql<{ sweep: string; lowWater: number; updatedAt: Date }[]>`
    select sweep, low_water, updated_at from stripe.sweep_marks`
  const marks = {} as Record<Write, SweepMarks>
  for (const write of writes) {
    const round = rows.find((row) => row.sweep === roundOf(write))
    const low = rows.find((row) => row.sweep === write)
    const lowWater = low?.lowWater ?? 0
    marks[write] = {
      lowWater,
      rungUpTo: Math.max(round?.lowWater ?? 0, lowWater),
      roundBeganAt: round?.updatedAt ?? now,
      lastFoundAt: low?.updatedAt ?? new Date(0),
    }
  }
  return marks
}

/** Saves where a sweep stands. The low-water mark never falls. */
export async function saveSweepMarks(sql: Reader, write: Write, marks: SweepMarks): Promise<void> {
  await sql`
    insert into stripe.sweep_marks as m (sweep, low_water, updated_at)
    values
      (${write}, ${marks.lowWater}, ${marks.lastFoundAt}),
      (${roundOf(write)}, ${marks.rungUpTo}, ${marks.roundBeganAt})
    on conflict (sweep) do update set
      low_water = case when m.sweep = ${write} then greatest(m.low_water, excluded.low_water) else excluded.low_water end,
      updated_at = excluded.updated_at`
}

/** Markers whose time has come, as inbox ids by write; each is put off until `until`, so that the next pass leaves it alone. */
export async function takeDueMarkers(
  tx: Tx,
  now: Date,
  until: Date,
  most: number,
): Promise<Record<Write, number[]>> {
  const rows = await tx<{ write: Write; inboxId: number }[]>`
    with due as (
      select w.event_id, w.write from stripe.event_writes w
      where w.due_at <= ${now} order by w.due_at limit ${most} for update skip locked
    )
    update stripe.event_writes w set due_at = ${until}
    from due join stripe.events e using (event_id)
    where w.event_id = due.event_id and w.write = due.write
    returning w.write, e.inbox_id`
  const due: Record<Write, number[]> = { enrollment: [], 'subscription-changes': [] }
  for (const { write, inboxId } of rows) due[write].push(inboxId)
  return due
}

/** Subscriptions that want another look by now, put off in the same way. */
export async function takeDueSubscriptions(tx: Tx, now: Date, until: Date, most: number): Promise<string[]> {
  const rows = await tx<{ id: string }[]>`
    with due as (
      select stripe_subscription_id from stripe.subscriptions
      where resolve_at <= ${now} order by resolve_at limit ${most} for update skip locked
    )
    update stripe.subscriptions s set resolve_at = ${until}
    from due where s.stripe_subscription_id = due.stripe_subscription_id
    returning s.stripe_subscription_id as id`
  return rows.map((row) => row.id)
}

/** Subscriptions with a fetch that nobody has compared yet with what was told before it, put off in the same way. */
export async function takeDueFetches(tx: Tx, now: Date, until: Date, most: number): Promise<string[]> {
  const rows = await tx<{ id: string }[]>`
    with due as (
      select f.fetch_id from stripe.fetches f join stripe.subscriptions s using (stripe_subscription_id)
      where f.changes_due_at <= ${now} and s.subscription_id is not null
      order by f.changes_due_at limit ${most} for update of f skip locked
    )
    update stripe.fetches f set changes_due_at = ${until}
    from due where f.fetch_id = due.fetch_id
    returning f.stripe_subscription_id as id`
  return [...new Set(rows.map((row) => row.id))]
}

function roundOf(write: Write): string {
  return `${write}/round`
}
