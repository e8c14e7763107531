import { afterEach, beforeEach, expect, test } from 'vitest'
import { replayMissed } from '../../../src/stripe/missed/replay-missed.ts'
import { newWorld, type World } from '../../support/world.ts'
import { fakeEvents } from './fake-events.ts'

let world: World
beforeEach(async () => {
  world = await newWorld()
})
afterEach(() => world.close())

const HOUR = 3600
const now = Math.floor(Date.now() / 1000)
const from = now - 48 * HOUR
/** One event every ten minutes for two days. */
const everyTenMinutes = Array.from({ length: 288 }, (_, n) => from + n * 600)
const heard = async () => true
const range = { from, until: now, ring: heard, resume: true }
const stored = async () => (await world.owner`select from stripe.events`).length
const walks = () =>
  world.owner<{ taken: number; finished: boolean }[]>`
    select taken, finished_at is not null as finished from stripe.missed_walks order by began_at`

/** Stops when so many are stored, as Ctrl-C between two steps does. */
async function cutOff(api: ReturnType<typeof fakeEvents>['api'], after: number): Promise<void> {
  const stop = new AbortController()
  const onProgress = async () => {
    if ((await stored()) >= after) stop.abort(new Error('told to stop'))
  }
  const ringing = async () => {
    await onProgress()
    return true
  }
  await expect(
    replayMissed(world.app, api, { ...range, ring: ringing, signal: stop.signal }),
  ).rejects.toThrow('told to stop')
}

test('what is missing is taken in, counted by type, and the second time there is nothing left', async () => {
  const { api } = fakeEvents(everyTenMinutes)
  const first = await replayMissed(world.app, api, range)
  expect(first).toMatchObject({ listed: 288, missing: 288, taken: 288, heard: true, goesOnFrom: null })
  expect([...first.byType]).toEqual([['customer.subscription.created', 288]])
  const second = await replayMissed(world.app, api, range)
  expect(second).toMatchObject({ listed: 288, missing: 0, taken: 0 })
  expect(await stored()).toBe(288)
  expect(await walks()).toEqual([
    { taken: 288, finished: true },
    { taken: 0, finished: true },
  ])
})

test('a look takes nothing in and remembers nothing', async () => {
  const { api } = fakeEvents(everyTenMinutes)
  const looked = await replayMissed(world.app, api, { ...range, ring: null })
  expect(looked).toMatchObject({ missing: 288, taken: 0 })
  expect([await stored(), await walks()]).toEqual([0, []])
})

test('one that was cut off goes on where it had come to, and does not read again what it has read', async () => {
  const { api, asked } = fakeEvents(everyTenMinutes)
  await cutOff(api, 60)
  const had = await stored()
  expect(had).toBeGreaterThanOrEqual(60)
  expect(had).toBeLessThan(288)
  asked.length = 0
  // The range of a later run with the same --since begins a little later.
  const rest = await replayMissed(world.app, api, { ...range, from: from + 5 })
  expect(rest.goesOnFrom).not.toBeNull()
  expect(asked[0]!.from).toBeGreaterThan(from + 6 * HOUR)
  expect(rest.taken).toBe(288 - had)
  expect(await walks()).toEqual([{ taken: 288, finished: true }])
})

test('it begins anew for a time that the one cut off did not begin with, when nobody asked to go on, and after a day', async () => {
  const { api, asked } = fakeEvents(everyTenMinutes)
  await cutOff(api, 60)
  asked.length = 0
  await replayMissed(world.app, api, { ...range, from: from - HOUR })
  expect(asked[0]!.from).toBe(from - HOUR)
  asked.length = 0
  await replayMissed(world.app, api, { ...range, resume: false })
  expect(asked[0]!.from).toBe(from)
  await world.owner`update stripe.missed_walks set updated_at = now() - interval '25 hours'`
  asked.length = 0
  await replayMissed(world.app, api, range)
  expect(asked[0]!.from).toBe(from)
})

test('what Stripe’s list may have lacked when it was read is read again', async () => {
  const recent = Array.from({ length: 120 }, (_, n) => now - 1200 + n * 10)
  const { api, asked } = fakeEvents(recent)
  await world.owner`
    insert into stripe.missed_walks (walk_from, walk_until, walked_until)
    values (to_timestamp(${from}), to_timestamp(${now}), to_timestamp(${now - 5}))`
  await replayMissed(world.app, api, range)
  expect(asked[0]!.from).toBeLessThanOrEqual(now - 590)
  expect(asked[0]!.from).toBeGreaterThan(now - 1200)
})

test('a window that could not be stored is not counted as walked: the next replay brings all of it', async () => {
  const { api } = fakeEvents(everyTenMinutes)
  await world.owner`alter table stripe.events add constraint full_disk check (false) not valid`
  await expect(replayMissed(world.app, api, range)).rejects.toMatchObject({ code: 'inbox_unavailable' })
  await world.owner`alter table stripe.events drop constraint full_disk`
  expect(await replayMissed(world.app, api, range)).toMatchObject({ taken: 288 })
})

test('two at once store each event once, and tell together how many', async () => {
  const { api } = fakeEvents(everyTenMinutes)
  const both = await Promise.all([replayMissed(world.app, api, range), replayMissed(world.app, api, range)])
  expect(both[0].taken + both[1].taken).toBe(288)
  expect(await stored()).toBe(288)
})
