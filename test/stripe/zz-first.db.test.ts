import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { createInbox } from '../../src/stripe/inbox.ts'
import { readEnvelope } from '../../src/stripe/envelope.ts'
import { enroll } from '../../src/stripe/enroll.ts'
import { recordChanges } from '../../src/stripe/record-changes.ts'
import { livesOf } from '../../src/simulator/life.ts'
import { deliveriesOf } from '../../src/simulator/deliveries.ts'
import { trueTier } from '../../src/simulator/snapshot.ts'
let db: TestDatabase
beforeAll(async () => { db = await testDatabase() })
afterAll(() => db.close())
test('thin path', async () => {
  const sql = db.owner
  await sql`insert into billing.products (product_key, name, product_type, lifecycle_status) values ('standard','S',null,'published'),('pro','P',null,'published'),('extra-seats','X','addon','published')`
  await sql`insert into billing.plan_ladder_tiers select l.plan_ladder_id, p.product_id, case p.product_key when 'standard' then 1 else 2 end from billing.plan_ladders l, billing.products p where p.product_key in ('standard','pro')`
  await sql`insert into stripe.products (stripe_product_id, product_id) select 'prod_sim_' || replace(product_key,'-','_'), product_id from billing.products where product_key <> 'public-tier'`
  await sql`insert into organization.org_types (org_type_key, name, default_plan_ladder_id) select 'coop','Coop', plan_ladder_id from billing.plan_ladders`
  const lives = livesOf(100, { seed: 5, now: Math.floor(Date.now() / 1000) })
  const deliveries = deliveriesOf(lives, { seed: 6, duplicates: 0.2, shuffle: true })
  const ids: number[] = []
  const changes: number[] = []
  const inbox = createInbox(db.app, { onStored: (u) => { ids.push(...u.enrollment); changes.push(...u['subscription-changes']) } })
  const t0 = Date.now()
  await Promise.all(deliveries.map((d) => { const body = Buffer.from(d.body()); return inbox.take({ body, envelope: readEnvelope(body) }) }))
  const t1 = Date.now()
  const parts = { stripe: null, autoProvision: 'coop', now: () => new Date(), reached() {}, fetched() {} }
  let applied = 0
  for (let i = 0; i < ids.length; i += 32) applied += (await enroll(db.app, { events: ids.slice(i, i + 32) }, parts)).applied
  const t2 = Date.now()
  let recorded = 0
  for (let i = 0; i < changes.length; i += 32) recorded += (await recordChanges(db.app, { events: changes.slice(i, i + 32) }, parts)).recorded
  const t3 = Date.now()
  console.log({ deliveries: deliveries.length, ids: ids.length, store: t1 - t0, enroll: t2 - t1, changes: t3 - t2, applied, recorded })
  const rows = await sql<{ customer: string; tier: string }[]>`
    select c.stripe_customer_id as customer, p.product_key as tier from stripe.customers c
    join entitlements.resource_pools r using (organization_id)
    join entitlements.pool_provision_ladders a on a.pool_id = r.pool_id and a.ended_at is null
    join entitlements.pool_provisions v using (provision_id) join billing.products p using (product_id)`
  const tier = new Map(rows.map((r) => [r.customer, r.tier]))
  const wrong = lives.filter((life) => tier.get(life.customer) !== trueTier(life.truth))
  console.log('wrong', wrong.length, await sql`select write, state, reason, count(*)::int from stripe.event_writes group by 1,2,3 order by 1,2,3`, await sql`select unresolved, count(*)::int from stripe.subscriptions group by 1`)
  for (const life of wrong.slice(0, 3)) console.log(life.customer, tier.get(life.customer), trueTier(life.truth), await sql`select stripe_subscription_id, unresolved, resolved_by, resolved_state->>'status' s from stripe.subscriptions where stripe_customer_id=${life.customer}`)
  expect(wrong.length).toBe(0)
})
