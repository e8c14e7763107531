import { afterAll, beforeAll, expect, test } from 'vitest'
import { trailNeighbours } from '../../../src/stripe/inbox/trail-neighbours.ts'
import { event, newWorld, subscription, type World } from '../../support/world.ts'

let world: World

beforeAll(async () => {
  world = await newWorld()
})
afterAll(() => world.close())

test('around an event stand its subscription’s, as Stripe dates them, so many on either side', async () => {
  const at = 1_780_000_000
  const told = (id: string, created: number, more = {}) =>
    event('customer.subscription.updated', subscription(more), { id, created, previous: {} })
  // Arrived in another order than they were made; two were made in one second.
  await world.store(told('evt_4', at + 30), told('evt_1', at), told('evt_2', at + 10), told('evt_3', at + 10))
  await world.store(told('evt_5', at + 40), told('evt_other', at + 10, { id: 'sub_2' }))
  await world.store(
    event('invoice.paid', { id: 'in_1', object: 'invoice', subscription: 'sub_1' }, { created: at + 20 }),
  )
  const around = async (id: string, each: number) => {
    const [row] = await world.app<{ subscription: string; created: Date; inboxId: number }[]>`
      select stripe_subscription_id as subscription, created_at as created, inbox_id
      from stripe.events where event_id = ${id}`
    return (await trailNeighbours(world.app, row!, each)).map((neighbour) => neighbour.event)
  }
  expect(await around('evt_3', 8)).toEqual(['evt_1', 'evt_2', 'evt_3', 'evt_4', 'evt_5'])
  expect(await around('evt_3', 1)).toEqual(['evt_2', 'evt_3', 'evt_4'])
  expect(await around('evt_1', 1)).toEqual(['evt_1', 'evt_2'])
})
