import { afterEach, beforeEach, expect, test } from 'vitest'
import { readCatalogFile } from '../../../src/billing/catalog-file.ts'
import { settlePools } from '../../../src/entitlements/settle-pools.ts'
import { applyCatalog, tryCatalog } from '../../../src/stripe/catalog/apply-catalog.ts'
import {
  event,
  newWorld,
  PRICES,
  type SubscriptionSketch,
  subscription,
  type World,
} from '../../support/world.ts'

let world: World
beforeEach(async () => {
  world = await newWorld()
})
afterEach(() => world.close())

const T = Math.floor(Date.now() / 1000) - 10_000
const created = (customer: string, name: string, prices: string[], more: SubscriptionSketch = {}) => {
  const items = prices.map((price, n): [string, string] => [`si_${name}_${n}`, price])
  const sketch = { id: `sub_${name}`, customer: `cus_${customer}`, items, ...more }
  return event('customer.subscription.created', subscription(sketch), { created: T })
}
const fileOf = (content: object) => readCatalogFile({ version: 1, ...content })
const attempt = (content: object, limits: { limitMs?: number } = {}) =>
  tryCatalog(world.app, fileOf(content), {
    autoProvision: 'coop',
    canFetch: false,
    now: new Date(),
    ...limits,
  })

/** An operator's grant of a product to a customer's organization. */
async function grant(customer: string, product: string): Promise<void> {
  await world.owner.begin(async (tx) => {
    const [row] = await tx<{ grantId: string; poolId: string }[]>`
      insert into entitlements.grants (tenant_id, organization_id, pool_id, product_id, grant_reason, actor_type)
      select r.tenant_id, r.organization_id, r.pool_id, p.product_id, 'manual', 'operator'
      from stripe.customers c join entitlements.resource_pools r using (organization_id), billing.products p
      where c.stripe_customer_id = ${customer} and p.product_key = ${product}
      returning grant_id, pool_id
    `
    const cause = { kind: 'grant' as const, id: row!.grantId }
    await settlePools(tx, [{ poolId: row!.poolId, actor: { type: 'operator' }, reason: 'test', cause }])
  })
}

/** The moves on every pool since the n-th, as `organization ladder type from → to`. */
async function movesSince(n: number): Promise<string[]> {
  const rows = await world.app<{ told: string }[]>`
    select concat_ws(' ', r.organization_id, l.ladder_key, t.transition_type, coalesce(f.product_key, '–'), coalesce(p.product_key, '–')) as told
    from entitlements.pool_provision_transitions t
    join entitlements.resource_pools r using (pool_id)
    join billing.plan_ladders l using (plan_ladder_id)
    left join billing.products f on f.product_id = t.from_product_id
    left join billing.products p on p.product_id = t.to_product_id
    order by t.effective_at, t.sequence offset ${n}
  `
  return rows.map(({ told }) => told).sort()
}
/** All that a dry run may not touch. */
async function everything(): Promise<string> {
  const parts = await Promise.all([
    world.owner`select * from entitlements.pool_provision_transitions order by transition_id`,
    world.owner`select * from entitlements.subscription_claims order by 1, 2`,
    world.owner`select * from entitlements.pool_provisions order by 1`,
    world.owner`select * from stripe.subscriptions order by 1`,
    world.owner`select * from stripe.event_writes order by 1, 2`,
    world.owner`select * from stripe.alarms order by 1, 2`,
    world.owner`select * from billing.products order by 1`,
    world.owner`select * from stripe.prices order by 1`,
    world.owner`select * from stripe.customers order by 1`,
  ])
  return JSON.stringify(parts)
}

/** Customers of every sort; what each is on is told by its number. */
async function populate(count: number): Promise<void> {
  const prices = Object.values(PRICES)
  const events = Array.from({ length: count }, (_, n) => {
    const own: string[] = [prices[n % prices.length]!]
    if (n % 3 === 0) own.push(prices[(n + 1) % prices.length]!)
    if (n % 4 === 0) own.push('price_new')
    const status = n % 11 === 0 ? 'past_due' : n % 13 === 0 ? 'canceled' : 'active'
    // Every fifth has two subscriptions.
    return n % 5 === 0
      ? [
          created(`${n}`, `${n}`, own, { status }),
          created(`${n}`, `${n}_b`, [prices[(n + 2) % prices.length]!]),
        ]
      : [created(`${n}`, `${n}`, own, { status })]
  }).flat()
  await world.deliver(...events)
  for (let n = 0; n < count; n += 7) await grant(`cus_${n}`, n % 2 === 0 ? 'pro' : 'both')
}

/** Standard's price means Pro, a new price means Standard, and extra seats are a tier of their own. */
const FILE = {
  products: [
    { key: 'pro', name: 'Pro', stripe: { prices: [PRICES.standard] } },
    { key: 'standard', name: 'Standard', stripe: { prices: ['price_new'] } },
    { key: 'seats', name: 'Seats', type: null },
  ],
  ladders: [{ key: 'seating', name: 'Seating', tiers: ['seats'] }],
}

test('a dry run tells exactly the moves that the apply leads to once all is settled, and changes nothing', async () => {
  await populate(90)
  const before = await everything()
  const { radius, woken, resolving } = await attempt(FILE)
  expect(await everything()).toBe(before)
  expect(radius).toMatchObject({ busy: 0, beyond: 0 })
  const foretold = radius!.moves.first.map(
    ({ organization, ladder, type, from, to }) =>
      `${organization} ${ladder} ${type} ${from ?? '–'} ${to ?? '–'}`,
  )
  expect(radius!.moves.total).toBe(foretold.length)
  expect(new Set(radius!.moves.first.map(({ type }) => type))).toContain('upgrade')

  const [count] = await world.app<
    { n: number }[]
  >`select count(*)::int as n from entitlements.pool_provision_transitions`
  expect(await applyCatalog(world.app, fileOf(FILE))).toMatchObject({ woken, resolving })
  await world.takeUpWhatIsDue()
  await world.takeUpWhatIsDue()
  expect(foretold.length).toBeGreaterThan(30)
  expect(foretold.sort()).toEqual(await movesSince(count!.n))
  expect(radius!.moves.by.reduce((sum, { count }) => sum + count, 0)).toBe(foretold.length)
})

test('whoever is held is told with what holds him', async () => {
  await world.deliver(created('1', '1', [PRICES.standard]), created('2', '2', [PRICES.standard]))
  await grant('cus_1', 'both')
  const { radius } = await attempt({
    products: [{ key: 'pro', name: 'Pro', stripe: { prices: [PRICES.standard] } }],
  })
  expect(radius!.moves.by).toEqual([{ ladder: 'core', from: 'standard', to: 'pro', count: 1 }])
  expect(radius!.held).toEqual({
    total: 1,
    first: [
      {
        organization: expect.any(String),
        ladder: 'core',
        subscription: 'sub_1',
        claims: 'pro',
        by: { kind: 'grant', product: 'both' },
      },
    ],
  })
})

test('who would wait afterwards is told too', async () => {
  await world.deliver(created('1', '1', ['price_new', 'price_other']))
  const { radius } = await attempt({
    products: [{ key: 'pro', name: 'Pro', stripe: { prices: ['price_new'] } }],
  })
  expect(radius).toMatchObject({ subscriptions: 1, waiting: [{ reason: 'unmapped_price', count: 1 }] })
})

test('new customers who wait for an org type are enrolled in the dry run as the apply would', async () => {
  await world.close()
  world = await newWorld({ autoProvision: 'club' })
  await world.deliver(created('1', '1', [PRICES.pro]), created('2', '2', [PRICES.gold]))
  const content = { org_types: [{ key: 'club', name: 'Club', default_ladder: 'core' }] }
  const parts = { autoProvision: 'club', canFetch: false, now: new Date() }
  const { radius } = await tryCatalog(world.app, fileOf(content), parts)
  expect(radius!.moves.first.map(({ ladder, from, to }) => [ladder, from, to])).toEqual(
    expect.arrayContaining([
      ['core', 'public-tier', 'pro'],
      ['support', null, 'gold'],
    ]),
  )
  expect(await world.app`select from organization.organizations`).toHaveLength(0)
})

test('an organization’s subscriptions are settled together, wherever the batches are cut', async () => {
  const prices = [PRICES.standard]
  await world.deliver(
    ...Array.from({ length: 120 }, (_, n) => created(`${Math.floor(n / 3)}`, `${n}`, prices)),
  )
  const { radius } = await attempt({
    products: [{ key: 'pro', name: 'Pro', stripe: { prices } }],
  })
  expect(radius).toMatchObject({ subscriptions: 120, moves: { total: 40 }, held: { total: 0 } })
})

test('what waited for a customer to belong to somebody is settled too, once the apply would link it', async () => {
  await world.close()
  world = await newWorld({ autoProvision: null })
  await world.deliver(created('1', 'before', [PRICES.pro]))
  world.parts.autoProvision = 'club'
  await world.deliver(created('1', 'after', [PRICES.standard]))
  const file = fileOf({ org_types: [{ key: 'club', name: 'Club', default_ladder: 'core' }] })
  const parts = { autoProvision: 'club', canFetch: false, now: new Date() }
  const { radius } = await tryCatalog(world.app, file, parts)
  expect(radius!.moves.first.at(-1)).toMatchObject({ ladder: 'core', to: 'pro' })
})

test('a rank that changes moves nobody', async () => {
  await populate(20)
  const { radius, changed } = await attempt({
    ladders: [{ key: 'core', name: 'Core', tiers: ['public-tier', 'pro', 'standard', 'both'] }],
  })
  expect(changed).toBe(true)
  expect(radius).toMatchObject({ subscriptions: 0, moves: { total: 0 } })
})

test('a subscription that a worker holds is passed over and counted; the others are looked at', async () => {
  await world.deliver(created('1', '1', [PRICES.standard]), created('2', '2', [PRICES.standard]))
  let release = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const worker = world.owner.begin(async (tx) => {
    await tx`select from stripe.subscriptions where stripe_subscription_id = 'sub_1' for update`
    await released
  })
  let over = false
  const trying = attempt({
    products: [{ key: 'pro', name: 'Pro', stripe: { prices: [PRICES.standard] } }],
  }).finally(() => {
    over = true
  })
  // Meanwhile others work as ever: the catalog is not kept from them.
  await new Promise((resolve) => setTimeout(resolve, 200))
  await world.deliver(created('3', '3', [PRICES.pro]))
  expect([over, await world.tier('cus_3')]).toEqual([false, 'pro'])
  const { radius } = await trying
  release()
  await worker
  expect(radius).toMatchObject({ busy: 1, moves: { total: 1 } })
})

test('it holds the rows of one batch at a time, and lets go of them', async () => {
  await populate(150)
  let over = false
  const trying = attempt(FILE).finally(() => {
    over = true
  })
  const held: number[] = []
  while (!over) {
    const [row] = await world.owner<{ held: number }[]>`
      select (select count(*) from stripe.subscriptions)::int - count(*)::int as held
      from (select from stripe.subscriptions for key share skip locked) free
    `
    held.push(row!.held)
  }
  const { radius } = await trying
  expect(radius).toMatchObject({ busy: 0 })
  expect(radius!.subscriptions).toBeGreaterThan(64)
  expect(Math.max(...held)).toBeGreaterThan(0)
  expect(Math.max(...held)).toBeLessThanOrEqual(64)
})

test('beyond its time a dry run counts and does not look', async () => {
  await populate(20)
  const { radius } = await attempt(FILE, { limitMs: -1 })
  expect(radius).toMatchObject({ moves: { total: 0 } })
  expect(radius!.beyond).toBeGreaterThan(10)
})

test('while the catalog is being changed, or another dry run is under way, a dry run is refused and says so', async () => {
  for (const lock of ['stepladder.catalog', 'stepladder.catalog.dry-run']) {
    await world.owner.begin(async (tx) => {
      await tx`select pg_advisory_xact_lock(hashtextextended(${lock}, 0))`
      await expect(attempt(FILE)).rejects.toMatchObject({ code: 'catalog_busy', status: 409 })
    })
  }
})
