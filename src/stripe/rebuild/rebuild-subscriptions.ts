import { readCatalogVersion } from '../../billing/hold-catalog.ts'
import type { Tx } from '../../db/types.ts'
import type { PriceMeanings } from '../catalog/price-meanings.ts'
import { readFetches } from '../trail/fetch-rows.ts'
import { resolve } from '../trail/resolution.ts'
import { idsIn, readStates } from '../trail/resolved-state.ts'
import { readTrails } from '../trail/trail-rows.ts'
import { grouped } from './grouped.ts'
import { keyOf, type RebuiltChange, rebuiltChanges } from './rebuilt-changes.ts'
import { type RebuiltSubscription, rebuiltSubscription } from './rebuilt-subscription.ts'
import { type RecordedOwner, readRecordedOwners, readTellingEvents, type TellingEvent } from './record.ts'

type Owned = RecordedOwner & { outcome: RebuiltSubscription['outcome'] | 'homeless' }
type Rebuilt = { owner: Owned; rebuilt: RebuiltSubscription; changes: RebuiltChange[] }

/**
 * Rebuilds these subscriptions into the shadow, in place of what stands there of them: what each claims, holds beside ladders, and
 * what its events changed commercially. Reads the record as this transaction's one snapshot sees it, and nothing that was made
 * of it before. What belongs to nobody yet has no rows, as in truth.
 */
export async function rebuildSubscriptions(
  tx: Tx,
  subscriptions: readonly string[],
  meanings: PriceMeanings,
): Promise<void> {
  if (subscriptions.length === 0) return
  const [trails, fetches, owners, telling, catalogVersion] = await Promise.all([
    readTrails(tx, subscriptions),
    readFetches(tx, subscriptions),
    readRecordedOwners(tx, subscriptions),
    readTellingEvents(tx, subscriptions),
    readCatalogVersion(tx),
  ])
  const cases = subscriptions.flatMap((subscription) => {
    const [trail, told] = [trails.get(subscription) ?? [], fetches.get(subscription) ?? []]
    const resolution = resolve(trail, told)
    return resolution.kind === 'nothing' ? [] : [{ subscription, trail, told, resolution }]
  })
  const states = new Map(telling.map(({ event, toState }) => [event, toState]))
  const missing = cases
    .flatMap(({ resolution }) => idsIn(resolution))
    .filter((id) => !states.has(id) && !id.startsWith('fetch_'))
  for (const [event, state] of await readStates(tx, [...new Set(missing)])) states.set(event, state)
  const [meaningOf, standing] = await Promise.all([
    meanings(tx, itemsOf(telling, states, [...fetches.values()].flat()), catalogVersion),
    readStandingKeys(tx, telling),
  ])
  const ladderOf = (price: string, product: string | null) =>
    meaningOf(price, product)?.ladders[0]?.planLadderId ?? null
  const events = grouped(telling, ({ subscription }) => subscription)
  const all = cases.map(({ subscription, trail, told, resolution }): Rebuilt => {
    const owner = owners.get(subscription)!
    const rebuilt = rebuiltSubscription(subscription, resolution, states, told, meaningOf)
    const changes =
      owner.poolId === null
        ? []
        : rebuiltChanges(
            events.get(subscription) ?? [],
            trail,
            ladderOf,
            (event) => standing.get(event) ?? [],
          )
    return {
      owner: { ...owner, outcome: owner.poolId === null ? 'homeless' : rebuilt.outcome },
      rebuilt,
      changes,
    }
  })
  await forget(tx, subscriptions)
  await write(tx, all)
  await Promise.all([carryHeld(tx, subscriptions), keepOlderRanks(tx, subscriptions)])
}

function itemsOf(
  telling: readonly TellingEvent[],
  states: ReadonlyMap<string, TellingEvent['toState']>,
  fetches: readonly { state: TellingEvent['toState'] }[],
) {
  return [
    ...telling.flatMap(({ fromDifference }) => fromDifference?.items ?? []),
    ...[...states.values()].flatMap(({ items }) => items),
    ...fetches.flatMap(({ state }) => state.items),
  ]
}

/** Which rows stand for the events that swap items: see `rebuiltChanges`. */
async function readStandingKeys(
  tx: Tx,
  telling: readonly TellingEvent[],
): Promise<Map<string, readonly string[]>> {
  const ids = telling.filter(({ fromDifference }) => fromDifference?.items).map(({ event }) => event)
  if (ids.length === 0) return new Map()
  const rows = await tx<{ event: string; kind: 'price'; item: string }[]>`
    select event_id as event, change_kind as kind, item from billing.subscription_changes where event_id = any(${ids})`
  return new Map(
    [...grouped(rows, ({ event }) => event)].map(([event, group]) => [event, group.map(keyOf).sort()]),
  )
}

async function forget(tx: Tx, subscriptions: readonly string[]): Promise<void> {
  const ids = subscriptions as string[]
  await Promise.all([
    tx`delete from rebuild.subscriptions where subscription = any(${ids})`,
    tx`delete from rebuild.claims where subscription = any(${ids})`,
    tx`delete from rebuild.addons where subscription = any(${ids})`,
    tx`delete from rebuild.changes where subscription = any(${ids})`,
  ])
}

async function write(tx: Tx, all: readonly Rebuilt[]): Promise<void> {
  const subscriptions = all.map(({ owner, rebuilt }) => ({
    ...owner,
    status: rebuilt.outcome === 'held' ? null : rebuilt.status,
    by: rebuilt.outcome === 'held' ? null : rebuilt.by,
    reason: rebuilt.outcome === 'held' ? rebuilt.reason : null,
  }))
  const claiming = all.flatMap(({ owner, rebuilt }) =>
    owner.outcome === 'claims' && rebuilt.outcome === 'claims' ? [{ ...owner, ...rebuilt }] : [],
  )
  const claims = claiming.flatMap(({ tiers, ...rest }) => tiers.map((tier) => ({ ...rest, ...tier })))
  const addons = claiming.flatMap(({ addons, ...rest }) => addons.map((addon) => ({ ...rest, ...addon })))
  const changes = all.flatMap(({ owner, changes }) => changes.map((change) => ({ ...owner, ...change })))
  await Promise.all([
    tx`
      insert into rebuild.subscriptions (subscription, subscription_id, pool_id, outcome, status, decided_by, held_reason)
      select subscription, "subscriptionId", "poolId", outcome, status, by, reason
      from jsonb_to_recordset(${tx.json(subscriptions)})
        as r (subscription text, "subscriptionId" uuid, "poolId" uuid, outcome text, status text, by text, reason text)`,
    tx`
      insert into rebuild.claims (subscription, plan_ladder_id, subscription_id, pool_id, product_id, status, meant)
      select subscription, "planLadderId", "subscriptionId", "poolId", "productId", status,
        array(select jsonb_array_elements_text(meant)::uuid)
      from jsonb_to_recordset(${tx.json(claims)}) as r
        (subscription text, "planLadderId" uuid, "subscriptionId" uuid, "poolId" uuid, "productId" uuid, status text, meant jsonb)`,
    tx`
      insert into rebuild.addons (subscription, product_id, subscription_id, pool_id, quantity, status)
      select subscription, "productId", "subscriptionId", "poolId", quantity, status
      from jsonb_to_recordset(${tx.json(addons)}) as r
        (subscription text, "productId" uuid, "subscriptionId" uuid, "poolId" uuid, quantity integer, status text)`,
    tx`
      insert into rebuild.changes (
        event_id, change_kind, item, subscription, subscription_id, from_value, to_value, from_amount, to_amount, currency,
        recurring_interval, interval_count, occurred_at, duplicate_of)
      select
        event, kind, item, subscription, "subscriptionId", nullif("from", 'null'::jsonb), nullif("to", 'null'::jsonb),
        "amountFrom", "amountTo", currency, "interval", "intervalCount", to_timestamp("occurredAt"), "duplicateOf"
      from jsonb_to_recordset(${tx.json(changes as never)}) as r (
        event text, kind text, item text, subscription text, "subscriptionId" uuid, "from" jsonb, "to" jsonb,
        "amountFrom" bigint, "amountTo" bigint, currency text, "interval" text, "intervalCount" integer, "occurredAt" float8,
        "duplicateOf" text)
      on conflict do nothing`,
  ])
}

/** Of what is held the last known counts, and that depends on the way there: it is taken over from what stands. */
async function carryHeld(tx: Tx, subscriptions: readonly string[]): Promise<void> {
  const ids = subscriptions as string[]
  await Promise.all([
    tx`
      insert into rebuild.claims (subscription, plan_ladder_id, subscription_id, pool_id, product_id, status, meant)
      select r.subscription, c.plan_ladder_id, c.subscription_id, c.pool_id, c.product_id, c.status, array[c.product_id]
      from rebuild.subscriptions r join entitlements.subscription_claims c on c.subscription_id = r.subscription_id
      where r.subscription = any(${ids}) and r.outcome = 'held'`,
    tx`
      insert into rebuild.addons (subscription, product_id, subscription_id, pool_id, quantity, status)
      select r.subscription, v.product_id, v.subscription_id, v.pool_id, v.quantity, v.status
      from rebuild.subscriptions r join entitlements.pool_provisions v on v.subscription_id = r.subscription_id
      where r.subscription = any(${ids}) and r.outcome = 'held' and v.ended_at is null
        and not exists (select from entitlements.pool_provision_ladders a where a.provision_id = v.provision_id)
      on conflict do nothing`,
  ])
}

/**
 * A changed rank moves nobody by itself: where a subscription pays for several tiers of a ladder whose ranks were changed after it
 * claimed one of them, it goes on claiming that one until it is looked at again.
 */
async function keepOlderRanks(tx: Tx, subscriptions: readonly string[]): Promise<void> {
  await tx`
    update rebuild.claims r set product_id = c.product_id
    from entitlements.subscription_claims c
    where r.subscription = any(${subscriptions as string[]})
      and c.subscription_id = r.subscription_id and c.plan_ladder_id = r.plan_ladder_id
      and c.product_id <> r.product_id and c.product_id = any(r.meant)
      and exists (
        select from billing.plan_ladder_tiers t
        where t.plan_ladder_id = r.plan_ladder_id and t.updated_at > t.created_at and t.updated_at > c.updated_at)`
}
