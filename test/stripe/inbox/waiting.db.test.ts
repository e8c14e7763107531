import { afterAll, beforeAll, expect, test } from 'vitest'
import { clearAlarm, clearAlarmsAbout, openAlarms, raiseAlarm } from '../../../src/stripe/alarms.ts'
import { linkCustomers } from '../../../src/stripe/customers/customers.ts'
import { listWaiting, parkedByReason, wake } from '../../../src/stripe/inbox/waiting.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { putEvent, putMarker } from './inbox-fixture.ts'

let db: TestDatabase
let organizationId: string
let waiting: string
let parked: string
beforeAll(async () => {
  db = await testDatabase()
  await db.app`insert into organization.org_types (org_type_key, name) values ('coop', 'Co-op')`
  const places = await db.app.begin((tx) =>
    linkCustomers(tx, [{ customer: 'cus_1', reference: null, by: 'metadata' }], 'coop'),
  )
  organizationId = (places.get('cus_1') as { organizationId: string }).organizationId
  waiting = await putEvent(db.app, { customer: 'cus_1', subscription: 'sub_1' })
  parked = await putEvent(db.app, { customer: 'cus_2', subscription: 'sub_2' })
  await putMarker(db.app, waiting, 'price:price_1')
  await putMarker(db.app, waiting, 'price:price_1', 'subscription-changes')
  await db.app`
    insert into stripe.event_writes (event_id, write, state, reason, detail)
    values (${parked}, 'enrollment', 'parked', 'failed', 'why')
  `
  const done = await putEvent(db.app, { customer: 'cus_1' })
  await db.app`insert into stripe.event_writes (event_id, write, state) values (${done}, 'enrollment', 'done')`
})
afterAll(() => db.close())

test('what is held is listed with why and for what, and can be asked for by each', async () => {
  const all = await listWaiting(db.app)
  expect(all.map(({ event, write, state }) => [event, write, state])).toEqual([
    [waiting, 'enrollment', 'waiting'],
    [waiting, 'subscription-changes', 'waiting'],
    [parked, 'enrollment', 'parked'],
  ])
  expect(all[2]).toMatchObject({ reason: 'failed', detail: 'why', waitingOn: null, subscription: 'sub_2' })
  const found = async (filter: Parameters<typeof listWaiting>[1]) =>
    (await listWaiting(db.app, filter)).map(({ event }) => event)
  expect(await found({ on: 'price:price_1' })).toEqual([waiting, waiting])
  expect(await found({ on: 'price:price_2' })).toEqual([])
  expect(await found({ state: 'parked' })).toEqual([parked])
  expect(await found({ reason: 'failed' })).toEqual([parked])
  expect(await found({ organizationId })).toEqual([waiting, waiting])
  expect(await found({ customer: 'cus_2' })).toEqual([parked])
  expect(await found({ subscription: 'sub_1', limit: 1 })).toEqual([waiting])
})

test('what is held is counted by reason and by what kind of thing it waits for', async () => {
  expect(await parkedByReason(db.app)).toEqual([
    { write: 'enrollment', state: 'parked', reason: 'failed', onKind: null, count: 1 },
    { write: 'enrollment', state: 'waiting', reason: 'fixture', onKind: 'price', count: 1 },
    { write: 'subscription-changes', state: 'waiting', reason: 'fixture', onKind: 'price', count: 1 },
  ])
})

test('waking makes both writes due once, and nothing else', async () => {
  const woken = () => db.app.begin((tx) => wake(tx, ['price:price_1', 'price:price_2']))
  expect(await woken()).toBe(2)
  expect(await woken()).toBe(0)
  expect((await listWaiting(db.app, { state: 'parked' }))[0]!.dueAt).toBeNull()
})

test('an alarm is one row, counted when it happens again, open until its cause is gone, and open again after', async () => {
  await raiseAlarm(db.app, 'unmapped_price', 'price:p', 'first')
  await raiseAlarm(db.app, 'unmapped_price', 'price:p', 'second')
  await raiseAlarm(db.app, 'other', 'price:q', 'x')
  expect(await openAlarms(db.app)).toMatchObject([
    { kind: 'other', subject: 'price:q', times: 1 },
    { kind: 'unmapped_price', subject: 'price:p', detail: 'second', times: 2, clearedAt: null },
  ])
  expect(await clearAlarm(db.app, 'unmapped_price', 'price:p')).toBe(true)
  expect(await clearAlarm(db.app, 'unmapped_price', 'price:p')).toBe(false)
  expect(await clearAlarmsAbout(db.app, ['price:q', 'price:p'])).toBe(1)
  expect(await openAlarms(db.app)).toEqual([])
  await raiseAlarm(db.app, 'unmapped_price', 'price:p', 'third')
  expect(await openAlarms(db.app)).toMatchObject([{ times: 3, clearedAt: null }])
})
