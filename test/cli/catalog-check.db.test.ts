import { afterEach, beforeEach, expect, test } from 'vitest'
import { checkCatalog } from '../../src/cli/catalog-check.ts'
import { priceCoverage } from '../../src/stripe/catalog/price-coverage.ts'
import {
  event,
  newWorld,
  PRICES,
  type SubscriptionSketch,
  subscription,
  type World,
} from '../support/world.ts'

let world: World
beforeEach(async () => {
  world = await newWorld()
})
afterEach(() => world.close())

const T = Math.floor(Date.now() / 1000) - 10_000
const on = (name: string, price: string, more: SubscriptionSketch = {}) => {
  const sketch = { id: `sub_${name}`, customer: `cus_${name}`, items: [[`si_${name}`, price, 1]], ...more }
  return subscription(sketch as SubscriptionSketch)
}
const created = (object: object, created = T) => event('customer.subscription.created', object, { created })
const check = () => world.app.begin('read only', checkCatalog)
const unmapped = async () =>
  (await priceCoverage(world.app)).unmapped.first.map(({ price, live, example }) => [price, live, example])

test('a price without a product is found, with who is on it, and live ones come first', async () => {
  await world.deliver(
    created(on('a', 'price_old', { status: 'canceled' }), T + 900),
    created(on('b', 'price_new', { status: 'trialing' })),
    created(on('c', 'price_new'), T + 60),
    created(on('d', PRICES.pro)),
  )
  const { unmapped } = await priceCoverage(world.app)
  expect(unmapped).toEqual({
    total: 2,
    first: [
      {
        price: 'price_new',
        stripeProduct: 'prod_of_price_new',
        product: null,
        live: 2,
        firstSeen: new Date(T * 1000),
        lastSeen: new Date((T + 60) * 1000),
        example: 'sub_c',
      },
      expect.objectContaining({ price: 'price_old', live: 0, example: 'sub_a' }),
    ],
  })
  const answer = await check()
  expect(answer).toMatchObject({ failed: true, json: { ok: false, prices_seen: 3 } })
  expect(answer.text).toContain('No product stands for 2 prices')
})

test('a catalog that knows every price is fine, and what was never seen and cannot be started on is only told', async () => {
  await world.deliver(created(on('d', PRICES.pro)))
  await world.owner`insert into billing.plan_ladders (ladder_key, name) values ('empty', 'Empty')`
  await world.owner`insert into organization.org_types (org_type_key, name) values ('club', 'Club')`
  const answer = await check()
  expect(answer.failed).toBe(false)
  expect(answer.json).toMatchObject({
    ok: true,
    unmapped: { total: 0 },
    org_types_without_default: ['club'],
    ladders_without_rank_0: ['empty'],
  })
  expect((await priceCoverage(world.app)).neverSeen).toEqual({
    total: 4,
    first: [PRICES.both, PRICES.gold, PRICES.seats, PRICES.standard].map((id) => ({
      kind: 'price',
      id,
      product: id.replace('price_', ''),
    })),
  })
  expect(answer.text).toContain('Every one of the 1 price that the inbox shows has a product.')
})

test('a price that only the state before a change shows is found', async () => {
  const previous = { items: on('a', 'price_left').items as object }
  await world.deliver(event('customer.subscription.updated', on('a', PRICES.pro), { created: T, previous }))
  expect(await unmapped()).toEqual([['price_left', 0, 'sub_a']])
})

test('a mapped Stripe product covers its prices, but not a live subscription that does not tell the product', async () => {
  await world.owner`
    insert into stripe.products (stripe_product_id, product_id)
    select 'prod_of_price_year', product_id from billing.products where product_key = 'pro'
  `
  const untold = on('old', 'price_year') as { items: { data: { price: { product?: string } }[] } }
  await world.deliver(created(on('a', 'price_year')))
  expect(await unmapped()).toEqual([])
  delete untold.items.data[0]!.price.product
  await world.deliver(created(untold))
  expect(await unmapped()).toEqual([['price_year', 2, 'sub_old']])
})

test('a price of a product that is on no ladder and of no type holds people too', async () => {
  await world.owner`
    with made as (insert into billing.products (product_key, name) values ('draft', 'Draft') returning product_id),
      priced as (insert into billing.prices (product_id) select product_id from made returning price_id)
    insert into stripe.prices (stripe_price_id, price_id) select 'price_draft', price_id from priced
  `
  await world.deliver(created(on('a', 'price_draft')))
  const answer = await check()
  expect(answer).toMatchObject({
    failed: true,
    json: {
      unmapped: { total: 0 },
      without_kind: { total: 1, first: [{ price: 'price_draft', product: 'draft', live: 1 }] },
    },
  })
})

test('a customer that nobody linked counts as live, a deleted one does not, and the other mode plays no part', async () => {
  await world.close()
  world = await newWorld({ autoProvision: null })
  await world.deliver(created(on('nobody', 'price_new')))
  await world.deliver({ ...created(on('other', 'price_of_live')), livemode: true })
  expect(await unmapped()).toEqual([['price_new', 1, 'sub_nobody']])
  await world.deliver(event('customer.subscription.deleted', on('nobody', 'price_new'), { created: T + 100 }))
  expect(await unmapped()).toEqual([['price_new', 0, 'sub_nobody']])
})
