import type { Reader } from '../../db/types.ts'
import type { StateDifference } from '../event/state-difference.ts'
import type { SubscriptionState, TrailKind } from '../event/subscription-event.ts'

/** A subscription that the record knows, and how many of its events the inbox holds. */
export type Recorded = { subscription: string; events: number }

/** The next subscriptions of the record in the order of their ids: those of the inbox, and those that only a fetch told of. */
export async function recordedAfter(reader: Reader, after: string, most: number): Promise<Recorded[]> {
  return reader<Recorded[]>`
    select subscription, sum(events)::int as events
    from (
      (select stripe_subscription_id as subscription, count(*) as events from stripe.events
        where trail_kind is not null and stripe_subscription_id > ${after}
        group by 1 order by 1 limit ${most})
      union all
      (select stripe_subscription_id, 0 from stripe.fetches
        where stripe_subscription_id > ${after} group by 1 order by 1 limit ${most})
    ) told
    group by subscription order by subscription limit ${most}`
}

/** Whose a subscription is by the record: its customer as it was told, and the organization to which that is linked. */
export type RecordedOwner = { subscription: string; subscriptionId: string | null; poolId: string | null }

/** A link between customer and organization is a decision that the record keeps, and no result that could be computed again. */
export async function readRecordedOwners(
  reader: Reader,
  subscriptions: readonly string[],
): Promise<Map<string, RecordedOwner>> {
  const rows = await reader<RecordedOwner[]>`
    select w.subscription, s.subscription_id, p.pool_id
    from unnest(${subscriptions as string[]}::text[]) as w (subscription)
    left join stripe.subscriptions s on s.stripe_subscription_id = w.subscription
    left join lateral (
      select coalesce(
        (select e.stripe_customer_id from stripe.events e
          where e.stripe_subscription_id = w.subscription and e.trail_kind is not null and e.stripe_customer_id is not null
          order by e.created_at, e.event_id limit 1),
        (select f.state ->> 'customer' from stripe.fetches f
          where f.stripe_subscription_id = w.subscription and f.state ->> 'customer' is not null
          order by f.lease_token limit 1)
      ) as customer
    ) told on true
    left join stripe.customers c on c.stripe_customer_id = told.customer
    left join entitlements.resource_pools p on p.organization_id = c.organization_id and p.is_default`
  return new Map(rows.map((row) => [row.subscription, row]))
}

/** An event that may tell commercial changes, with what it tells. */
export type TellingEvent = {
  event: string
  subscription: string
  type: string
  kind: TrailKind
  /** Unix seconds. */
  created: number
  request: string | null
  fingerprint: string
  fromDifference: StateDifference | null
  toState: SubscriptionState
}

/** Those events of these subscriptions that change something commercially: a renewal's two whole states are not read. */
export async function readTellingEvents(
  reader: Reader,
  subscriptions: readonly string[],
): Promise<TellingEvent[]> {
  return reader<TellingEvent[]>`
    select
      event_id as event, stripe_subscription_id as subscription, type, trail_kind as kind,
      extract(epoch from created_at)::float8 as created, request_id as request, fingerprint, from_difference, to_state
    from stripe.events
    where stripe_subscription_id = any(${subscriptions as string[]}) and trail_kind is not null
      and (
        trail_kind in ('root', 'end')
        or (trail_kind = 'edge' and from_difference ?| '{status,items,cancelAt,pause,trialEnd}')
      )`
}
