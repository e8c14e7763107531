import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseCatalogFile, readCatalogFile } from '../../../src/billing/catalog-file.ts'
import { SIMULATED_CATALOG } from '../../../src/simulator/prices.ts'
import { applyCatalog, tryCatalog } from '../../../src/stripe/catalog/apply-catalog.ts'
import { meaningsOfPrices, type StripePrice } from '../../../src/stripe/catalog/catalog-mappings.ts'
import { exportCatalog } from '../../../src/stripe/catalog/export-catalog.ts'
import { linkCustomers } from '../../../src/stripe/customers/customers.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { putEvent, putMarker } from '../inbox/inbox-fixture.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase({ max: 12 })
})
afterAll(() => db.close())

const apply = (content: object) => applyCatalog(db.app, readCatalogFile({ version: 1, ...content }))
const attempt = async (content: object) => {
  const parts = { autoProvision: null, canFetch: false, now: new Date() }
  const { radius: _, ...dry } = await tryCatalog(db.app, readCatalogFile({ version: 1, ...content }), parts)
  return dry
}
const dueAt = async (event: string) => {
  const [row] = await db.app`select due_at from stripe.event_writes where event_id = ${event}`
  return row!.dueAt as Date | null
}
async function subscriptionOn(id: string, item: StripePrice, status = 'active') {
  const state = { status, items: [item] }
  await db.app`
    insert into stripe.subscriptions (stripe_subscription_id, resolved_state) values (${id}, ${db.app.json(state)})
  `
}
const resolveAt = async (id: string) => {
  const [row] = await db.app`select resolve_at from stripe.subscriptions where stripe_subscription_id = ${id}`
  return row!.resolveAt as Date | null
}
const ranks = async (ladder: string) => {
  const rows = await db.app<{ key: string; rank: number }[]>`
    select product_key as key, rank from billing.plan_ladder_tiers
    join billing.plan_ladders using (plan_ladder_id) join billing.products using (product_id)
    where ladder_key = ${ladder} order by rank
  `
  return rows.map(({ key, rank }) => `${rank} ${key}`)
}
const everything = async () => JSON.stringify(await exportCatalog(db.app))

test('the catalog that simulations sell is applied to a new database, and applied again changes nothing and says so', async () => {
  const first = await apply({
    ...SIMULATED_CATALOG,
    org_types: [{ key: 'coop', name: 'Co-op', default_ladder: 'core' }],
  })
  expect(first).toMatchObject({ changed: true, dryRun: false, woken: 0, resolving: 0 })
  // The migrations seeded public-tier and core (R20).
  expect(first.report.products).toEqual({
    created: ['standard', 'pro', 'extra-seats'],
    changed: [],
    unchanged: ['public-tier'],
  })
  expect(await ranks('core')).toEqual(['0 public-tier', '1 standard', '2 pro'])
  const before = await everything()
  const stamps = () =>
    db.app`select max(updated_at) as at, (select max(mapped_at) from stripe.prices) as mapped from billing.products`
  const at = await stamps()
  const again = await apply(SIMULATED_CATALOG)
  expect(again.changed).toBe(false)
  expect(again.report.stripePrices.unchanged).toHaveLength(5)
  expect(await everything()).toBe(before)
  expect(await stamps()).toEqual(at)
})

test('the export, applied, changes nothing, here and on a new database', async () => {
  const document = await exportCatalog(db.app)
  expect((await apply(document)).changed).toBe(false)
  const other = await testDatabase()
  try {
    await applyCatalog(other.app, parseCatalogFile(JSON.stringify(document)))
    expect(await exportCatalog(other.app)).toEqual(document)
  } finally {
    await other.close()
  }
})

test('a dry run says what an apply then does, and writes nothing', async () => {
  const content = {
    products: [
      {
        key: 'gold',
        name: 'Gold',
        type: 'addon',
        stripe: { prices: ['price_gold'] },
        features: { sla: true },
      },
    ],
  }
  const waiting = await putEvent(db.app, { items: [{ price: 'price_gold', product: null }] })
  await putMarker(db.app, waiting, 'price:price_gold')
  const before = await everything()
  const dry = await attempt(content)
  expect(dry).toMatchObject({ dryRun: true, changed: true, woken: 1 })
  expect(await everything()).toBe(before)
  expect(await dueAt(waiting)).toBeNull()
  const wet = await apply(content)
  expect(wet).toEqual({ ...dry, dryRun: false })
  expect(await dueAt(waiting)).toBeInstanceOf(Date)
})

test('a feature that is null is taken away, and one that is left out stays', async () => {
  const features = async () =>
    (await exportCatalog(db.app)).products.find(({ key }) => key === 'gold')!.features
  await apply({ products: [{ key: 'gold', name: 'Gold', features: { sla: null, hours: 4 } }] })
  expect(await features()).toEqual({ hours: 4 })
  await apply({ products: [{ key: 'gold', name: 'Gold', features: { hours: 8 } }] })
  expect(await features()).toEqual({ hours: 8 })
})

test('D15: two tiers change places in one file, and a file that collides with an absent tier changes nothing at all', async () => {
  await apply({ ladders: [{ key: 'core', name: 'Core', tiers: ['public-tier', 'pro', 'standard'] }] })
  expect(await ranks('core')).toEqual(['0 public-tier', '1 pro', '2 standard'])
  await apply(SIMULATED_CATALOG)
  const before = await everything()
  const partial = {
    products: [{ key: 'new', name: 'New' }],
    ladders: [{ key: 'core', name: 'Core', tiers: ['public-tier', 'new'] }],
  }
  await expect(apply(partial)).rejects.toMatchObject({ code: 'catalog_invalid', status: 422 })
  expect(await everything()).toBe(before)
})

test('a seeded tier that a file leaves out steps below its rank 0', async () => {
  const other = await testDatabase()
  try {
    const products = [
      { key: 'free', name: 'Free', status: 'published' },
      { key: 'plus', name: 'Plus', status: 'published' },
    ]
    const file = readCatalogFile({
      version: 1,
      products,
      ladders: [{ key: 'core', name: 'Core', tiers: ['free', 'plus'] }],
    })
    const applied = await applyCatalog(other.app, file)
    expect(applied.report.ladders.changed[0]!.what).toContain('rank of public-tier: 0 → -1')
    expect((await applyCatalog(other.app, file)).changed).toBe(false)
    expect((await exportCatalog(other.app)).ladders[0]!.tiers).toEqual([
      { product: 'public-tier', rank: -1 },
      { product: 'free', rank: 0 },
      { product: 'plus', rank: 1 },
    ])
  } finally {
    await other.close()
  }
})

test('a mapped price wakes what waits for it, in both writes, and clears its alarm; what waits for others sleeps on', async () => {
  const [one, other] = [await putEvent(db.app, {}), await putEvent(db.app, {})]
  await putMarker(db.app, one, 'price:price_w')
  await putMarker(db.app, one, 'price:price_w', 'subscription-changes')
  await putMarker(db.app, other, 'price:price_elsewhere')
  await db.app`insert into stripe.alarms (alarm_kind, subject) values ('unmapped_price', 'price:price_w')`
  const { woken } = await apply({
    products: [{ key: 'standard', name: 'Standard', stripe: { prices: ['price_w'] } }],
  })
  expect(woken).toBe(2)
  expect(await dueAt(one)).toBeInstanceOf(Date)
  expect(await dueAt(other)).toBeNull()
  expect(
    await db.app`select from stripe.alarms where cleared_at is null and subject = 'price:price_w'`,
  ).toHaveLength(0)
})

test('a mapped Stripe product covers its later prices and wakes whoever waits for one of them', async () => {
  // The first waits for a price that only the other’s body shows to be of this Stripe product.
  const older = await putEvent(db.app, {
    subscription: 'sub_l',
    items: [{ price: 'price_gone', product: 'prod_gone' }],
  })
  const newer = await putEvent(db.app, {
    subscription: 'sub_l',
    items: [{ price: 'price_l', product: 'prod_l' }],
  })
  const other = await putEvent(db.app, { items: [{ price: 'price_m', product: 'prod_m' }] })
  await putMarker(db.app, older, 'price:price_l')
  await putMarker(db.app, newer, 'price:price_l')
  await putMarker(db.app, other, 'price:price_m')
  const { woken } = await apply({
    products: [{ key: 'standard', name: 'Standard', stripe: { products: ['prod_l'] } }],
  })
  expect(woken).toBe(2)
  expect(await dueAt(other)).toBeNull()
  const meaning = await meaningsOfPrices(db.app, [{ price: 'price_l', product: 'prod_l' }])
  expect(meaning('price_l', 'prod_l')).toMatchObject({ productKey: 'standard' })
})

test('an org type that was waited for wakes who waits for it', async () => {
  const event = await putEvent(db.app, {})
  await putMarker(db.app, event, 'org_type:club')
  const { woken } = await apply({ org_types: [{ key: 'club', name: 'Club' }] })
  expect(woken).toBe(1)
  expect(await dueAt(event)).toBeInstanceOf(Date)
})

test('a remapped price or Stripe product resolves its live subscriptions again; a changed rank resolves nobody', async () => {
  await apply({
    products: [{ key: 'standard', name: 'Standard', stripe: { prices: ['price_r'], products: ['prod_r'] } }],
  })
  await subscriptionOn('sub_price', { price: 'price_r', product: null })
  await subscriptionOn('sub_product', { price: 'price_r2', product: 'prod_r' })
  await subscriptionOn('sub_ended', { price: 'price_r', product: 'prod_r' }, 'canceled')
  await subscriptionOn('sub_else', { price: 'price_else', product: 'prod_else' })
  const swap = ['public-tier', 'pro', 'standard']
  expect(await apply({ ladders: [{ key: 'core', name: 'Core', tiers: swap }] })).toMatchObject({
    changed: true,
    resolving: 0,
  })

  const { report, resolving } = await apply({
    products: [{ key: 'pro', name: 'Pro', stripe: { prices: ['price_r'], products: ['prod_r'] } }],
  })
  expect(report.stripePrices.changed).toEqual([{ key: 'price_r', what: ['product: standard → pro'] }])
  expect(resolving).toBe(2)
  expect(await resolveAt('sub_price')).toBeInstanceOf(Date)
  expect(await resolveAt('sub_product')).toBeInstanceOf(Date)
  expect(await resolveAt('sub_ended')).toBeNull()
  expect(await resolveAt('sub_else')).toBeNull()
  const meaning = await meaningsOfPrices(db.app, [{ price: 'price_r', product: null }])
  expect(meaning('price_r', null)).toMatchObject({ productKey: 'pro' })
})

test('a draft that becomes a tier resolves who pays for it already', async () => {
  await apply({ products: [{ key: 'silver', name: 'Silver', stripe: { prices: ['price_silver'] } }] })
  await subscriptionOn('sub_silver', { price: 'price_silver', product: null })
  const event = await putEvent(db.app, {})
  await putMarker(db.app, event, 'price:price_silver')
  const { resolving, woken } = await apply({ ladders: [{ key: 'metal', name: 'Metal', tiers: ['silver'] }] })
  expect({ resolving, woken }).toEqual({ resolving: 1, woken: 1 })
})

test('an apply waits for a worker that decided from the old catalog, so that its waiting marker is woken too', async () => {
  const event = await putEvent(db.app, {})
  let looked = () => {}
  const hasLooked = new Promise<void>((resolve) => {
    looked = resolve
  })
  const worker = db.app.begin(async (tx) => {
    await linkCustomers(tx, [{ customer: 'cus_race', reference: null, by: 'metadata' }], null)
    const meaning = await meaningsOfPrices(tx, [{ price: 'price_race', product: null }])
    expect(meaning('price_race', null)).toBeNull()
    looked()
    await new Promise((resolve) => setTimeout(resolve, 150))
    await putMarker(tx, event, 'price:price_race')
  })
  await hasLooked
  const [, applied] = await Promise.all([
    worker,
    apply({ products: [{ key: 'standard', name: 'Standard', stripe: { prices: ['price_race'] } }] }),
  ])
  expect(applied.woken).toBe(1)
  expect(await dueAt(event)).toBeInstanceOf(Date)
})

test('a subscription that a worker holds while it waits for the catalog is resolved again as well, and nobody waits for ever', async () => {
  await apply({ products: [{ key: 'standard', name: 'Standard', stripe: { prices: ['price_held'] } }] })
  await subscriptionOn('sub_held', { price: 'price_held', product: null })
  let release = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  let hold = () => {}
  const held = new Promise<void>((resolve) => {
    hold = resolve
  })
  const worker = db.app.begin(async (tx) => {
    await tx`select from stripe.subscriptions where stripe_subscription_id = 'sub_held' for update`
    hold()
    await released
    await linkCustomers(tx, [{ customer: 'cus_race', reference: null, by: 'metadata' }], null)
  })
  await held
  const applying = apply({ products: [{ key: 'pro', name: 'Pro', stripe: { prices: ['price_held'] } }] })
  setTimeout(release, 150)
  expect((await Promise.all([applying, worker]))[0].resolving).toBe(1)
  expect(await resolveAt('sub_held')).toBeInstanceOf(Date)
})

test('two applies at once come one after the other', async () => {
  const content = (name: string) => ({ products: [{ key: 'twice', name, type: 'addon' }] })
  const both = await Promise.all([apply(content('One')), apply(content('Two'))])
  expect(both.map(({ report }) => report.products.created.length).sort()).toEqual([0, 1])
})
