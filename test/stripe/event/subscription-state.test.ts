import { describe, expect, test } from 'vitest'
import { subscriptionStateOf } from '../../../src/stripe/event/subscription-state.ts'

const price = (over: object = {}) => ({
  id: 'price_std',
  object: 'price',
  product: 'prod_std',
  currency: 'usd',
  billing_scheme: 'per_unit',
  unit_amount: 2000,
  unit_amount_decimal: '2000',
  recurring: { interval: 'month', interval_count: 1, usage_type: 'licensed' },
  ...over,
})
const plan = (over: object = {}) => ({
  id: 'price_std',
  object: 'plan',
  product: 'prod_std',
  currency: 'usd',
  amount: 2000,
  interval: 'month',
  interval_count: 1,
  ...over,
})
const item = (over: object = {}) => ({
  id: 'si_1',
  object: 'subscription_item',
  price: price(),
  quantity: 3,
  ...over,
})
const subscription = (over: object = {}) => ({
  id: 'sub_1',
  object: 'subscription',
  customer: 'cus_1',
  status: 'active',
  items: { object: 'list', data: [item({ current_period_end: 1_792_000_000 })], has_more: false },
  cancel_at: null,
  cancel_at_period_end: false,
  pause_collection: null,
  trial_end: null,
  ended_at: null,
  metadata: {},
  ...over,
})
const listOf = (...data: object[]) => ({ object: 'list', data })

function read(over: object) {
  const state = subscriptionStateOf(subscription(over))
  if ('unreadable' in state) throw new Error(state.unreadable)
  return state
}
const STANDARD = {
  item: 'si_1',
  price: 'price_std',
  product: 'prod_std',
  quantity: 3,
  amount: 2000,
  currency: 'usd',
  interval: 'month',
  intervalCount: 1,
}

describe('one shape for every API version', () => {
  test('2025 and later: price on the item, period on the item', () => {
    expect(read({})).toEqual({
      subscription: 'sub_1',
      customer: 'cus_1',
      status: 'active',
      items: [STANDARD],
      itemsComplete: true,
      cancelAt: null,
      pause: null,
      trialEnd: null,
      periodEnd: 1_792_000_000,
      endedAt: null,
      organization: null,
    })
  })

  test('2020: plan and price on the item, period on top; the price is what Stripe bills by', () => {
    const items = listOf(item({ plan: plan({ id: 'plan_old', amount: 1 }) }))
    expect(read({ items, current_period_end: 1_791_000_000 })).toMatchObject({
      items: [STANDARD],
      periodEnd: 1_791_000_000,
    })
  })

  test('2016 to 2019: only a plan on the item', () => {
    expect(read({ items: listOf(item({ price: undefined, plan: plan() })) }).items).toEqual([STANDARD])
  })

  test('2014: plan and quantity on top and no items: one item that is named after the subscription', () => {
    const state = read({ items: undefined, plan: plan({ product: undefined }), quantity: 3 })
    expect(state.items).toEqual([{ ...STANDARD, item: 'si_of_sub_1', product: null }])
    expect(state.itemsComplete).toBe(true)
  })

  test('the customer and the product may come expanded, and the customer deleted', () => {
    const state = read({
      customer: { id: 'cus_1', deleted: true },
      items: listOf(item({ price: price({ product: { id: 'prod_std' } }) })),
    })
    expect(state).toMatchObject({ customer: 'cus_1', items: [STANDARD] })
  })

  test('a single item without quantity takes the one beside the plan; of several, none does', () => {
    const bare = item({ quantity: undefined })
    expect(read({ items: listOf(bare), quantity: 5 }).items[0]?.quantity).toBe(5)
    const two = read({ items: listOf(bare, item({ id: 'si_2' })), quantity: 5 })
    expect(two.items.map((i) => i.quantity)).toEqual([null, 3])
  })

  test('an empty list of items is an empty list', () => {
    expect(read({ items: listOf(), plan: plan() }).items).toEqual([])
  })

  test('items stand in the order of their ids, whatever order they came in', () => {
    const state = read({ items: listOf(item({ id: 'si_b' }), item({ id: 'si_B' }), item({ id: 'si_a' })) })
    expect(state.items.map((i) => i.item)).toEqual(['si_B', 'si_a', 'si_b'])
  })

  test('a list that was cut off says so', () => {
    expect(read({ items: { data: [item()], has_more: true } }).itemsComplete).toBe(false)
  })

  test('a status never seen is kept as it is told', () => {
    expect(read({ status: 'hibernating' }).status).toBe('hibernating')
  })
})

describe('what a unit costs', () => {
  test.each([
    ['whole minor units', {}, 2000],
    ['decimals, where only they are told', { unit_amount: null, unit_amount_decimal: '0.05' }, 0.05],
    ['nothing, for tiers', { billing_scheme: 'tiered' }, null],
    ['nothing, for metered usage', { recurring: { interval: 'month', usage_type: 'metered' } }, null],
    ['nothing, for packages', { transform_quantity: { divide_by: 10, round: 'up' } }, null],
    ['nothing, where nothing is told', { unit_amount: null, unit_amount_decimal: null }, null],
  ])('%s', (_, over, amount) => {
    expect(read({ items: listOf(item({ price: price(over) })) }).items[0]?.amount).toBe(amount)
  })
})

describe('a scheduled cancellation is one date', () => {
  const items = listOf(
    item({ current_period_end: 1_792_000_000 }),
    item({ id: 'si_2', current_period_end: 1_793_000_000 }),
  )
  test.each([
    ['cancel_at', { cancel_at: 1_795_000_000 }, 1_795_000_000],
    ['cancel_at before the flag', { cancel_at: 1_795_000_000, cancel_at_period_end: true }, 1_795_000_000],
    [
      'the flag: the end of the period',
      { cancel_at_period_end: true, current_period_end: 1_791_000_000 },
      1_791_000_000,
    ],
    ['the flag, periods on the items: the last of them', { cancel_at_period_end: true }, 1_793_000_000],
    ['neither', {}, null],
  ])('%s', (_, over, cancelAt) => {
    expect(read({ items, ...over }).cancelAt).toBe(cancelAt)
  })

  test('of several periods, the first to end is when Stripe must next say something', () => {
    expect(read({ items }).periodEnd).toBe(1_792_000_000)
  })
})

test('a pause keeps its behavior and the time at which it resumes', () => {
  expect(read({ pause_collection: { behavior: 'void', resumes_at: null } }).pause).toEqual({
    behavior: 'void',
    resumesAt: null,
  })
  expect(read({ pause_collection: { behavior: 'void', resumes_at: 9 } }).pause).toEqual({
    behavior: 'void',
    resumesAt: 9,
  })
})

test('metadata.organization is trimmed, and nothing where it says nothing', () => {
  expect(read({ metadata: { organization: ' org-7 ' } }).organization).toBe('org-7')
  for (const metadata of [null, {}, { organization: ' ' }, { organization: 'x'.repeat(256) }]) {
    expect(read({ metadata }).organization).toBeNull()
  }
})

describe('what no version writes is unreadable, with the field that says why', () => {
  const one = (over: object) => ({ items: listOf(item(over)) })
  test.each([
    [{ object: 'invoice' }, 'not a subscription'],
    [{ id: undefined }, 'id:'],
    [{ id: 'sub\0' }, 'id:'],
    [{ status: null }, 'status:'],
    [{ status: 'active\ud800' }, 'status:'],
    [{ items: undefined }, 'neither items nor a plan'],
    [{ items: [] }, 'items: expected a list'],
    [{ items: listOf([]) }, 'items: expected objects'],
    [one({ id: undefined }), 'items: an id is missing'],
    [one({ price: undefined }), 'si_1 has neither price nor plan'],
    [one({ price: price({ id: '' }) }), 'si_1 has neither price nor plan'],
    [one({ quantity: '3' }), 'quantity of si_1'],
    [one({ quantity: -1 }), 'quantity of si_1'],
    [one({ quantity: 2 ** 53 }), 'quantity of si_1'],
    [one({ price: price({ unit_amount: 2 ** 53 }) }), 'amount of si_1'],
    [one({ price: price({ unit_amount: null, unit_amount_decimal: '1e400' }) }), 'amount of si_1'],
    [one({ price: price({ recurring: { interval_count: 0 } }) }), 'interval_count of si_1'],
    [{ items: listOf(item(), item()) }, 'items: two share the id si_1'],
    [{ cancel_at: 1.5 }, 'cancel_at:'],
    [{ trial_end: 'soon' }, 'trial_end:'],
    [{ current_period_end: 253_402_300_800 }, 'current_period_end:'],
    [{ pause_collection: true }, 'pause_collection:'],
    [{ pause_collection: { behavior: null } }, 'pause_collection:'],
  ])('%j: %s', (over, reason) => {
    expect(subscriptionStateOf(subscription(over))).toEqual({ unreadable: expect.stringContaining(reason) })
  })

  test.each([null, undefined, [], 'sub_1', 5])('%j is not an object', (value) => {
    expect(subscriptionStateOf(value)).toEqual({ unreadable: 'not an object' })
  })
})
