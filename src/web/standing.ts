import type { Db } from '../db/types.ts'
import { type Write, writes } from '../stripe/inbox/event-writes.ts'
import { within } from '../within.ts'

/** What stands in the inbox and has not come to its end. */
export type Standing = {
  /** Events without a marker of that write: received, and not taken up yet. */
  backlog: Record<Write, number>
  parked: { write: Write; reason: string; count: number }[]
  /** By kind of thing waited for: `price`, `customer`, … */
  waiting: { onKind: string; count: number }[]
  /** Alarms that nobody cleared. */
  alarms: { kind: string; count: number }[]
  /** Subscriptions whose state is not settled, by why. */
  unresolved: { reason: string; count: number }[]
  /** Answers of Stripe's API that were kept, ever; and subscriptions for which the last try failed. */
  fetches: { kept: number; failing: number }
  /** Events that Stripe listed and nobody had delivered, ever; and seconds for which nobody has looked. null: nobody ever did. */
  gapWatch: { found: number; behind: number } | null
  /** Months, this one with them, of which the inbox still has the bodies. */
  bodyMonths: number
  /** Moves that other systems are still to be told, at endpoints that are enabled; and seconds since the oldest of them was made, 0 without any. */
  outbound: { waiting: number; oldest: number }
  /** Seconds from receipt to the committed tier, over the newest thousand events of the last five minutes. */
  receivedToApplied: { quantile: string; seconds: number }[]
}

/** A page that is asked for every few seconds must not become a load of its own. */
const timeLimit = 2_000

/**
 * Reads all of it in one statement. The backlog starts at the sweepers' low-water marks, so that it costs what is open
 * and not what was ever received.
 * @throws Unavailable, or the driver's error, after two seconds at the latest.
 */
export async function readStanding(db: Db): Promise<Standing> {
  const rows = await within(
    timeLimit,
    'The database',
    db.begin('read only', async (tx) => {
      await tx`select set_config('statement_timeout', ${String(timeLimit)}, true)`
      return tx<{ kind: string; write: string; label: string; count: number }[]>`
        with untold as (
          select d.endpoint_id, count(*) as waiting, min(d.position) as first
          from outbound.endpoints e join outbound.deliveries d using (endpoint_id)
          where e.disabled_at is null and d.delivered_at is null group by d.endpoint_id
        )
        select 'backlog' as kind, w.write, '' as label, count(e.event_id)::int as count
        from unnest(${[...writes]}::text[]) as w (write)
        left join stripe.events e
          on e.inbox_id > coalesce((select m.low_water from stripe.sweep_marks m where m.sweep = w.write), 0)
          and not exists (
            select from stripe.event_writes done where done.event_id = e.event_id and done.write = w.write
          )
        group by w.write
        union all
        select 'parked', write, reason, count(*)::int
        from stripe.event_writes where state = 'parked' group by write, reason
        union all
        select 'waiting', '', split_part(waiting_on, ':', 1), count(*)::int
        from stripe.event_writes where state = 'waiting' group by split_part(waiting_on, ':', 1)
        union all
        select 'alarm', '', alarm_kind, count(*)::int
        from stripe.alarms where cleared_at is null group by alarm_kind
        union all
        select 'unresolved', '', split_part(unresolved, ':', 1), count(*)::int
        from stripe.subscriptions where unresolved is not null group by split_part(unresolved, ':', 1)
        union all
        select 'fetches', '', 'kept', count(*)::int from stripe.fetches
        union all
        select 'fetches', '', 'failing', count(*)::int
        from stripe.subscriptions where unresolved is not null and fetch_attempts > 0
        union all
        select 'gap_watch', '', 'found', found from stripe.gap_watch
        union all
        select 'gap_watch', '', 'behind', extract(epoch from clock_timestamp() - compared_until)::float8
        from stripe.gap_watch
        union all
        select 'bodies', '', 'months', count(*)::int
        from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'stripe.event_bodies'::regclass
          and substring(pg_get_expr(c.relpartbound, c.oid) from 'FROM \\(''([^'']+)''\\)')::timestamptz <= clock_timestamp()
        union all
        select 'outbound', '', 'waiting', coalesce(sum(waiting), 0)::int from untold
        union all
        select 'outbound', '', 'oldest', coalesce(extract(epoch from clock_timestamp() - min(m.effective_at)), 0)::float8
        from untold
        join outbound.deliveries d on d.endpoint_id = untold.endpoint_id and d.position = untold.first
        join entitlements.pool_provision_transitions m using (transition_id)
        union all
        select 'applied', '', q.quantile, percentile_cont(q.quantile::float8) within group (order by recent.seconds)
        from (values ('0.5'), ('0.99')) as q (quantile), (
          select extract(epoch from w.handled_at - e.received_at)::float8 as seconds
          from (
            select event_id, received_at from stripe.events order by inbox_id desc limit 1000
          ) e
          join stripe.event_writes w on w.event_id = e.event_id and w.write = 'enrollment' and w.state = 'done'
          where e.received_at > now() - interval '5 minutes'
        ) recent
        group by q.quantile`
    }),
  )
  const of = (kind: string) => rows.filter((row) => row.kind === kind)
  const gaps = new Map(of('gap_watch').map(({ label, count }) => [label, count]))
  const backlog = Object.fromEntries(of('backlog').map((row) => [row.write, row.count]))
  return {
    backlog: backlog as Record<Write, number>,
    parked: of('parked').map(({ write, label, count }) => ({ write: write as Write, reason: label, count })),
    waiting: of('waiting').map(({ label, count }) => ({ onKind: label, count })),
    alarms: of('alarm').map(({ label, count }) => ({ kind: label, count })),
    unresolved: of('unresolved').map(({ label, count }) => ({ reason: label, count })),
    fetches: {
      kept: of('fetches').find((row) => row.label === 'kept')?.count ?? 0,
      failing: of('fetches').find((row) => row.label === 'failing')?.count ?? 0,
    },
    gapWatch: gaps.size > 0 ? { found: gaps.get('found')!, behind: gaps.get('behind')! } : null,
    bodyMonths: of('bodies')[0]?.count ?? 0,
    outbound: {
      waiting: of('outbound').find((row) => row.label === 'waiting')!.count,
      oldest: of('outbound').find((row) => row.label === 'oldest')!.count,
    },
    receivedToApplied: of('applied').map(({ label, count }) => ({ quantile: label, seconds: count })),
  }
}
