import type { Db } from '../../db/types.ts'
import { firstArrival, slackSeconds } from './search-inbox.ts'

/** One minute of the inbox by the clock. */
export type Minute = {
  at: Date
  /** Events received in it. */
  received: number
  /** Seconds from receipt to the committed tier, for those that came to one; null: none did. */
  applied: { p50: number; p99: number } | null
}

/** Milliseconds: a page that is looked at often must not become a load of its own. */
const timeLimit = 2_000
/** Rows that are looked at. With more in the hour, every n-th is, and stands for those between. */
const mostRead = 12_000

/**
 * The last hour, minute by minute: the last one is the present minute, which is not over, so that what came just now is among them.
 * Read by inbox id, since times have no index; in a busy hour the counts are estimates, within a few percent.
 * @throws the driver's error after two seconds.
 */
export async function arrivalsByMinute(db: Db, now: Date): Promise<Minute[]> {
  const until = new Date((Math.floor(now.getTime() / 60_000) + 1) * 60_000)
  const from = new Date(until.getTime() - 3_600_000)
  const rows = await db.begin('read only', async (tx) => {
    await tx`select set_config('statement_timeout', ${String(timeLimit)}, true)`
    const first = await firstArrival(tx, new Date(from.getTime() - slackSeconds * 1000))
    return tx<{ minute: number; received: number; p50: number | null; p99: number | null }[]>`
      with bounds as (
        select max(inbox_id) as last, ceil((max(inbox_id) - ${first}::bigint + 1) / ${mostRead}::numeric)::bigint as step
        from stripe.events
      )
      select extract(epoch from date_trunc('minute', e.received_at))::float8 as minute, (count(*) * b.step)::int as received,
        percentile_cont(0.5) within group (order by took.seconds) as p50,
        percentile_cont(0.99) within group (order by took.seconds) as p99
      from bounds b
      cross join lateral generate_series(${first}::bigint, b.last, greatest(b.step, 1)) as chosen (inbox_id)
      join stripe.events e on e.inbox_id = chosen.inbox_id
      left join stripe.event_writes w on w.event_id = e.event_id and w.write = 'enrollment' and w.state = 'done'
      cross join lateral (select extract(epoch from w.handled_at - e.received_at)::float8 as seconds) took
      where e.received_at >= ${from} and e.received_at < ${until}
      group by 1, b.step`
  })
  const byMinute = new Map(rows.map((row) => [row.minute, row]))
  return Array.from({ length: 60 }, (_, n) => {
    const at = new Date(from.getTime() + n * 60_000)
    const row = byMinute.get(at.getTime() / 1000)
    const { p50 = null, p99 = null } = row ?? {}
    return {
      at,
      received: row?.received ?? 0,
      applied: p50 === null || p99 === null ? null : { p50, p99 },
    }
  })
}
