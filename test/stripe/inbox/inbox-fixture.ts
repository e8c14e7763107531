import type { Db, Tx } from '../../../src/db/types.ts'

let made = 0

/** An inbox row as small as the schema allows. Answers its event id. */
export async function putEvent(
  sql: Db | Tx,
  event: {
    customer?: string
    subscription?: string
    mode?: 'live' | 'test'
    items?: { price: string; product: string | null }[]
  },
): Promise<string> {
  const id = `evt_fixture_${++made}`
  const state = event.items ? { items: event.items } : null
  await sql`
    insert into stripe.events
      (event_id, type, mode, created_at, body_hash, stripe_customer_id, stripe_subscription_id, to_state)
    values (
      ${id}, 'customer.subscription.updated', ${event.mode ?? 'test'}, now(), ${Buffer.from(id)}, ${event.customer ?? null},
      ${event.subscription ?? null}, ${state === null ? null : sql.json(state)}
    )
  `
  return id
}

/** Marks an event's write as waiting. */
export async function putMarker(
  sql: Db | Tx,
  event: string,
  waitingOn: string,
  write: 'enrollment' | 'subscription-changes' = 'enrollment',
): Promise<void> {
  await sql`
    insert into stripe.event_writes (event_id, write, state, reason, waiting_on)
    values (${event}, ${write}, 'waiting', 'fixture', ${waitingOn})
  `
}
