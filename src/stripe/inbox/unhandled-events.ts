import type { Reader } from '../../db/types.ts'
import type { StateDifference } from '../event/state-difference.ts'
import type { SubscriptionState, TrailKind } from '../event/subscription-event.ts'

/** An inbox row that one of the two writes still has to do something about. */
export type UnhandledEvent = {
  event: string
  type: string
  subscription: string | null
  customer: string | null
  /** null: not an event of a subscription (a checkout, a customer): it can only link. */
  trailKind: TrailKind | null
  /** Unix seconds, Stripe's clock. */
  created: number
  request: string | null
  fingerprint: string | null
  /** What differed before; null: there was nothing before, or it cannot be told. */
  fromDifference: StateDifference | null
  toState: SubscriptionState | null
  receivedAt: Date
  /** It had a marker before: it waited for something, or a person asked for it again. */
  seenBefore: boolean
}

/**
 * Which of these inbox rows have no marker yet for `write`, or wait for something. With `again` also those that are done or
 * parked, because a person asked for a replay; never those of the other mode, which are not ours.
 */
export async function unhandledEvents(
  sql: Reader,
  inboxIds: readonly number[],
  write: 'enrollment' | 'subscription-changes',
  again: boolean,
): Promise<UnhandledEvent[]> {
  return sql<UnhandledEvent[]>`
    select
      e.event_id as event, e.type, e.stripe_subscription_id as subscription, e.stripe_customer_id as customer, e.trail_kind,
      extract(epoch from e.created_at)::float8 as created, e.request_id as request, e.fingerprint, e.from_difference, e.to_state,
      e.received_at, w.state is not null as seen_before
    from stripe.events e
    -- The limit keeps this a look-up by key: as a plain join it may be planned as one over all markers.
    left join lateral (
      select state, reason from stripe.event_writes m where m.event_id = e.event_id and m.write = ${write} limit 1
    ) w on true
    where e.inbox_id = any(${inboxIds as number[]})
      and (w.state is null or w.state = 'waiting' or (${again} and (w.state in ('done', 'parked') or w.reason <> 'other_mode')))
    order by e.event_id
  `
}
