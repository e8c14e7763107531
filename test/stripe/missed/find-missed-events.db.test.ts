import { afterEach, beforeEach, expect, test } from 'vitest'
import { findMissedEvents, type MissedBatch } from '../../../src/stripe/missed/find-missed-events.ts'
import { handledTypes } from '../../../src/stripe/missed/handled-types.ts'
import { event, newWorld, subscription, type World } from '../../support/world.ts'
import { fakeEvents } from './fake-events.ts'

let world: World
beforeEach(async () => {
  world = await newWorld()
})
afterEach(() => world.close())

const START = 1_790_000_000
const DAY = 86_400

async function found(api: ReturnType<typeof fakeEvents>['api'], from: number, until: number) {
  const batches: MissedBatch[] = []
  for await (const batch of findMissedEvents(world.app, api, { from, until })) batches.push(batch)
  return batches
}
const idsOf = (batches: readonly MissedBatch[]) =>
  batches.flatMap(({ missing }) => missing.map(({ id }) => String(id)))

test('what the inbox lacks is found by its id, the oldest first, and what it has is not', async () => {
  const { api, asked } = fakeEvents([0, 10, 10, 4000, 90_000, 2 * DAY].map((at) => START + at))
  for (const id of ['evt_1', 'evt_4'])
    await world.store(event('customer.subscription.created', subscription(), { id }))
  const batches = await found(api, START, START + 3 * DAY)
  expect(idsOf(batches)).toEqual(['evt_0', 'evt_2', 'evt_3', 'evt_5'])
  expect(batches.reduce((sum, { listed }) => sum + listed, 0)).toBe(6)
  expect(batches.at(-1)!.walkedUntil).toBe(START + 3 * DAY)
  expect(asked[0]!.types).toEqual(handledTypes)
  expect(handledTypes.length).toBeLessThanOrEqual(20)
})

test('the windows cover every second once, both ends included, and grow where little happens', async () => {
  const { api, asked } = fakeEvents([START, START + 30 * DAY])
  expect(idsOf(await found(api, START, START + 30 * DAY))).toEqual(['evt_0', 'evt_1'])
  expect(asked[0]!.from).toBe(START)
  expect(asked.at(-1)!.until).toBe(START + 30 * DAY)
  for (const [n, window] of asked.entries()) if (n > 0) expect(window.from).toBe(asked[n - 1]!.until + 1)
  expect(asked.length).toBeLessThan(45)
})

test('where much happens windows shrink: never more than a thousand events are held, and none is lost', async () => {
  const busy = Array.from({ length: 5000 }, (_, n) => START + Math.floor(n / 3))
  const { api, asked } = fakeEvents(busy)
  const batches = await found(api, START, START + 3600)
  expect(idsOf(batches)).toHaveLength(5000)
  expect(new Set(idsOf(batches)).size).toBe(5000)
  for (const { missing } of batches) expect(missing.length).toBeLessThanOrEqual(1000)
  expect(asked.length).toBeLessThan(20)
  const times = batches.flatMap(({ missing }) => missing.map(({ created }) => Number(created)))
  expect(times).toEqual(times.toSorted((a, b) => a - b))
})

test('one second that holds more than that is not cut', async () => {
  const { api } = fakeEvents([START, ...Array.from({ length: 1500 }, () => START + 1), START + 2])
  const batches = await found(api, START, START + 3600)
  expect(idsOf(batches)).toHaveLength(1502)
})

test('a stop ends the walk with its own reason', async () => {
  const { api } = fakeEvents([START])
  const signal = AbortSignal.abort(new Error('told to stop'))
  const walk = findMissedEvents(world.app, api, { from: START, until: START + 1, signal })
  await expect(walk.next()).rejects.toThrow('told to stop')
})
