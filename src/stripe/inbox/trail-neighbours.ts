import type { Reader } from '../../db/types.ts'

export type TrailNeighbour = {
  event: string
  inboxId: number
  type: string
  trailKind: string
  /** Stripe's clock. */
  created: Date
  receivedAt: Date
  /** The subscription's status after it. */
  status: string | null
}

/**
 * The events of a subscription around one of them, itself included, as Stripe dates them; equal times stand as they
 * arrived, which says nothing of their order. Not more than `each` on either side.
 */
export async function trailNeighbours(
  reader: Reader,
  around: { subscription: string; created: Date; inboxId: number },
  each: number,
): Promise<TrailNeighbour[]> {
  const { subscription, created, inboxId } = around
  return reader<TrailNeighbour[]>`
    select event_id as event, inbox_id, type, trail_kind, created_at as created, received_at, to_state ->> 'status' as status
    from (
      (select * from stripe.events
        where stripe_subscription_id = ${subscription} and trail_kind is not null
          and (created_at, inbox_id) <= (${created}, ${inboxId})
        order by created_at desc, inbox_id desc limit ${each + 1})
      union all
      (select * from stripe.events
        where stripe_subscription_id = ${subscription} and trail_kind is not null
          and (created_at, inbox_id) > (${created}, ${inboxId})
        order by created_at, inbox_id limit ${each})
    ) e
    order by created_at, inbox_id`
}
