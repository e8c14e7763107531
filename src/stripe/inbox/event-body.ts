import type { Reader } from '../../db/types.ts'

/** The bytes of an event as they were signed (or as the API told them); null: retention dropped them, or there is no such event. */
export async function eventBody(reader: Reader, eventId: string): Promise<Buffer | null> {
  const [row] = await reader<{ body: Uint8Array }[]>`
    select body from stripe.event_bodies where event_id = ${eventId} limit 1`
  return row ? Buffer.from(row.body.buffer, row.body.byteOffset, row.body.byteLength) : null
}
