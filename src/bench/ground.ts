import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseCatalogFile } from '../billing/catalog-file.ts'
import { connect } from '../db/connect.ts'
import { migrate } from '../db/migrate.ts'
import { migrateQueueSchema } from '../db/queue-schema.ts'
import { createLocalDatabase } from '../db/roles.ts'
import type { Db } from '../db/types.ts'
import { reapplyDefaults } from '../entitlements/reapply-defaults.ts'
import { createOrganizations } from '../organization/create-organization.ts'
import type { Tier } from '../simulator/snapshot.ts'
import { applyCatalog } from '../stripe/catalog/apply-catalog.ts'
import { linkCustomers } from '../stripe/customers/customers.ts'
import type { PostgresServer } from './servers.ts'

const sampleCatalog = fileURLToPath(new URL('../cli/sample-catalog.yaml', import.meta.url))
/** Organizations in one transaction. */
const atOnce = 500

/**
 * Makes a database from which each round gets its own: migrated, with the catalog that the simulator sells from, and an
 * organization for each customer, linked, as a checkout would have done before the first event of a subscription.
 */
export async function prepareTemplate(
  server: PostgresServer,
  name: string,
  customers: readonly string[],
): Promise<void> {
  await createLocalDatabase(server.superuser, name)
  const ownerUrl = server.address('stepladder_owner', name)
  const owner = connect(ownerUrl, { max: 1 })
  await migrate(owner)
  await migrateQueueSchema(ownerUrl)
  await owner.end()
  const app = connect(server.address('stepladder_app', name), { max: 1 })
  try {
    await applyCatalog(app, parseCatalogFile(readFileSync(sampleCatalog, 'utf8')))
    for (let from = 0; from < customers.length; from += atOnce) {
      await settleCustomers(app, customers.slice(from, from + atOnce))
    }
  } finally {
    await app.end()
  }
}

async function settleCustomers(app: Db, customers: readonly string[]): Promise<void> {
  const [type] = await app<{ tenantId: string; orgTypeId: string }[]>`
    select t.tenant_id, o.org_type_id from organization.tenants t, organization.org_types o
    where t.tenant_key = 'default' and o.org_type_key = 'coop'`
  await app.begin(async (tx) => {
    const wanted = customers.map((customer) => ({ ...type!, name: customer, organizationKey: customer }))
    await createOrganizations(tx, wanted, reapplyDefaults)
    const links = customers.map((customer) => ({
      customer,
      reference: customer,
      by: 'client_reference_id' as const,
    }))
    await linkCustomers(tx, links, null)
  })
}

/** A database of a round's own: a copy, or an empty one. What was dirty before is on the disk, so that nobody pays for another. */
export async function freshDatabase(
  { superuser }: PostgresServer,
  name: string,
  template: string | null,
): Promise<void> {
  const sql = superuser
  if (template === null) await sql`create database ${sql(name)} owner stepladder_owner`
  else await sql`create database ${sql(name)} template ${sql(template)} owner stepladder_owner`
  await sql`checkpoint`
}

export async function dropDatabase({ superuser }: PostgresServer, name: string): Promise<void> {
  await superuser`drop database if exists ${superuser(name)} with (force)`
}

export type Applied = {
  /** Both writes of so many events are handled, and so many are held. */
  events: number
  writes: number
  waiting: number
  /** Epoch milliseconds of the last one. */
  lastAt: number
}

/**
 * How far the workers are with the simulator's events, by the range of their ids: a database may hold a million others.
 * Counts two markers for each event.
 */
export async function readApplied(db: Db): Promise<Applied> {
  const [applied] = await db<Applied[]>`
    select count(*) filter (where state in ('done', 'ignored'))::int as writes,
      count(*) filter (where state in ('waiting', 'parked'))::int as waiting,
      (select count(*)::int from stripe.events where event_id >= 'evt_sim_' and event_id < 'evt_sim~') as events,
      coalesce(extract(epoch from max(handled_at)) * 1000, 0)::float8 as last_at
    from stripe.event_writes where event_id >= 'evt_sim_' and event_id < 'evt_sim~'`
  return applied!
}

/** Customers that do not stand on their true tier, with both. */
export async function wrongTiers(
  db: Db,
  truth: ReadonlyMap<string, Tier>,
): Promise<{ customer: string; tier: string | null; truth: string }[]> {
  const rows = await db<{ customer: string; tier: string | null }[]>`
    select k.customer, p.product_key as tier
    from unnest(${[...truth.keys()]}::text[]) as k (customer)
    left join stripe.customers c on c.stripe_customer_id = k.customer
    left join entitlements.resource_pools r on r.organization_id = c.organization_id and r.is_default
    left join entitlements.pool_provision_ladders a on a.pool_id = r.pool_id and a.ended_at is null
      and a.plan_ladder_id = (select plan_ladder_id from billing.plan_ladders where ladder_key = 'core')
    left join entitlements.pool_provisions v on v.provision_id = a.provision_id
    left join billing.products p on p.product_id = v.product_id`
  return rows.flatMap(({ customer, tier }) =>
    tier === truth.get(customer) ? [] : [{ customer, tier, truth: truth.get(customer)! }],
  )
}

export type Latencies = {
  /** Seconds from receipt to the moment at which the tier moved, of the events that are the cause of a move. */
  movedP50: number | null
  movedP99: number | null
  /** Seconds from receipt to the handled enrollment; one that waited for a straggler counts from its own receipt. */
  appliedP50: number | null
  appliedP99: number | null
}

/** Of the events received since then. Epoch milliseconds. */
export async function readLatencies(db: Db, since: number): Promise<Latencies> {
  const [latencies] = await db<Latencies[]>`
    with moved as (
      select percentile_cont(array[0.5, 0.99]) within group (order by extract(epoch from t.effective_at - e.received_at)) as s
      from entitlements.pool_provision_transitions t
      join stripe.events e on t.cause_kind = 'event' and e.event_id = t.cause_id
      where e.received_at >= to_timestamp(${since / 1000})
    ), applied as (
      select percentile_cont(array[0.5, 0.99]) within group (order by extract(epoch from w.handled_at - e.received_at)) as s
      from stripe.events e
      join stripe.event_writes w on w.event_id = e.event_id and w.write = 'enrollment' and w.state = 'done'
      where e.received_at >= to_timestamp(${since / 1000})
    )
    select moved.s[1]::float8 as moved_p50, moved.s[2]::float8 as moved_p99,
      applied.s[1]::float8 as applied_p50, applied.s[2]::float8 as applied_p99
    from moved, applied`
  return latencies!
}
