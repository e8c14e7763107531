import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Tx } from '../../../src/db/types.ts'
import { readsByIndex } from '../../../src/db/worker-settings.ts'
import { releaseWaiting } from '../../../src/stripe/inbox/event-writes.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'

let db: TestDatabase

/** 400 customers whose subscription has a checkout and four events of its trail, all of which wait. */
beforeAll(async () => {
  db = await testDatabase()
  await db.owner`
    insert into stripe.events
      (event_id, type, mode, created_at, body_hash, stripe_customer_id, stripe_subscription_id, trail_kind)
    select
      'evt_' || g, 'any', 'test', now(), 'x', 'cus_' || g / 5, 'sub_' || g / 5, case when g % 5 > 0 then 'edge' end
    from generate_series(0, 1999) g`
  await db.owner`
    insert into stripe.subscriptions (stripe_subscription_id, stripe_customer_id)
    select 'sub_' || g, 'cus_' || g from generate_series(0, 399) g`
  await db.owner`
    insert into stripe.event_writes (event_id, write, state, reason, waiting_on)
    select 'evt_' || g, 'enrollment', 'waiting', 'no_customer', 'customer:' || g / 5 from generate_series(0, 1999) g`
})
afterAll(() => db.close())

async function release(subscriptions: string[]): Promise<{ released: number; read: number }> {
  return db.app.begin(async (tx) => {
    await tx`select ${readsByIndex(tx)}`
    const before = await rowsRead(tx)
    const released = await releaseWaiting(tx, 'enrollment', subscriptions)
    return { released, read: (await rowsRead(tx)) - before }
  })
}

/** Rows of events and their markers that this connection has read so far. */
async function rowsRead(tx: Tx): Promise<number> {
  const [row] = await tx<{ read: number }[]>`
    select coalesce(sum(coalesce(idx_tup_fetch, 0) + seq_tup_read), 0)::int as read
    from pg_stat_xact_user_tables where relname in ('events', 'event_writes')`
  return row!.read
}

test('what waited for a subscription that is resolved now is done: its trail, and its checkout; nobody else’s', async () => {
  const { released } = await release(['sub_7', 'sub_8'])
  expect(released).toBe(10)
  const rows = await db.app<{ event: string }[]>`
    select event_id as event from stripe.event_writes where state = 'done' order by event_id collate "C"`
  expect(rows.map((row) => row.event)).toEqual(
    [35, 36, 37, 38, 39, 40, 41, 42, 43, 44].map((n) => `evt_${n}`),
  )
  expect(await release(['sub_7', 'sub_8', 'sub_unknown'])).toMatchObject({ released: 0 })
})

test('a backlog that waits costs nothing here: only the subscription’s own events are read', async () => {
  // With statistics or without: a fresh install has none.
  expect((await release(['sub_20'])).read).toBeLessThan(200)
  await db.owner`analyze stripe.events`
  await db.owner`analyze stripe.event_writes`
  expect((await release(['sub_21'])).read).toBeLessThan(200)
})
