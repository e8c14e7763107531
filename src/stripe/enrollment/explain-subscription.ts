import type { Reader } from '../../db/types.ts'
import type { Write } from '../inbox/event-writes.ts'

/** What an id that a person asked about stands for. */
export type Subject = {
  /** Null: a customer or subscription that belongs to nobody yet. */
  organizationId: string | null
  /** Every Stripe customer concerned: all of the organization's, where it is known. */
  customers: string[]
  /** What was asked for itself: a subscription whose customer no event told is known by nothing else. */
  subscriptions: string[]
}

/** A subscription as the inbox has resolved it. Times are ISO 8601. */
export type SubscriptionExplained = {
  id: string
  customer: string | null
  /** Stripe's word; null until a first state was resolved. */
  status: string | null
  /** The event or fetch whose state stands. */
  resolved_by: string | null
  /** Why the state is not settled; null when it is. */
  unresolved: string | null
  /** When it is looked at again by itself. */
  resolve_at: string | null
  cancel_at: string | null
  trial_end: string | null
  period_end: string | null
  ended_at: string | null
}

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
  due_at: string | null
  subscription: string | null
  customer: string | null
  received_at: string
}

/**
 * Finds what an id means: a subscription or customer of Stripe's, an organization's id, or its key within the default
 * tenant. Null: nothing is known under it, in the inbox neither.
 */
export async function findSubject(reader: Reader, id: string): Promise<Subject | null> {
  const [subscription] = await reader<{ customer: string | null }[]>`
    select coalesce(
      (select stripe_customer_id from stripe.subscriptions where stripe_subscription_id = ${id}),
      (select stripe_customer_id from stripe.events
        where stripe_subscription_id = ${id} and trail_kind is not null and stripe_customer_id is not null limit 1)
    ) as customer
    where exists (select from stripe.subscriptions where stripe_subscription_id = ${id})
       or exists (select from stripe.events where stripe_subscription_id = ${id} and trail_kind is not null)`
  const subscriptions = subscription ? [id] : []
  const customer = subscription ? subscription.customer : id
  const [found] = await reader<{ organizationId: string | null; knownCustomer: boolean }[]>`
    select
      coalesce(
        (select organization_id from stripe.customers where stripe_customer_id = ${customer}),
        (select organization_id from organization.organizations where organization_id::text = lower(${id})),
        (select organization_id from organization.organizations
          where organization_key = ${id}
            and tenant_id = (select tenant_id from organization.tenants where tenant_key = 'default'))
      ) as organization_id,
      exists (select from stripe.customers where stripe_customer_id = ${customer})
        or exists (select from stripe.events where stripe_customer_id = ${customer}) as known_customer`
  const { organizationId, knownCustomer } = found!
  if (organizationId === null) {
    if (!subscription && !knownCustomer) return null
    return { organizationId, customers: customer !== null && knownCustomer ? [customer] : [], subscriptions }
  }
  const linked = await reader<{ customer: string }[]>`
    select stripe_customer_id as customer from stripe.customers
    where organization_id = ${organizationId} order by linked_at, stripe_customer_id`
  return { organizationId, customers: linked.map((row) => row.customer), subscriptions }
}

/** The subscriptions of a subject and how far the trail of each is resolved, in the order in which they were first seen. */
export async function explainSubscriptions(
  reader: Reader,
  subject: Subject,
): Promise<SubscriptionExplained[]> {
  const rows = await reader<
    {
      id: string
      customer: string | null
      status: string | null
      resolvedBy: string | null
      unresolved: string | null
      resolveAt: Date | null
      cancelAt: Date | null
      trialEnd: Date | null
      periodEnd: Date | null
      endedAt: Date | null
    }[]
  >`
    select
      s.stripe_subscription_id as id, s.stripe_customer_id as customer, b.status, s.resolved_by, s.unresolved, s.resolve_at,
      b.cancel_at, b.trial_end, b.period_end, b.ended_at
    from stripe.subscriptions s
    left join billing.subscriptions b using (subscription_id)
    where s.stripe_customer_id = any(${subject.customers}) or s.stripe_subscription_id = any(${subject.subscriptions})
    order by s.created_at, s.stripe_subscription_id`
  return rows.map((row) => ({
    id: row.id,
    customer: row.customer,
    status: row.status,
    resolved_by: row.resolvedBy,
    unresolved: row.unresolved,
    resolve_at: iso(row.resolveAt),
    cancel_at: iso(row.cancelAt),
    trial_end: iso(row.trialEnd),
    period_end: iso(row.periodEnd),
    ended_at: iso(row.endedAt),
  }))
}

/** What of a subject's events is not at its end, in the order of arrival; at most 1,000. */
export async function explainWaiting(reader: Reader, subject: Subject): Promise<WaitingExplained[]> {
  const rows = await reader<
    (Omit<WaitingExplained, 'due_at' | 'received_at'> & { dueAt: Date | null; receivedAt: Date })[]
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
