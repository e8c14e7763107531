import { afterAll, beforeAll, expect, test } from 'vitest'
import { raiseAlarm } from '../../../src/stripe/alarms.ts'
import { eventStory } from '../../../src/stripe/inbox/event-story.ts'
import { event, newWorld, PRICES, subscription, type World } from '../../support/world.ts'

const T = Math.floor(Date.now() / 1000) - 7200

let world: World
beforeAll(async () => {
  world = await newWorld()
  const standard = subscription()
  const pro = subscription({ items: [['si_1', PRICES.pro]] })
  const itemsOf = (it: Record<string, unknown>) => ({ items: it.items as object })
  await world.deliver(event('customer.subscription.created', standard, { id: 'evt_created', created: T }))
  // The way back to Standard comes before the way up: an hour apart at Stripe, the other way round here.
  await world.deliver(
    event('customer.subscription.updated', standard, {
      id: 'evt_down',
      created: T + 3600,
      previous: itemsOf(pro),
    }),
  )
  await world.deliver(
    event('customer.subscription.updated', pro, {
      id: 'evt_up',
      created: T + 60,
      previous: itemsOf(standard),
    }),
  )
})
afterAll(() => world.close())

test('an event tells both writes, the move that it made, its change row and the default that it replaced', async () => {
  const story = await eventStory(world.app, 'evt_created')
  expect(story).toMatchObject({
    type: 'customer.subscription.created',
    mode: 'test',
    source: 'webhook',
    subscription: 'sub_1',
    customer: 'cus_1',
    organization: { linkedBy: 'auto_provision' },
    trailKind: 'root',
    bodyKept: true,
    writes: [
      { write: 'enrollment', state: 'done', attempts: 1, waitingOn: null },
      { write: 'subscription-changes', state: 'done', attempts: 1 },
    ],
    caused: {
      transitions: [
        {
          ladder: 'core',
          type: 'upgrade',
          fromProduct: 'public-tier',
          toProduct: 'standard',
          actor: 'Stripe',
        },
      ],
      changes: [{ kind: 'created', duplicateOf: null }],
      grants: [{ product: 'public-tier', grantReason: 'default', outcome: 'superseded' }],
      alarms: [],
    },
  })
  expect(story!.arrival).toEqual({ secondsLate: expect.any(Number), overtakenBy: [] })
})

test('an event that came after one that Stripe dates later says by which it was overtaken, and how late it was', async () => {
  const { arrival, caused } = (await eventStory(world.app, 'evt_up'))!
  expect(arrival.overtakenBy).toEqual(['evt_down'])
  expect(arrival.secondsLate).toBeGreaterThanOrEqual(7200 - 60)
  expect(caused.transitions).toEqual([])
  expect(caused.changes).toMatchObject([{ kind: 'price' }])
  expect((await eventStory(world.app, 'evt_down'))!.arrival.overtakenBy).toEqual([])
})

test('what ends a subscription tells the default that it gave back', async () => {
  await world.deliver(
    event('customer.subscription.created', subscription({ id: 'sub_9', customer: 'cus_9' }), { created: T }),
    event(
      'customer.subscription.deleted',
      subscription({ id: 'sub_9', customer: 'cus_9', status: 'canceled' }),
      { id: 'evt_deleted', created: T + 60 },
    ),
  )
  await world.deliver(
    event('customer.subscription.created', subscription({ id: 'sub_8', customer: 'cus_8' }), { created: T }),
  )
  await world.deliver(
    event(
      'customer.subscription.deleted',
      subscription({ id: 'sub_8', customer: 'cus_8', status: 'canceled' }),
      { id: 'evt_later', created: T + 60 },
    ),
  )
  const { caused } = (await eventStory(world.app, 'evt_later'))!
  expect(caused.transitions.map(({ type }) => type)).toEqual(['end', 'initiate'])
  expect(caused.grants).toMatchObject([{ product: 'public-tier', outcome: 'given' }])
  // It was over before anybody took it up: nobody moved.
  expect((await eventStory(world.app, 'evt_deleted'))!.caused.transitions).toEqual([])
})

test('a write that waits says on what, with the alarm about it; one that nobody took up is received', async () => {
  world.parts.autoProvision = null
  await world.deliver(
    event('customer.subscription.created', subscription({ id: 'sub_2', customer: 'cus_2' }), { id: 'evt_2' }),
  )
  await world.store(
    event('customer.subscription.created', subscription({ id: 'sub_3', customer: 'cus_3' }), { id: 'evt_3' }),
  )
  await raiseAlarm(world.app, 'write_failed', 'evt_3', 'why')
  await world.owner`delete from stripe.event_bodies where event_id = 'evt_3'`

  expect(await eventStory(world.app, 'evt_2')).toMatchObject({
    organization: null,
    writes: [
      { state: 'waiting', reason: 'unknown_customer', waitingOn: 'customer:cus_2' },
      { state: 'waiting', waitingOn: 'customer:cus_2' },
    ],
    caused: { alarms: [{ kind: 'unknown_customer', subject: 'customer:cus_2', clearedAt: null }] },
  })
  expect(await eventStory(world.app, 'evt_3')).toMatchObject({
    bodyKept: false,
    writes: [
      { state: 'received', attempts: 0, handledAt: null },
      { state: 'received', attempts: 0 },
    ],
    caused: { alarms: [{ kind: 'write_failed', subject: 'evt_3' }] },
  })
  expect(await eventStory(world.app, 'evt_nobody')).toBeNull()
})
