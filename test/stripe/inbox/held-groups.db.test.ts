import { afterAll, beforeAll, expect, test } from 'vitest'
import { heldGroups } from '../../../src/stripe/inbox/held-groups.ts'
import { event, newWorld, subscription, type World } from '../../support/world.ts'

let world: World
let tenant: string
beforeAll(async () => {
  world = await newWorld()
  const [row] = await world.owner<{ id: string }[]>`
    select tenant_id as id from organization.tenants where tenant_key = 'default'`
  tenant = row!.id
})
afterAll(() => world.close())

const groups = async (of = tenant) =>
  (await heldGroups(world.app, of, 10)).map(
    ({ state, reason, on, writes, subscriptions, customers, event: first }) =>
      ({ state, reason, on, writes, subscriptions, customers, event: first }) as const,
  )

test('nothing is held where nothing came', async () => {
  expect(await groups()).toEqual([])
})

test('what waits on one thing is one group, whoever’s it is, and the first to arrive is named', async () => {
  const unmapped = (n: number) =>
    event(
      'customer.subscription.created',
      subscription({ id: `sub_${n}`, customer: `cus_${n}`, items: [[`si_${n}`, 'price_new']] }),
      { id: `evt_new_${n}` },
    )
  await world.deliver(unmapped(1), unmapped(2), unmapped(3))
  expect(await groups()).toEqual([
    {
      state: 'waiting',
      reason: 'unmapped_price',
      on: 'price:price_new',
      writes: 3,
      subscriptions: 3,
      customers: 3,
      event: 'evt_new_1',
    },
  ])
})

test('what is parked stands by its reason, beside what waits', async () => {
  await world.owner`
    update stripe.event_writes set state = 'parked', reason = 'failed'
    where event_id in ('evt_new_1', 'evt_new_2') and write = 'subscription-changes'`
  expect((await groups()).map(({ state, on, writes }) => [state, on, writes])).toEqual([
    ['waiting', 'price:price_new', 3],
    ['parked', null, 2],
  ])
})

test('what another tenant’s customers wait for is not there', async () => {
  const [other] = await world.owner<{ id: string }[]>`
    insert into organization.tenants (tenant_key, name) values ('other', 'Other') returning tenant_id as id`
  expect(await groups(other!.id)).toEqual([])
})
