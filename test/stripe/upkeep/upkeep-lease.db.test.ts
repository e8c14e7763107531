import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { Refused, Unavailable } from '../../../src/errors.ts'
import { openAlarms } from '../../../src/stripe/alarms.ts'
import { doUpkeep } from '../../../src/stripe/upkeep/upkeep-lease.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db.close())
beforeEach(async () => {
  await db.owner`delete from stripe.upkeep`
  await db.owner`delete from stripe.alarms`
})

const never = new AbortController().signal
const away = new Unavailable('stripe_unavailable', 'Stripe did not answer', 'later')
const once = (work: (signal: AbortSignal) => Promise<void>, stop = never) =>
  doUpkeep(db.app, 'gap-watch', work, stop)
const failing = (error: unknown) => once(async () => Promise.reject(error))
const alarms = async () =>
  (await openAlarms(db.app)).map(({ kind, subject, detail }) => [kind, subject, detail])

test('while one process is at a task, another leaves it alone; two tasks do not wait for each other', async () => {
  const { first, end } = await underWay()
  expect(await once(async () => {})).toEqual({ kind: 'busy' })
  expect(await doUpkeep(db.app, 'notices', async () => {}, never)).toEqual({ kind: 'done' })
  end()
  expect(await first).toEqual({ kind: 'done' })
  expect(await once(async () => {})).toEqual({ kind: 'done' })
})

test('a process that died holds a task no longer than its lease; should it live after all, its end changes nothing', async () => {
  const { first: forgotten, end } = await underWay()
  await db.owner`update stripe.upkeep set lease_until = now() - interval '1 second'`
  let tokens: unknown
  const second = once(async () => {
    end()
    await forgotten
    tokens = await db.owner`select lease_token::int, lease_until > now() as held from stripe.upkeep`
  })
  expect(await second).toEqual({ kind: 'done' })
  expect(tokens).toEqual([{ leaseToken: 2, held: true }])
})

test('one failure is nobody’s alarm, the third in a row is, and ending well clears it', async () => {
  for (const expected of [0, 0, 1]) {
    expect(await failing(away)).toMatchObject({ kind: 'failed' })
    expect(await alarms()).toHaveLength(expected)
  }
  expect(await alarms()).toEqual([['upkeep_failed', 'gap-watch', 'stripe_unavailable, 3 times in a row']])
  await once(async () => {})
  expect(await alarms()).toEqual([])
  await failing(away)
  expect(await alarms()).toEqual([])
})

test('a key that Stripe does not take is told at once: trying again does not help', async () => {
  await failing(new Refused('stripe_key_refused', 'no', 'make one', 401))
  expect(await alarms()).toEqual([['upkeep_failed', 'gap-watch', 'stripe_key_refused']])
})

test('told to stop, it has not failed', async () => {
  const stop = new AbortController()
  const work = async (signal: AbortSignal) => {
    stop.abort()
    signal.throwIfAborted()
  }
  for (let n = 0; n < 4; n++) expect(await once(work, stop.signal)).toEqual({ kind: 'stopped' })
  expect(await alarms()).toEqual([])
  const [row] = await db.owner`select failures, lease_until, ended_well_at from stripe.upkeep`
  expect(row).toEqual({ failures: 0, leaseUntil: null, endedWellAt: null })
})

test('a database that is away is thrown, and counted against nobody', async () => {
  await expect(failing(Object.assign(new Error('gone'), { code: '57P01' }))).rejects.toThrow('gone')
  const [row] = await db.owner`select failures from stripe.upkeep`
  expect(row).toEqual({ failures: 0 })
})

/** A task that is being done, until its end is asked for. */
async function underWay() {
  let end = () => {}
  let begun = () => {}
  const long = new Promise<void>((resolve) => {
    end = resolve
  })
  const started = new Promise<void>((resolve) => {
    begun = resolve
  })
  const first = once(() => {
    begun()
    return long
  })
  await started
  return { first, end }
}
