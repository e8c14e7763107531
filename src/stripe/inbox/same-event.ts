import { isDeepStrictEqual } from 'node:util'
import type { Db } from '../../db/types.ts'
import { raiseAlarm } from '../alarms.ts'
import type { InboxRow } from './inbox-rows.ts'

/** What of a row is kept for ever, and tells one event from another. */
type Lasting = Pick<
  InboxRow,
  | 'eventId'
  | 'type'
  | 'created'
  | 'requestId'
  | 'objectId'
  | 'subscription'
  | 'customer'
  | 'fingerprint'
  | 'projectionVersion'
>

type Known = Lasting & { source: InboxRow['source']; body: Uint8Array | null }

/**
 * Whether a body that came under a known event's id tells the same event. Stripe counts `pending_webhooks` down between
 * deliveries: other bytes, the same event. Anything else is an alarm, and the first body is kept. What the API told is
 * compared with nothing, whichever of the two came first: Stripe renders it in another version than the endpoint's.
 * Where the first body has gone with its month, what stays of it is compared: a subscription's event has its fingerprint.
 */
export async function isSameEvent(
  db: Db,
  event: Lasting & Pick<InboxRow, 'source'>,
  body: Uint8Array,
): Promise<boolean> {
  if (event.source !== 'webhook') return true
  const [known] = await db<Known[]>`
    select
      e.event_id, e.type, extract(epoch from e.created_at)::float8 as created, e.request_id, e.object_id,
      e.stripe_subscription_id as subscription, e.stripe_customer_id as customer, e.fingerprint, e.projection_version, e.source, b.body
    from stripe.events e left join stripe.event_bodies b using (event_id)
    where e.event_id = ${event.eventId} limit 1`
  if (known?.source !== 'webhook') return true
  if (known.body ? tellsTheSame(known.body, body) : lastsTheSame(known, event)) return true
  const kept = known.body ? 'the first body is kept' : 'the first body is gone by its age'
  await raiseAlarm(db, 'same_id_other_body', event.eventId, `type ${event.type}; ${kept}`)
  return false
}

function lastsTheSame(a: Lasting, b: Lasting): boolean {
  const lasting = ({ type, created, requestId, objectId, subscription, customer }: Lasting) =>
    JSON.stringify([type, created, requestId, objectId, subscription, customer])
  // Another reading of Stripe's object makes other fingerprints.
  const alike = a.projectionVersion !== b.projectionVersion || a.fingerprint === b.fingerprint
  return lasting(a) === lasting(b) && alike
}

function tellsTheSame(a: Uint8Array, b: Uint8Array): boolean {
  try {
    return isDeepStrictEqual(withoutCountdown(a), withoutCountdown(b))
  } catch {
    // Not JSON, or nested deeper than the stack: bytes that differ then count as different.
    return false
  }
}

function withoutCountdown(body: Uint8Array): unknown {
  const event = JSON.parse(Buffer.from(body).toString('utf8'))
  if (typeof event === 'object' && event !== null) delete event.pending_webhooks
  return event
}
