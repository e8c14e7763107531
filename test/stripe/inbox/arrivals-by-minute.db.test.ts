import { afterAll, beforeAll, expect, test } from 'vitest'
import { arrivalsByMinute } from '../../../src/stripe/inbox/arrivals-by-minute.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'

const now = new Date('2027-03-01T12:00:30Z')
let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db.close())

test('an inbox without events is an hour of nothing', async () => {
  const minutes = await arrivalsByMinute(db.app, now)
  expect(minutes.length).toBe(60)
  expect(minutes.every(({ received, applied }) => received === 0 && applied === null)).toBe(true)
  expect([minutes[0]!.at, minutes[59]!.at]).toEqual([
    new Date('2027-03-01T11:01:00Z'),
    new Date('2027-03-01T12:00:00Z'),
  ])
})

test('each minute of the last hour counts its own events, what came just now among them, and how long those took that came to a tier', async () => {
  await db.owner`
    insert into stripe.events (event_id, type, mode, created_at, body_hash, received_at)
    select 'evt_' || n, 'invoice.paid', 'test', at, ''::bytea, at
    from (values
      (1, timestamptz '2027-03-01 11:00:59.999Z'), (2, timestamptz '2027-03-01 11:01:00Z'),
      (3, timestamptz '2027-03-01 11:30:10Z'), (4, timestamptz '2027-03-01 11:30:20Z'), (5, timestamptz '2027-03-01 11:30:59.999Z'),
      (6, timestamptz '2027-03-01 12:00:00Z'), (7, timestamptz '2027-03-01 12:00:30Z')) as e (n, at)
    order by n`
  await db.owner`
    insert into stripe.event_writes (event_id, write, state, reason, handled_at)
    select event_id, write, state, reason, received_at + took * interval '1 second'
    from (values
      ('evt_3', 'enrollment', 'done', null, 1.0), ('evt_4', 'enrollment', 'done', null, 3.0),
      ('evt_5', 'enrollment', 'parked', 'failed', 90.0), ('evt_3', 'subscription-changes', 'done', null, 60.0),
      ('evt_7', 'enrollment', 'done', null, 0.5)
    ) as w (event_id, write, state, reason, took) join stripe.events using (event_id)`
  const told = (await arrivalsByMinute(db.app, now)).filter(({ received }) => received > 0)
  expect(told).toEqual([
    { at: new Date('2027-03-01T11:01:00Z'), received: 1, applied: null },
    { at: new Date('2027-03-01T11:30:00Z'), received: 3, applied: { p50: 2, p99: expect.closeTo(2.98, 5) } },
    { at: new Date('2027-03-01T12:00:00Z'), received: 2, applied: { p50: 0.5, p99: 0.5 } },
  ])
})

test('a busy hour is told from a part of its rows, within a few percent', async () => {
  await db.owner`
    insert into stripe.events (event_id, type, mode, created_at, body_hash, received_at)
    select 'evt_busy_' || n, 'invoice.paid', 'test', now(), ''::bytea,
      timestamptz '2027-03-02 11:00:00Z' + n * interval '90 milliseconds'
    from generate_series(0, 39999) n order by n`
  const minutes = await arrivalsByMinute(db.app, new Date('2027-03-02T11:59:59Z'))
  for (const { received } of minutes) expect(Math.abs(received - 40_000 / 60)).toBeLessThan(40)
})
