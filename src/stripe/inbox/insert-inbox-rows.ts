import type { Db } from '../../db/types.ts'
import type { InboxRow } from './inbox-rows.ts'

export type NewRow = {
  eventId: string
  /** null: the event was there already. */
  inboxId: number | null
  /** Hex; of the body that was there already. null too for one that another receiver committed while this statement ran. */
  knownHash: string | null
}

const BETWEEN_BODIES = '\u0001'
const IN_HEX = '\u0002'

/**
 * Stores events, bodies and door markers in one statement, which is one transaction: all or nothing, and one round trip.
 * No two of the rows share an id.
 */
export async function insertInboxRows(
  db: Db,
  rows: readonly { row: InboxRow; body: Uint8Array }[],
): Promise<NewRow[]> {
  // Two batches that share ids deadlock unless both insert in one order.
  const sorted = [...rows].sort((a, b) => (a.row.eventId < b.row.eventId ? -1 : 1))
  const events = JSON.stringify(sorted.map(({ row }) => columnsOf(row)))
  const ids = sorted.map(({ row }) => row.eventId)
  const bodies = sorted.map(bodyText).join(BETWEEN_BODIES)
  const markers = JSON.stringify(
    sorted.flatMap(({ row }) => row.markers.map((marker) => ({ event_id: row.eventId, ...marker }))),
  )
  return db<NewRow[]>`
    with wanted as materialized (
      select * from json_to_recordset(${events}::text::json) as w (
        event_id text, type text, api_version text, mode text, stripe_account text, created float8, request_id text,
        object_type text, object_id text, subscription text, customer text, source text, body_hash text, trail_kind text,
        from_difference jsonb, to_state jsonb, from_hash text, to_hash text, from_asides text[], to_asides text[],
        fingerprint text, projection_version smallint)
    ), stored as (
      insert into stripe.events (
        event_id, type, api_version, mode, stripe_account, created_at, request_id, object_type, object_id,
        stripe_subscription_id, stripe_customer_id, source, body_hash, trail_kind, from_difference, to_state, from_hash, to_hash,
        from_asides, to_asides, fingerprint, projection_version)
      select
        event_id, type, api_version, mode, stripe_account, to_timestamp(created), request_id, object_type, object_id,
        subscription, customer, source, decode(body_hash, 'hex'), trail_kind, from_difference, to_state, from_hash, to_hash,
        from_asides, to_asides, fingerprint, projection_version
      from wanted
      order by event_id
      on conflict (event_id) do nothing
      returning event_id, inbox_id, received_at
    ), kept as (
      insert into stripe.event_bodies (event_id, received_at, body)
      select
        stored.event_id, stored.received_at,
        case when left(sent.body, 1) = ${IN_HEX} then decode(substr(sent.body, 2), 'hex') else convert_to(sent.body, 'UTF8') end
      from unnest(${ids}::text[], string_to_array(${bodies}::text, ${BETWEEN_BODIES})) as sent (event_id, body)
      join stored using (event_id)
    ), marked as (
      insert into stripe.event_writes (event_id, write, state, reason, detail)
      select m.event_id, m.write, m.state, m.reason, m.detail
      from json_to_recordset(${markers}::text::json)
        as m (event_id text, write text, state text, reason text, detail text)
      join stored using (event_id)
    )
    select w.event_id, s.inbox_id, encode(known.body_hash, 'hex') as known_hash
    from wanted w
    left join stored s using (event_id)
    left join lateral (
      select e.body_hash from stripe.events e where s.inbox_id is null and e.event_id = w.event_id limit 1
    ) known on true`
}

/**
 * A body as text. JSON has no raw control characters, so one of them can stand between bodies, and all of them travel as one
 * parameter that nobody has to escape: as a bytea array they would be twice as long, and each byte looked at three times.
 * What is no readable JSON goes in hex.
 */
function bodyText({ row, body }: { row: InboxRow; body: Uint8Array }): string {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  return row.type === 'unreadable' ? IN_HEX + bytes.toString('hex') : bytes.toString('utf8')
}

function columnsOf(row: InboxRow): Record<string, unknown> {
  return {
    event_id: row.eventId,
    type: row.type,
    api_version: row.apiVersion,
    mode: row.mode,
    stripe_account: row.stripeAccount,
    created: row.created,
    request_id: row.requestId,
    object_type: row.objectType,
    object_id: row.objectId,
    subscription: row.subscription,
    customer: row.customer,
    source: row.source,
    body_hash: row.bodyHash,
    trail_kind: row.trailKind,
    from_difference: row.fromDifference,
    to_state: row.toState,
    from_hash: row.fromHash,
    to_hash: row.toHash,
    from_asides: row.fromAsides,
    to_asides: row.toAsides,
    fingerprint: row.fingerprint,
    projection_version: row.projectionVersion,
  }
}
