import { isDeepStrictEqual } from 'node:util'
import type { Db } from '../../db/types.ts'
import { raiseAlarm } from '../alarms.ts'

/**
 * Whether a body that came under a known event's id tells the same event. Stripe counts `pending_webhooks` down between
 * deliveries: other bytes, the same event. Anything else is an alarm, and the first body is kept.
 */
export async function isSameEvent(
  db: Db,
  event: { eventId: string; type: string },
  body: Uint8Array,
): Promise<boolean> {
  const [known] = await db<{ body: Uint8Array }[]>`
    select body from stripe.event_bodies where event_id = ${event.eventId} limit 1`
  // The first body may have gone with its month; then nothing is left to differ from.
  if (!known || tellsTheSame(known.body, body)) return true
  await raiseAlarm(db, 'same_id_other_body', event.eventId, `type ${event.type}; the first body is kept`)
  return false
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
