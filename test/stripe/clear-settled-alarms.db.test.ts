import { afterEach, expect, test } from 'vitest'
import { clearAlarm, openAlarms, raiseAlarm } from '../../src/stripe/alarms.ts'
import type { ApiAnswer } from '../../src/stripe/api/ask-subscription.ts'
import { clearSettledAlarms } from '../../src/stripe/clear-settled-alarms.ts'
import { subscriptionStateOf } from '../../src/stripe/event/subscription-state.ts'
import { markWrites, parkFailedWrites } from '../../src/stripe/inbox/event-writes.ts'
import {
  event,
  newWorld,
  PRICES,
  type SubscriptionSketch,
  subscription,
  type World,
} from '../support/world.ts'

let world: World
afterEach(() => world.close())

const T = Math.floor(Date.now() / 1000) - 10_000
const item = (price: string): SubscriptionSketch => ({ items: [['si_1', price]] })
const created = (sketch: SubscriptionSketch = {}) =>
  event('customer.subscription.created', subscription(sketch), { created: T })
function updated(from: string, to: string, at: number) {
  const previous = { items: subscription(item(from)).items as object }
  return event('customer.subscription.updated', subscription(item(to)), { created: at, previous })
}
const open = async () => (await openAlarms(world.app)).map(({ kind, subject }) => `${kind} ${subject}`).sort()
const after = (seconds: number) => {
  const at = new Date(Date.now() + seconds * 1000)
  world.parts.now = () => at
}
/** The beginning and the end of a trail, the step between them lost. */
const withHole = () => [created(item(PRICES.standard)), updated(PRICES.pro, PRICES.seats, T + 200)]
const missing = () => updated(PRICES.standard, PRICES.pro, T + 100)
const stripeSays = (answer: ApiAnswer) => ({ stripe: { subscription: async () => answer } })
const shows = (sketch: SubscriptionSketch): ApiAnswer => {
  const state = subscriptionStateOf(subscription(sketch))
  if ('unreadable' in state) throw new Error(state.unreadable)
  return { kind: 'found', state, date: T + 5000, elapsed: 0.1 }
}

test('an alarm about a thing is cleared once no write waits for it, and not before', async () => {
  world = await newWorld()
  await world.deliver(created({ items: [['si_1', 'price_new']] }))
  expect(await open()).toEqual(['unmapped_price price:price_new'])
  expect(await clearSettledAlarms(world.app)).toBe(0)
  await world.deliver(created({ id: 'sub_2', customer: 'cus_2', items: [['si_2', 'price_other']] }))
  // An upgrade to a price that is known settles it, and nobody has mapped the other one.
  await world.deliver(updated('price_new', PRICES.pro, T + 100))
  expect(await open()).toEqual(['unmapped_price price:price_new', 'unmapped_price price:price_other'])
  expect(await clearSettledAlarms(world.app)).toBe(1)
  expect(await open()).toEqual(['unmapped_price price:price_other'])
})

test('a write that failed is an alarm until it is made', async () => {
  world = await newWorld()
  const ids = await world.store(created())
  const [id] = await parkFailedWrites(world.app, 'enrollment', ids.enrollment, new Error('broken'))
  await raiseAlarm(world.app, 'write_failed', id!, 'enrollment: broken')
  expect(await clearSettledAlarms(world.app)).toBe(0)
  await world.app.begin((tx) => markWrites(tx, 'enrollment', [{ eventId: id!, state: 'done' }]))
  expect(await clearSettledAlarms(world.app)).toBe(1)
})

test('a subscription that could not be looked at is an alarm until it was', async () => {
  world = await newWorld()
  await world.deliver(created())
  await raiseAlarm(world.app, 'resolve_failed', 'sub_1', 'broken')
  expect(await clearSettledAlarms(world.app)).toBe(0)
  await world.look('sub_1')
  expect(await clearSettledAlarms(world.app)).toBe(1)
})

test('fetched changes that could not be written are an alarm until they are', async () => {
  world = await newWorld()
  await world.deliver(created())
  await world.owner`
    insert into stripe.fetches (stripe_subscription_id, window_from, window_until, state, lease_token)
    values ('sub_1', 1, 2, '{}', 1)
  `
  await raiseAlarm(world.app, 'fetched_changes_failed', 'sub_1', 'broken')
  expect(await clearSettledAlarms(world.app)).toBe(0)
  await world.app`update stripe.fetches set changes_due_at = null`
  expect(await clearSettledAlarms(world.app)).toBe(1)
})

test('what only a person can judge stays until a person clears it', async () => {
  world = await newWorld()
  for (const kind of [
    'same_id_other_body',
    'customer_link_conflict',
    'paid_above_ceiling',
    'of_a_later_version',
  ])
    await raiseAlarm(world.app, kind, 'customer:cus_1', '')
  await clearSettledAlarms(world.app)
  expect((await open()).map((alarm) => alarm.split(' ')[0])).toEqual([
    'customer_link_conflict',
    'paid_above_ceiling',
    'same_id_other_body',
  ])
  expect(await clearAlarm(world.app, 'paid_above_ceiling', 'customer:cus_1')).toBe(true)
})

test('without a key a hole past its grace is an alarm, in its grace it is none; the straggler settles it', async () => {
  world = await newWorld()
  await world.deliver(...withHole())
  after(9)
  await world.look('sub_1')
  expect(await open()).toEqual([])
  after(11)
  await world.look('sub_1')
  expect(await open()).toEqual(['unresolved_trail trail:sub_1'])
  expect(await openAlarms(world.app)).toMatchObject([{ detail: 'does_not_join' }])
  expect(await clearSettledAlarms(world.app)).toBe(0)
  await world.deliver(missing())
  expect(await clearSettledAlarms(world.app)).toBe(1)
})

test.each([
  ['does not answer', { kind: 'failed', why: 'timeout' }, 'Stripe did not answer'],
  ['does not know it', { kind: 'missing' }, 'not at Stripe'],
] as const)('with a key a hole is an alarm once Stripe was asked and %s', async (_, answer, why) => {
  world = await newWorld(stripeSays(answer))
  await world.deliver(...withHole())
  await world.look('sub_1')
  expect(await open()).toEqual([])
  after(11)
  await world.look('sub_1')
  expect(await openAlarms(world.app)).toMatchObject([
    { kind: 'unresolved_trail', subject: 'trail:sub_1', detail: `does_not_join: ${why}` },
  ])
})

test('with a key a hole that Stripe closes never was an alarm', async () => {
  world = await newWorld(stripeSays(shows(item(PRICES.pro))))
  await world.deliver(...withHole())
  after(11)
  await world.look('sub_1')
  expect(await world.tier('cus_1')).toBe('pro')
  expect(await world.app`select from stripe.alarms`).toHaveLength(0)
})

test('items that Stripe is asked for are an alarm only where its answer leaves them open, or there is none', async () => {
  const cut = () => created({ ...item(PRICES.standard), hasMore: true })
  world = await newWorld(
    stripeSays(
      shows({
        items: [
          ['si_1', PRICES.standard],
          ['si_2', PRICES.gold],
        ],
      }),
    ),
  )
  await world.deliver(cut())
  await world.look('sub_1')
  expect(await world.tier('cus_1', 'support')).toBe('gold')
  expect(await world.app`select from stripe.alarms`).toHaveLength(0)
  await world.close()

  world = await newWorld(stripeSays({ kind: 'failed', why: 'timeout' }))
  await world.deliver(cut())
  expect(await open()).toEqual([])
  await world.look('sub_1')
  expect(await open()).toEqual(['more_items items:sub_1'])
  await world.close()

  world = await newWorld(stripeSays(shows({ items: [] })))
  await world.deliver(created({ items: [] }))
  expect(await open()).toEqual([])
  await world.look('sub_1')
  expect(await open()).toEqual(['no_items items:sub_1'])
  await world.close()

  world = await newWorld()
  await world.deliver(cut())
  expect(await open()).toEqual(['more_items items:sub_1'])
})
