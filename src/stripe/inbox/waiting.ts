import type { Reader, Tx } from '../../db/types.ts'
import { clearAlarmsAbout } from '../alarms.ts'
import type { Write } from './event-writes.ts'

/** A write that waits for something named, or that a person has to look at. */
export type HeldWrite = {
  event: string
  inboxId: number
  type: string
  write: Write
  state: 'waiting' | 'parked'
  reason: string
  /** `price:…`, `customer:…`, `organization:…`, `org_type:…`, `trail:…`, `items:…`; null for what is parked. */
  waitingOn: string | null
  detail: string | null
  dueAt: Date | null
  subscription: string | null
  customer: string | null
  receivedAt: Date
}

/**
 * Takes up what waits on these: their markers are due now and the sweeper rings for them after the commit; alarms whose
 * subject is one of these are cleared. Answers how many writes were woken that were not due already.
 *
 * No wake-up is lost as long as whoever writes a waiting marker holds, from before it looked until its commit, what the waker
 * takes too: the catalog for prices and org types, the customer's row for customers (`linkCustomers` takes both). A row that another
 * transaction has locked is passed over, so that a wake never waits in a ring: it is being rewritten or rung at this moment.
 */
export async function wake(tx: Tx, waitingOn: readonly string[]): Promise<number> {
  if (waitingOn.length === 0) return 0
  const [woken] = await Promise.all([
    tx`
      update stripe.event_writes w set due_at = clock_timestamp()
      from (
        select event_id, write from stripe.event_writes
        where state = 'waiting' and waiting_on = any(${waitingOn as string[]})
          and (due_at is null or due_at > clock_timestamp())
        order by event_id, write for update skip locked
      ) held
      where w.event_id = held.event_id and w.write = held.write
    `,
    clearAlarmsAbout(tx, waitingOn),
  ])
  return woken.count
}

/** How many writes `wake` would take up. */
export async function countAsleep(reader: Reader, waitingOn: readonly string[]): Promise<number> {
  const [row] = await reader<{ count: number }[]>`
    select count(*)::int as count from stripe.event_writes
    where state = 'waiting' and waiting_on = any(${waitingOn as string[]})
      and (due_at is null or due_at > clock_timestamp())
  `
  return row!.count
}

/**
 * Takes up what waits for these customers to belong to somebody, whichever way it was waiting for that, and has their
 * subscriptions looked at again. The caller holds the customers' rows. Answers how many writes were woken.
 * A subscription that another transaction holds is passed over: that one is about to ask for the customer's row itself.
 * One that was never looked at is left alone: its events are on their way, or were waiting and are woken.
 */
export async function wakeCustomers(tx: Tx, customers: readonly string[]): Promise<number> {
  if (customers.length === 0) return 0
  const [woken] = await Promise.all([
    tx`
      update stripe.event_writes w set due_at = clock_timestamp()
      from (
        select m.event_id, m.write
        from stripe.events e join stripe.event_writes m using (event_id)
        where e.stripe_customer_id = any(${customers as string[]})
          and m.state = 'waiting' and (m.due_at is null or m.due_at > clock_timestamp())
          and (m.waiting_on like 'customer:%' or m.waiting_on like 'organization:%' or m.waiting_on like 'org_type:%')
        order by m.event_id, m.write for update of m skip locked
      ) held
      where w.event_id = held.event_id and w.write = held.write
    `,
    tx`
      update stripe.subscriptions s set resolve_at = clock_timestamp()
      from (
        select stripe_subscription_id from stripe.subscriptions
        where stripe_customer_id = any(${customers as string[]})
          and (resolved_state is not null or unresolved is not null)
        -- Whoever holds one of these waits for this customer's row, and will see the link: waiting for it would be a ring.
        order by stripe_subscription_id for update skip locked
      ) held
      where s.stripe_subscription_id = held.stripe_subscription_id
    `,
    clearAlarmsAbout(
      tx,
      customers.map((customer) => `customer:${customer}`),
    ),
  ])
  return woken.count
}

export type WaitingFilter = {
  state?: 'waiting' | 'parked' | undefined
  /** Exactly what is waited on, such as `price:price_1`. */
  on?: string | undefined
  reason?: string | undefined
  organizationId?: string | undefined
  customer?: string | undefined
  subscription?: string | undefined
  /** At most so many rows; 1,000 unless told. */
  limit?: number | undefined
}

/** The writes that are held, in the order in which their events arrived. */
export async function listWaiting(reader: Reader, filter: WaitingFilter = {}): Promise<HeldWrite[]> {
  const {
    state = null,
    on = null,
    reason = null,
    organizationId = null,
    customer = null,
    subscription = null,
  } = filter
  return reader<HeldWrite[]>`
    select
      e.event_id as event, e.inbox_id, e.type, w.write, w.state, w.reason, w.waiting_on, w.detail, w.due_at,
      e.stripe_subscription_id as subscription, e.stripe_customer_id as customer, e.received_at
    from stripe.event_writes w join stripe.events e using (event_id)
    where w.state in ('waiting', 'parked')
      and (${state}::text is null or w.state = ${state})
      and (${on}::text is null or w.waiting_on = ${on})
      and (${reason}::text is null or w.reason = ${reason})
      and (${subscription}::text is null or e.stripe_subscription_id = ${subscription})
      and (${customer}::text is null or e.stripe_customer_id = ${customer})
      and (${organizationId}::uuid is null or e.stripe_customer_id in (
        select stripe_customer_id from stripe.customers where organization_id = ${organizationId}::uuid
      ))
    order by e.inbox_id, w.write
    limit ${filter.limit ?? 1000}
  `
}

/** How many writes are held, by what kind of thing and why: for metrics and for a person's first look. */
export async function parkedByReason(
  reader: Reader,
): Promise<
  { write: Write; state: 'waiting' | 'parked'; reason: string; onKind: string | null; count: number }[]
> {
  return reader`
    select write, state, reason, split_part(waiting_on, ':', 1) as on_kind, count(*)::int as count
    from stripe.event_writes
    where state in ('waiting', 'parked')
    group by 1, 2, 3, 4
    order by 5 desc, 1, 2, 3, 4
  `
}
