import { afterAll, beforeAll, expect, test } from 'vitest'
import { event, subscription } from '../support/world.ts'
import { type CommandWorld, commandWorld, upgraded } from './replay-world.ts'

let world: CommandWorld
let told: { created: string; updated: string }
beforeAll(async () => {
  // Nobody is provisioned: cus_2 belongs to nobody.
  world = await commandWorld()
  told = await upgraded(world)
  world.parts.autoProvision = null
  await world.deliver(
    event('customer.subscription.created', subscription({ id: 'sub_2', customer: 'cus_2' }), { id: 'evt_2' }),
  )
  await world.store(
    event('customer.subscription.created', subscription({ id: 'sub_3', customer: 'cus_3' }), { id: 'evt_3' }),
  )
})
afterAll(() => world.close())

test('an organization is explained alike by its id, its customer and its subscription: place, holder, claims, history (R55, R67)', async () => {
  const byCustomer = await world.run('explain', 'cus_1', '--json')
  expect(byCustomer.code).toBe(0)
  const explained = byCustomer.json<{ organization: string }>()
  expect(explained).toMatchObject({
    organization: expect.stringMatching(/^[0-9a-f-]{36}$/),
    customers: ['cus_1'],
    ladders: [
      {
        ladder: 'core',
        product: 'pro',
        rank: 2,
        status: 'active',
        since: expect.stringMatching(/Z$/),
        holder: { kind: 'subscription', id: 'sub_1' },
        claims: [{ kind: 'subscription', id: 'sub_1', product: 'pro', wins: true }],
        history: [
          { type: 'initiate', from_rank: null, to_rank: 0, actor: 'system', reason: 'new organization' },
          {
            type: 'upgrade',
            from_rank: 0,
            to_rank: 2,
            actor: 'Stripe',
            cause: { kind: 'event', id: told.updated },
          },
        ],
      },
    ],
    subscriptions: [{ id: 'sub_1', status: 'active', unresolved: null }],
    waiting: [],
  })
  for (const id of ['sub_1', explained.organization]) {
    expect((await world.run('explain', id, '--json')).json()).toEqual(explained)
  }
})

test('a person reads a story: where it stands, why, what happened', async () => {
  const { stdout, code } = await world.run('explain', 'sub_1')
  expect(code).toBe(0)
  expect(stdout).toMatch(/On ladder core: pro \(rank 2\), active, since .*Z, held by subscription sub_1/)
  expect(stdout).toContain('wins   subscription sub_1 claims pro (rank 2): the best live claim')
  expect(stdout).toMatch(/upgrade +public-tier → pro +Stripe +Subscription is active +event evt_/)
  expect(stdout).toMatch(/Nothing is waiting\.\n$/)
})

test('a customer who belongs to nobody stands nowhere, and it says what each event waits on', async () => {
  for (const id of ['cus_2', 'sub_2']) {
    const { json, code } = await world.run('explain', id, '--json')
    expect(code).toBe(0)
    expect(json()).toMatchObject({
      organization: null,
      ladders: [],
      subscriptions: [{ id: 'sub_2', unresolved: 'unknown_customer' }],
      waiting: [
        {
          event: 'evt_2',
          write: 'enrollment',
          state: 'waiting',
          on: 'customer:cus_2',
          reason: 'unknown_customer',
        },
        { event: 'evt_2', write: 'subscription-changes', state: 'waiting', on: 'customer:cus_2' },
      ],
    })
  }
  const { stdout } = await world.run('explain', 'cus_2')
  expect(stdout).toContain('cus_2: linked to no organization yet, so it stands on no ladder.')
  expect(stdout).toContain(
    'evt_2 (customer.subscription.created), enrollment: waits on customer:cus_2 (unknown_customer)',
  )
})

test('an event that nobody took up yet is shown as received, found by a subscription that only the inbox knows', async () => {
  const { json } = await world.run('explain', 'sub_3', '--json')
  expect(json()).toMatchObject({
    organization: null,
    customers: ['cus_3'],
    waiting: [
      { event: 'evt_3', write: 'enrollment', state: 'received', on: null },
      { event: 'evt_3', write: 'subscription-changes', state: 'received' },
    ],
  })
})

test('an id that says nothing here is answered with a sentence and exit code 1, and no id at all with 2', async () => {
  const unknown = await world.runApart('explain', 'cus_nobody', '--json')
  const none = await world.run('explain')
  expect(unknown.code).toBe(1)
  expect(unknown.json()).toMatchObject({ error: { code: 'not_known' } })
  expect(unknown.stderr).toContain('Nothing is known of cus_nobody')
  expect(none.code).toBe(2)
})
