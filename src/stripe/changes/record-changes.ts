import { holdCatalog } from '../../billing/hold-catalog.ts'
import type { Db, Tx } from '../../db/types.ts'
import { raiseAlarm } from '../alarms.ts'
import type { StripePrice } from '../catalog/catalog-mappings.ts'
import type { PriceMeanings } from '../catalog/price-meanings.ts'
import { findOwners, readOwned } from '../enrollment/owners.ts'
import { giveHomes } from '../enrollment/subscription-homes.ts'
import { stateBefore } from '../event/state-difference.ts'
import { type Marker, markWrites } from '../inbox/event-writes.ts'
import { type UnhandledEvent, unhandledEvents } from '../inbox/unhandled-events.ts'
import { changesOf, type LadderOf, type SubscriptionChange } from './subscription-changes.ts'
import { markToldAfterAll, markTwins } from './twin-rows.ts'

export type ChangesParts = {
  meanings: PriceMeanings
  autoProvision: string | null
  reached(point: 'before-commit' | 'after-commit'): void
}

/**
 * The commercial-changes write for a batch, in one transaction: what each event changed, and its marker. The rows come from the event
 * alone and from nothing that enrollment decides, so their set is the same whatever the order of arrival. Subscriptions without a home
 * get theirs in a short transaction before. Throws when something surprising happens; nothing of the batch is written then.
 */
export async function recordChanges(
  db: Db,
  work: { events: readonly number[]; again?: boolean },
  parts: ChangesParts,
): Promise<{ recorded: number }> {
  const begin = (homesFirst: boolean) =>
    db.begin(async (tx) => {
      const told = await recordBatch(tx, work, parts, homesFirst)
      if (told) parts.reached('before-commit')
      return told
    })
  const { recorded, alarms } = ((await begin(true)) ?? (await begin(false)))!
  parts.reached('after-commit')
  for (const { reason, on, event } of alarms) await raiseAlarm(db, reason, on, event)
  return { recorded }
}

type Owner = { subscriptionId: string; tenantId: string; accountId: string }
/** `event`: the id of the event that told it, or of the fetch that revealed it. */
export type ChangeRow = SubscriptionChange & Owner & { event: string }

/**
 * @param homesFirst where subscriptions get their rows in billing now, nothing else is done (answered by null): the enrollment worker
 * wants the same rows at the same time, and would have to wait for all of this batch.
 */
async function recordBatch(
  tx: Tx,
  work: { events: readonly number[]; again?: boolean },
  { autoProvision, meanings }: ChangesParts,
  homesFirst: boolean,
) {
  const again = work.again ?? false
  // Sent together, here and below: each is carried out after the one before it.
  const [catalogVersion, events] = await Promise.all([
    holdCatalog(tx),
    unhandledEvents(tx, work.events, 'subscription-changes', again),
  ])
  const subscriptions = [...new Set(events.flatMap((event) => event.subscription ?? []))]
  const [, known] = await Promise.all([oneAtATime(tx, subscriptions), readOwned(tx, subscriptions)])
  // Only the first event of a subscription needs the locks that the enrollment worker takes for each.
  const unowned = events.filter((event) => event.subscription && !known.has(event.subscription))
  const { owners, homes } = await findOwners(tx, unowned, [], autoProvision)
  if (homesFirst && homes.length > 0) {
    await giveHomes(tx, homes)
    return null
  }
  const items = events.flatMap(({ fromDifference, toState }) => [
    ...(fromDifference?.items ?? []),
    ...(toState?.items ?? []),
  ])
  const [, ladderOf] = await Promise.all([
    giveHomes(tx, homes),
    laddersOf(tx, meanings, items, catalogVersion),
  ])

  const rows: ChangeRow[] = []
  const alarms: { reason: string; on: string; event: string }[] = []
  const markers = events.map(({ event: eventId, ...event }): Marker => {
    if (event.trailKind === null || event.subscription === null)
      return { eventId, state: 'ignored', reason: 'not_for_us' }
    const owner = owners.get(event.subscription)
    if (owner?.kind === 'waiting') {
      alarms.push({ reason: owner.reason, on: owner.on, event: eventId })
      return { eventId, state: 'waiting', waitingOn: owner.on, reason: owner.reason }
    }
    const { subscriptionId, tenantId, accountId } = owner ?? known.get(event.subscription)!
    const answer = changesIn({ event: eventId, ...event }, ladderOf)
    if (answer.kind === 'unknown')
      return { eventId, state: 'parked', reason: 'before_unknown', detail: answer.why }
    for (const change of answer.changes)
      rows.push({ ...change, event: eventId, subscriptionId, tenantId, accountId })
    return { eventId, state: 'done' }
  })
  await insertChanges(tx, rows, 'event')
  // Only what told a change can be, or unmask, a twin: renewals are not looked at.
  const telling = new Set(rows.map((row) => row.event))
  await markTwins(
    tx,
    events.filter(({ event }) => telling.has(event)),
  )
  await markToldAfterAll(
    tx,
    events.filter(({ subscription }) => known.get(subscription ?? '')?.asked),
  )
  await markWrites(tx, 'subscription-changes', markers, { again })
  return { recorded: rows.length, alarms }
}

/**
 * Two batches that share a subscription record it one after the other, or neither would see the other's twin. A lock of its
 * own: the enrollment worker's is another write's, and the two never wait for each other.
 */
export async function oneAtATime(tx: Tx, subscriptions: readonly string[]): Promise<void> {
  await tx`
    select pg_advisory_xact_lock(hashtext('billing.subscription_changes'), key)
    from (select distinct hashtext(id) as key from unnest(${subscriptions as string[]}::text[]) as t (id) order by key) as sorted
  `
}

function changesIn(event: UnhandledEvent, ladderOf: LadderOf) {
  return changesOf(
    {
      event: event.event,
      type: event.type,
      kind: event.trailKind!,
      created: event.created,
      request: event.request,
      before: event.fromDifference && stateBefore(event.toState!, event.fromDifference),
      after: event.toState!,
      fingerprint: event.fingerprint!,
    },
    ladderOf,
  )
}

/** Which ladder a price stands on: a swap of items on one ladder is one change of price. The first, where it stands on several. */
export async function laddersOf(
  tx: Tx,
  meanings: PriceMeanings,
  items: readonly StripePrice[],
  catalogVersion: number,
): Promise<LadderOf> {
  const meaningOf = await meanings(tx, items, catalogVersion)
  return (price, product) => meaningOf(price, product)?.ladders[0]?.planLadderId ?? null
}

/** Sorted by event, so that two batches that share events do not wait for each other in a ring. */
export async function insertChanges(
  tx: Tx,
  rows: readonly ChangeRow[],
  source: 'event' | 'fetch',
): Promise<void> {
  if (rows.length === 0) return
  await tx`
    insert into billing.subscription_changes (
      tenant_id, account_id, subscription_id, event_id, change_kind, item, from_value, to_value, from_amount, to_amount,
      currency, recurring_interval, interval_count, source, occurred_at
    )
    select
      "tenantId", "accountId", "subscriptionId", event, kind, item, nullif("from", 'null'::jsonb), nullif("to", 'null'::jsonb),
      "amountFrom", "amountTo", currency, "interval", "intervalCount", ${source}, to_timestamp("occurredAt")
    from jsonb_to_recordset(${tx.json(rows as never)}) as r (
      "tenantId" uuid, "accountId" uuid, "subscriptionId" uuid, event text, kind text, item text, "from" jsonb, "to" jsonb,
      "amountFrom" bigint, "amountTo" bigint, currency text, "interval" text, "intervalCount" integer, "occurredAt" float8
    )
    order by event, kind, item
    on conflict (event_id, change_kind, item) do nothing
  `
}
