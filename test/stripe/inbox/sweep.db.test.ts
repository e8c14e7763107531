import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Db } from '../../../src/db/types.ts'
import { silentLog } from '../../../src/log.ts'
import { markWrites, parkFailedWrites, type Write } from '../../../src/stripe/inbox/event-writes.ts'
import { type SweepBell, sweep, sweepOnce } from '../../../src/stripe/inbox/sweep.ts'
import { readSweepMarks } from '../../../src/stripe/inbox/sweep-page.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'

let db: TestDatabase
let app: Db
beforeAll(async () => {
  db = await testDatabase()
  app = db.app
})
afterAll(() => db.close())

const start = new Date('2026-06-01T12:00:00Z')
const at = (seconds: number) => new Date(start.getTime() + seconds * 1000)
let rung: Record<Write, number[]>
let looked: string[]
let deaf = false
const bell: SweepBell = {
  ring: async (ids, { queues }) => {
    if (!deaf) for (const write of queues) rung[write].push(...ids)
    return !deaf
  },
  ringSubscriptions: async (ids) => {
    if (!deaf) looked.push(...ids)
    return !deaf
  },
}

beforeEach(async () => {
  deaf = false
  listenAnew()
  await db.owner`truncate stripe.event_writes, stripe.events, stripe.sweep_marks, stripe.subscriptions cascade`
})
function listenAnew() {
  rung = { enrollment: [], 'subscription-changes': [] }
  looked = []
}

/** Rows as the inbox leaves them, without markers. Answers their inbox ids. */
async function stored(count: number, receivedAt: Date, prefix = 'evt'): Promise<number[]> {
  const rows = await app<{ inboxId: number }[]>`
    insert into stripe.events (event_id, type, mode, created_at, body_hash, received_at)
    select ${prefix} || '_' || n, 'customer.subscription.updated', 'test', ${receivedAt}, '\\x00', ${receivedAt}
    from generate_series(1, ${count}) n
    returning inbox_id`
  return rows.map((row) => row.inboxId)
}

async function done(write: Write, inboxIds: number[]): Promise<void> {
  const rows = await app<
    { eventId: string }[]
  >`select event_id from stripe.events where inbox_id = any(${inboxIds})`
  await app.begin((tx) =>
    markWrites(
      tx,
      write,
      rows.map(({ eventId }) => ({ eventId, state: 'done' })),
    ),
  )
}

test('a row that nobody handled is rung for, for the write that lacks its marker, and not while it is fresh', async () => {
  const [both, half, fresh] = [
    await stored(2, start, 'a'),
    await stored(2, start, 'b'),
    await stored(1, at(6), 'c'),
  ]
  await done('enrollment', half)
  await sweepOnce(app, bell, at(10))
  expect(rung).toEqual({ enrollment: both, 'subscription-changes': [...both, ...half] })
  listenAnew()
  await sweepOnce(app, bell, at(12))
  expect(rung).toEqual({ enrollment: fresh, 'subscription-changes': fresh })
})

test('while its queue is busy, a row is left to its job for a minute: a backlog is not rung for again', async () => {
  const ids = await stored(2, start)
  const busy: SweepBell = { ...bell, busy: async (write) => write === 'enrollment' }
  await sweepOnce(app, busy, at(10))
  expect(rung).toEqual({ enrollment: [], 'subscription-changes': ids })
  await sweepOnce(app, busy, at(62))
  expect(rung.enrollment).toEqual(ids)
})

test('what was rung for is left alone for a minute, then rung for again, until it is handled', async () => {
  const ids = await stored(3, start)
  for (const second of [10, 12, 14, 40, 69]) await sweepOnce(app, bell, at(second))
  expect(rung.enrollment).toEqual(ids)
  listenAnew()
  for (const second of [71, 73, 75]) await sweepOnce(app, bell, at(second))
  expect(rung.enrollment).toEqual(ids)
  await done('enrollment', ids)
  listenAnew()
  for (const second of [140, 142, 144]) await sweepOnce(app, bell, at(second))
  expect(rung).toEqual({ enrollment: [], 'subscription-changes': ids })
})

test('a bell that nobody heard is rung again at the next pass', async () => {
  const ids = await stored(3, start)
  deaf = true
  for (const second of [10, 12]) await sweepOnce(app, bell, at(second))
  deaf = false
  await sweepOnce(app, bell, at(14))
  expect(rung.enrollment).toEqual(ids)
})

test('the low-water mark follows what is handled, never past an open row nor into the last ten minutes', async () => {
  const old = await stored(10, start, 'old')
  const young = await stored(5, at(900), 'young')
  await done('enrollment', [...old.filter((_, i) => i !== 6), ...young])
  const marks = async () => (await readSweepMarks(app, start)).enrollment.lowWater
  await sweepOnce(app, bell, at(960))
  expect(await marks()).toBe(old[5])
  await done('enrollment', old)
  for (const second of [1021, 1023]) await sweepOnce(app, bell, at(second))
  expect(await marks()).toBe(old[9])
  for (const second of [1600, 1602]) await sweepOnce(app, bell, at(second))
  expect(await marks()).toBe(young[4])
})

test('a row that was committed late, under an id that the sweep has passed, is found in the next round', async () => {
  const slow = await db.owner.reserve()
  await slow`begin`
  const [late] = await slow<{ inboxId: number }[]>`
    insert into stripe.events (event_id, type, mode, created_at, body_hash, received_at)
    values ('evt_late', 'x', 'test', ${start}, '\\x00', ${start}) returning inbox_id`
  const ids = await stored(3, start)
  expect(ids[0]).toBeGreaterThan(late!.inboxId)
  await sweepOnce(app, bell, at(10))
  await done('enrollment', ids)
  await slow`commit`
  slow.release()
  listenAnew()
  for (const second of [71, 73, 75]) await sweepOnce(app, bell, at(second))
  expect(rung.enrollment).toEqual([late!.inboxId])
})

test('a backlog larger than a page is rung for page by page, each row once', async () => {
  const ids = await stored(9000, start)
  const passes = []
  for (let second = 10; second < 20; second++) passes.push(await sweepOnce(app, bell, at(second)))
  expect(passes.map((pass) => pass.forgotten).filter(Boolean)).toEqual([8192, 8192, 1616])
  expect(passes.slice(0, 3).map((pass) => pass.more)).toEqual([true, true, false])
  expect(rung.enrollment).toEqual(ids)
})

test('waiting and parked writes are not forgotten ones; when their time comes they are rung for, once a minute', async () => {
  const [waiting, parked, due] = await stored(3, start)
  await app.begin((tx) =>
    markWrites(tx, 'enrollment', [
      { eventId: 'evt_1', state: 'waiting', reason: 'price_not_in_catalog', waitingOn: 'price:p1' },
      {
        eventId: 'evt_3',
        state: 'waiting',
        reason: 'price_not_in_catalog',
        waitingOn: 'price:p2',
        dueAt: at(30),
      },
    ]),
  )
  await parkFailedWrites(
    app,
    'enrollment',
    [parked!],
    Object.assign(new Error('no such thing'), { code: '22P02' }),
  )
  for (const second of [10, 20, 29]) await sweepOnce(app, bell, at(second))
  expect(rung.enrollment).toEqual([])
  for (const second of [30, 32, 34, 89]) await sweepOnce(app, bell, at(second))
  expect(rung.enrollment).toEqual([due])
  await sweepOnce(app, bell, at(91))
  expect(rung.enrollment).toEqual([due, due])
  const [marker] = await app`select * from stripe.event_writes where event_id = 'evt_2'`
  expect(marker).toMatchObject({
    state: 'parked',
    reason: 'failed',
    detail: '22P02: no such thing',
    attempts: 1,
  })
  expect(waiting).toBeGreaterThan(0)
})

test('a write that is done is not parked by a straggler that failed', async () => {
  const ids = await stored(2, start)
  await done('enrollment', [ids[0]!])
  expect(await parkFailedWrites(app, 'enrollment', ids, new Error('late'))).toEqual(['evt_2'])
  await app.begin((tx) => markWrites(tx, 'enrollment', [{ eventId: 'evt_1', state: 'parked', reason: 'x' }]))
  const rows = await app`select event_id, state from stripe.event_writes order by 1`
  expect(rows.map((row) => row.state)).toEqual(['done', 'parked'])
})

test('subscriptions whose time has come are looked at again, once a minute, unless somebody holds them', async () => {
  await app`insert into stripe.subscriptions (stripe_subscription_id, resolve_at)
    values ('sub_1', ${at(5)}), ('sub_2', ${at(50)}), ('sub_3', null), ('sub_4', ${at(5)})`
  await db.owner.begin(async (tx) => {
    await tx`select from stripe.subscriptions where stripe_subscription_id = 'sub_4' for update`
    for (const second of [10, 20, 50, 52]) await sweepOnce(app, bell, at(second))
  })
  expect(looked).toEqual(['sub_1', 'sub_2'])
  await sweepOnce(app, bell, at(53))
  expect(looked).toEqual(['sub_1', 'sub_2', 'sub_4'])
})

test('one process sweeps at a time', async () => {
  await stored(2, start)
  await db.owner.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(hashtextextended('stepladder.sweep', 0))`
    expect(await sweepOnce(app, bell, at(10))).toMatchObject({ swept: false })
  })
  const passes = await Promise.all(Array.from({ length: 6 }, () => sweepOnce(app, bell, at(10))))
  expect(passes.some((pass) => pass.swept)).toBe(true)
})

test('the loop goes on after a fault and stops when it is told to', async () => {
  await stored(2, new Date(Date.now() - 60_000))
  const stop = new AbortController()
  let faults = 2
  const flaky: SweepBell = {
    ...bell,
    ring: async (ids, options) => {
      if (faults-- > 0) throw new Error('a fault')
      return bell.ring(ids, options)
    },
  }
  const swept = sweep(app, flaky, { log: silentLog, signal: stop.signal, everyMs: 20 })
  await expect.poll(() => rung.enrollment.length, { timeout: 5000 }).toBeGreaterThan(0)
  stop.abort()
  await swept
})

test('a sweep walks an index, on a fresh install whose empty inbox was analyzed too', async () => {
  await db.owner`analyze stripe.events, stripe.event_writes`
  const ids = await stored(20_000, start)
  await done('enrollment', ids)
  await done('subscription-changes', ids)
  const began = performance.now()
  for (const second of [10, 11, 12, 13, 14, 15]) await sweepOnce(app, bell, at(second))
  // 20 ms a pass; one that scans a table for each row takes half a minute.
  expect(performance.now() - began).toBeLessThan(5000)
})
