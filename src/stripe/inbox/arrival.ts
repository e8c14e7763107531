import type { Reader } from '../../db/types.ts'

/** How an event came: Stripe dates it, we number it, and the two orders may differ. */
export type Arrival = {
  event: string
  type: string
  source: 'webhook' | 'replay' | 'fetch'
  /** Stripe's clock. */
  created: Date
  receivedAt: Date
  /** From Stripe's `created` to our receipt, whole seconds; never below 0, whatever the clocks say. */
  secondsLate: number
  /** Events of the same subscription that Stripe dates later and that were here first; the earliest, at most twenty. */
  overtakenBy: string[]
}

/** How these events came, by id; those that the inbox does not hold are left out. */
export async function readArrivals(reader: Reader, events: readonly string[]): Promise<Map<string, Arrival>> {
  if (events.length === 0) return new Map()
  const rows = await reader<Arrival[]>`
    select
      e.event_id as event, e.type, e.source, e.created_at as created, e.received_at,
      greatest(0, floor(extract(epoch from e.received_at - e.created_at)))::int as seconds_late,
      case when e.trail_kind is null then '{}' else array(
        select o.event_id from stripe.events o
        where o.stripe_subscription_id = e.stripe_subscription_id and o.trail_kind is not null
          and o.created_at > e.created_at and o.inbox_id < e.inbox_id
        order by o.created_at, o.inbox_id limit 20
      ) end as overtaken_by
    from stripe.events e
    where e.event_id = any(${events as string[]})`
  return new Map(rows.map((row) => [row.event, row]))
}
