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
  const explained = byCustomer.json<{ organization: string; at: string }>()
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
    const { at: _, ...same } = (await world.run('explain', id, '--json')).json()
    expect({ at: explained.at, ...same }).toEqual(explained)
  }
})

test('a person reads a story: where it stands, why, what happened', async () => {
  const { stdout, code } = await world.run('explain', 'sub_1')
  expect(code).toBe(0)
  expect(stdout).toMatch(/On ladder core: pro \(rank 2\), active, since .*, held by subscription\s+sub_1/)
  expect(stdout).toContain('move    upgrade public-tier → pro, by Stripe: Subscription is active')
  expect(stdout).toContain('rule    A default counts only while nothing else claims the place.')
  expect(stdout).toContain(`cause   event ${told.updated} (customer.subscription.updated), made`)
  expect(stdout).toContain('wins    subscription sub_1 claims pro (rank 2): the best live claim')
  expect(stdout).toContain('Nothing is waiting.')
})

test('--at tells where it stood then: before it came, and by a duration that has passed', async () => {
  const before = await world.run('explain', 'cus_1', '--at', '2020-01-31', '--json')
  expect(before.code).toBe(0)
  expect(before.json()).toMatchObject({
    at: '2020-01-31T00:00:00.000Z',
    ladders: [{ ladder: 'core', product: null, brought_by: null, history: [] }],
  })
  const hourAgo = await world.run('explain', 'cus_1', '--at', '2h ago')
  expect(hourAgo.stdout).toContain('On ladder core: no place yet')
  const now = await world.run('explain', 'cus_1', '--at', new Date().toISOString(), '--json')
  expect(now.json()).toMatchObject({
    ladders: [{ product: 'pro', rank: 2, status: 'active', holder: { kind: 'subscription', id: 'sub_1' } }],
    known: { events: 2, not_yet: [], subscriptions: [{ id: 'sub_1', status: 'active' }] },
  })
})

test('a time ahead and a time that is none are refused with exit code 2', async () => {
  const ahead = await world.runApart('explain', 'cus_1', '--at', '2999-01-01')
  const none = await world.runApart('explain', 'cus_1', '--at', 'tomorrow')
  expect([ahead.code, none.code]).toEqual([2, 2])
  expect(ahead.stderr).toContain('has not come yet')
  expect(none.stderr).toContain('tomorrow')
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
  expect(stdout).toContain('evt_2 (customer.subscription.created)')
  expect(stdout).toContain('enrollment and subscription-changes: waits on customer:cus_2 (unknown_customer)')
  expect(stdout).toMatch(/what frees it: Say whose cus_2 is: /)
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
  const event = await world.runApart('explain', told.created)
  expect(event.code).toBe(1)
  expect(event.stderr).toContain('Next: It belongs to sub_1: stepladder explain sub_1')
  const none = await world.run('explain')
  expect(unknown.code).toBe(1)
  expect(unknown.json()).toMatchObject({ error: { code: 'not_known' } })
  expect(unknown.stderr).toContain('Nothing is known of cus_nobody')
  expect(none.code).toBe(2)
})
