import type { Db } from '../db/types.ts'

/** Alarms that a person clears, because nothing in the database shows that they are done with, or that another sweep or run clears. */
const notSettledHere = [
  'same_id_other_body',
  'customer_link_conflict',
  'paid_above_ceiling',
  'expiry_failed',
  'reconcile_differs',
]

/**
 * Clears the alarms whose cause is gone: a thing that no write waits for any more, a write that is parked no more, a
 * subscription that was resolved since, a trail without a hole, fetches that are written down. Wakes clear most of them at once;
 * this is for what mended by itself, and for an alarm that was raised a moment after it. Answers how many.
 * An alarm that another transaction is raising is passed over: it is not settled.
 */
export async function clearSettledAlarms(sql: Db): Promise<number> {
  const cleared = await sql`
    with open as materialized (
      select alarm_kind, subject, last_at from stripe.alarms
      where cleared_at is null and not alarm_kind = any(${notSettledHere})
    ), settled as (
      select alarm_kind, subject from open a
      where case
        when alarm_kind = 'write_failed' then not exists (
          select from stripe.event_writes w where w.event_id = a.subject and w.state = 'parked' and w.reason = 'failed')
        when alarm_kind = 'resolve_failed' then exists (
          select from stripe.subscriptions s where s.stripe_subscription_id = a.subject and s.resolved_at > a.last_at)
        when alarm_kind = 'unresolved_trail' then not exists (
          select from stripe.subscriptions s
          where 'trail:' || s.stripe_subscription_id = a.subject and s.unresolved is not null and s.hole_seen_at is not null)
        when alarm_kind = 'fetched_changes_failed' then not exists (
          select from stripe.fetches f where f.stripe_subscription_id = a.subject and f.changes_due_at is not null)
        when subject ~ '^(price|product|customer|organization|org_type|items|status):' then not exists (
          select from stripe.event_writes w where w.state = 'waiting' and w.waiting_on = a.subject)
        else false
      end
    ), held as (
      select alarm_kind, subject from stripe.alarms a
      where (alarm_kind, subject) in (select alarm_kind, subject from settled) and cleared_at is null
      order by alarm_kind, subject for update skip locked
    )
    update stripe.alarms a set cleared_at = clock_timestamp()
    from held where a.alarm_kind = held.alarm_kind and a.subject = held.subject
  `
  return cleared.count
}
