import { afterAll, beforeAll, expect, test } from 'vitest'
import { connect } from '../../src/db/connect.ts'
import { createInbox, type Inbox, type Unmarked } from '../../src/stripe/inbox/inbox.ts'
import type { WebServer } from '../../src/web/server.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { listeningApp } from './app-for-test.ts'
import { eventBody, nowSeconds, post } from './listening.ts'

let db: TestDatabase
let inbox: Inbox
let server: WebServer
let rung: Unmarked[] = []

beforeAll(async () => {
  db = await testDatabase()
  inbox = createInbox(db.app, { onStored: (unmarked) => rung.push(unmarked) })
  server = await listeningApp(db.app, { take: inbox.take })
})
afterAll(async () => {
  await server.close(100)
  await inbox.close()
  await db.close()
})

type Row = { type: string; body: Buffer; states: (string | null)[]; reasons: (string | null)[] }

async function rowOf(eventId: string): Promise<Row | undefined> {
  const [row] = await db.app<Row[]>`
    select e.type, b.body,
           array_agg(w.state order by w.write) as states, array_agg(w.reason order by w.write) as reasons
    from stripe.events e join stripe.event_bodies b using (event_id) left join stripe.event_writes w using (event_id)
    where e.event_id = ${eventId} group by e.type, b.body`
  return row
}

async function rows(): Promise<number> {
  const [counted] = await db.app<{ count: number }[]>`select count(*) from stripe.events`
  return counted!.count
}

test('when the answer is 200 the event is in the inbox, byte for byte', async () => {
  const body = eventBody('evt_kept', { note: 'ü 🎈' })
  expect(await (await post(server.url, { body })).json()).toEqual({ received: true, state: 'stored' })
  expect(Buffer.from((await rowOf('evt_kept'))!.body).toString()).toBe(body)
})

test('a duplicate is 200 and no second row, also when both come at once', async () => {
  const body = eventBody('evt_dup')
  const before = await rows()
  const answers = await Promise.all(
    Array.from({ length: 20 }, async () => (await post(server.url, { body })).json()),
  )
  expect(answers.filter((answer) => (answer as { state: string }).state === 'stored')).toHaveLength(1)
  expect(await rows()).toBe(before + 1)
})

test('the same id with another body is 200, the first is kept, and an alarm stands', async () => {
  const first = eventBody('evt_two_faces')
  const second = eventBody('evt_two_faces', { note: 'altered' })
  await post(server.url, { body: first })
  const answer = await post(server.url, { body: second })
  expect([answer.status, await answer.json()]).toEqual([200, { received: true, state: 'different_body' }])
  expect(Buffer.from((await rowOf('evt_two_faces'))!.body).toString()).toBe(first)
  const alarms = await db.app`select alarm_kind from stripe.alarms where subject = 'evt_two_faces'`
  expect(alarms).toEqual([{ alarmKind: 'same_id_other_body' }])
})

test('what was not signed leaves nothing behind', async () => {
  const before = await rows()
  for (const signature of [null, 't=1', `t=${nowSeconds()},v1=${'0'.repeat(64)}`]) {
    const answer = await post(server.url, {
      body: eventBody('evt_bad'),
      headers: { 'stripe-signature': signature },
    })
    expect(answer.status).toBe(400)
  }
  expect(await rows()).toBe(before)
})

test('a signed body that nobody can read is kept raw and parked, and rings nobody', async () => {
  rung = []
  const bodies = [
    '{"id":',
    '[1,2]',
    '['.repeat(10_000),
    eventBody('evt_\u0000nul'),
    eventBody('evt_s').replace('evt_s', 'evt_\\ud800'),
    eventBody('evt_i').replace(/"created":\d+/, '"created":9007199254740993'),
  ]
  for (const body of bodies) {
    const answer = await post(server.url, { body })
    expect([answer.status, await answer.json()]).toEqual([200, { received: true, state: 'stored' }])
    const [row] = await db.app<{ eventId: string }[]>`
      select event_id from stripe.event_bodies where body = ${Buffer.from(body)}`
    expect(row!.eventId).toMatch(/^raw_/)
    expect(await rowOf(row!.eventId)).toMatchObject({
      states: ['parked', 'parked'],
      reasons: ['unreadable', 'unreadable'],
    })
  }
  expect(rung).toEqual([])
})

test('strange things inside an object are kept as they came', async () => {
  const insides = [
    `{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
    '{"__proto__":{"polluted":true}}',
    '{"id":"prod_1","name":"\\u0000 \\ud800","amount":9007199254740993}',
  ]
  for (const [at, inside] of insides.entries()) {
    const body = eventBody(`evt_inside_${at}`).replace(/"object":\{[^}]*\}/, `"object":${inside}`)
    expect((await post(server.url, { body })).status).toBe(200)
    expect(Buffer.from((await rowOf(`evt_inside_${at}`))!.body).toString()).toBe(body)
  }
  expect(({} as Record<string, unknown>).polluted).toBeUndefined()
})

test('a thin event is kept and ignored', async () => {
  const body = JSON.stringify({
    id: 'evt_thin',
    object: 'v2.core.event',
    type: 'v1.billing.meter.no_meter_found',
    livemode: false,
    created: new Date().toISOString(),
  })
  expect((await post(server.url, { body })).status).toBe(200)
  expect(await rowOf('evt_thin')).toMatchObject({ states: ['ignored', 'ignored'], reasons: ['thin', 'thin'] })
})

test('without a database the answer is 503 within six seconds, and ready says so too', async () => {
  const away = connect('postgres://nobody:nothing@127.0.0.1:1/none', { connectTimeout: 1 })
  const lost = createInbox(away, { onStored: () => {}, timeoutMs: 2_000 })
  const app = await listeningApp(away, { take: lost.take })
  const before = Date.now()
  const answer = await post(app.url, { body: eventBody('evt_lost') })
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5'])
  expect(Date.now() - before).toBeLessThan(6_000)
  await app.close(100)
  await away.end({ timeout: 0 })
})
