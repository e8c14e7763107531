import type { Reader } from '../../db/types.ts'
import type { TrailEvent } from './trail-event.ts'

/** One step of a subscription's trail as the inbox keeps it, and the asides' vertices on both sides: [cancellation, pause, trial]. */
export type TrailRow = TrailEvent & {
  subscription: string
  fromAsides: string[] | null
  toAsides: string[]
  itemsComplete: boolean
}

/** The whole trails of these subscriptions, out of the inbox. */
export async function readTrails(
  sql: Reader,
  subscriptions: readonly string[],
): Promise<Map<string, TrailRow[]>> {
  if (subscriptions.length === 0) return new Map()
  return bySubscription(
    await sql<TrailRow[]>`
      select ${trailColumns(sql)} from stripe.events
      where stripe_subscription_id = any(${subscriptions as string[]}) and trail_kind is not null
    `,
  )
}

/** What was received until a moment of the trails of these customers and subscriptions; those that began first come first. */
export async function readTrailsAt(
  sql: Reader,
  of: { customers: string[]; subscriptions: string[] },
  at: Date,
): Promise<Map<string, TrailRow[]>> {
  return bySubscription(
    await sql<TrailRow[]>`
      select ${trailColumns(sql)} from stripe.events
      where (stripe_customer_id = any(${of.customers}) or stripe_subscription_id = any(${of.subscriptions}))
        and trail_kind is not null and received_at <= ${at}
      order by inbox_id
    `,
  )
}

function trailColumns(sql: Reader) {
  return sql`
    stripe_subscription_id as subscription, event_id as event, extract(epoch from created_at)::float8 as created,
    trail_kind as kind, request_id as request, fingerprint, from_hash as "from", to_hash as "to",
    from_asides, to_asides, (to_state ->> 'itemsComplete')::boolean as items_complete`
}

function bySubscription(rows: readonly TrailRow[]): Map<string, TrailRow[]> {
  const trails = new Map<string, TrailRow[]>()
  for (const row of rows) {
    const trail = trails.get(row.subscription)
    if (trail) trail.push(row)
    else trails.set(row.subscription, [row])
  }
  return trails
}
