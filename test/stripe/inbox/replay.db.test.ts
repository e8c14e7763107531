import { afterAll, beforeAll, expect, test } from 'vitest'
import { selectReplay } from '../../../src/stripe/inbox/replay.ts'
import { event, newWorld, subscription, type World } from '../../support/world.ts'

const T = 1_770_000_000

let world: World
beforeAll(async () => {
  world = await newWorld()
  const told = (n: number, type: string) =>
    event(type, subscription({ id: `sub_${n}`, customer: `cus_${n}` }), { id: `evt_${n}`, created: T + n })
  await world.deliver(told(3, 'customer.subscription.created'))
  await world.store(told(1, 'customer.subscription.created'), told(2, 'customer.subscription.deleted'))
})
afterAll(() => world.close())

test('named events and those of a time are told alike: both writes of each, in the order of arrival, so many at most', async () => {
  const seen = async (selection: Parameters<typeof selectReplay>[1], most: number | null = null) =>
    (await selectReplay(world.app, selection, most)).map(
      ({ event, write, state }) => `${event} ${write} ${state}`,
    )
  const range = (from: number, until: number, type: string | null = null) =>
    ({
      kind: 'range',
      from: new Date((T + from) * 1000),
      until: new Date((T + until) * 1000),
      type,
    }) as const
  const named = (...events: string[]) => ({ kind: 'events', events }) as const
  const all = [
    'evt_3 enrollment done',
    'evt_3 subscription-changes done',
    'evt_1 enrollment received',
    'evt_1 subscription-changes received',
    'evt_2 enrollment received',
    'evt_2 subscription-changes received',
  ]
  expect(await seen(range(1, 3))).toEqual(all)
  expect(await seen(named('evt_1', 'evt_2', 'evt_3', 'evt_nobody'))).toEqual(all)
  expect(await seen(range(2, 2))).toEqual(all.slice(4))
  expect(await seen(range(1, 3, 'customer.subscription.deleted'))).toEqual(all.slice(4))
  expect(await seen(named('evt_3'))).toEqual(all.slice(0, 2))
  for (const selection of [range(1, 3), named('evt_1', 'evt_3', 'evt_2')])
    expect(await seen(selection, 3)).toEqual(all.slice(0, 3))
})
