import type { Reader } from '../../db/types.ts'
import type { Write } from '../inbox/event-writes.ts'
import { freeingAction } from './explain-freeing.ts'
import type { Subject } from './explain-subject.ts'

/** A write of an event that is not at its end. `received`: nobody took it up yet. */
export type WaitingExplained = {
  event: string
  type: string
  write: Write
  state: 'received' | 'waiting' | 'parked'
  reason: string | null
  /** The named thing that has to arrive: `price:…`, `customer:…`, `trail:…`. */
  on: string | null
  detail: string | null
  /** The one action that frees it. */
  action: string
  due_at: string | null
  subscription: string | null
  customer: string | null
  received_at: string
}

/** What of a subject's events is not at its end, in the order of arrival; at most 1,000. */
export async function explainWaiting(reader: Reader, subject: Subject): Promise<WaitingExplained[]> {
  const rows = await reader<
    (Omit<WaitingExplained, 'action' | 'due_at' | 'received_at'> & { dueAt: Date | null; receivedAt: Date })[]
  >`
    select
      e.event_id as event, e.type, w.write, coalesce(m.state, 'received') as state, m.reason, m.waiting_on as on, m.detail,
      m.due_at, e.stripe_subscription_id as subscription, e.stripe_customer_id as customer, e.received_at
    from stripe.events e
    cross join unnest(array['enrollment', 'subscription-changes']) as w (write)
    left join stripe.event_writes m on m.event_id = e.event_id and m.write = w.write
    where (
      e.stripe_customer_id = any(${subject.customers})
      or (e.stripe_subscription_id = any(${subject.subscriptions}) and e.trail_kind is not null)
    ) and (m.state is null or m.state in ('waiting', 'parked'))
    order by e.inbox_id, w.write
    limit 1000`
  return rows.map(
    ({ event, type, write, state, reason, on, detail, dueAt, subscription, customer, receivedAt }) => ({
      event,
      type,
      write,
      state,
      reason,
      on,
      detail,
      action: freeingAction({ event, state, reason, on }),
      due_at: iso(dueAt),
      subscription,
      customer,
      received_at: receivedAt.toISOString(),
    }),
  )
}

function iso(date: Date | null): string | null {
  return date?.toISOString() ?? null
}
