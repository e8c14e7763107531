import { request } from 'node:http'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { connect } from '../../src/db/connect.ts'
import { countFetch, observeApplied } from '../../src/metrics.ts'
import type { WebServer } from '../../src/web/server.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { bearer, keyWithRole, listeningApp } from './app-for-test.ts'

let db: TestDatabase
let server: WebServer
const closing: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  db = await testDatabase()
  server = await listeningApp(db.app, {
    queues: [{ name: 'enrollment', counts: async () => ({ waiting: 3, failed: 1 }) }],
  })
  await db.app`
    insert into stripe.events (event_id, type, mode, created_at, body_hash)
    select 'evt_' || n, 'customer.subscription.updated', 'test', now(), ''::bytea from generate_series(1, 5) n`
  await db.app`
    insert into stripe.event_writes (event_id, write, state, reason, waiting_on) values
      ('evt_1', 'enrollment', 'done', null, null), ('evt_2', 'enrollment', 'parked', 'unreadable', null),
      ('evt_3', 'enrollment', 'waiting', 'price_unknown', 'price:price_1'),
      ('evt_1', 'subscription-changes', 'waiting', 'customer_unknown', 'customer:cus_1')`
  await db.app`insert into stripe.alarms (alarm_kind, subject) values ('same_id_other_body', 'evt_1')`
  await db.app`
    insert into stripe.subscriptions (stripe_subscription_id, unresolved, fetch_attempts)
    values ('sub_1', 'does_not_join', 1), ('sub_2', null, 0)`
})
afterAll(async () => {
  await server.close(100)
  await db.close()
})
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** fetch sets Host by itself; this says what it is told. */
function ask(path: string, headers: Record<string, string>): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const asking = request(server.url + path, { headers }, (response) => {
      let text = ''
      response.on('data', (data) => {
        text += data
      })
      response.on('end', () => resolve({ status: response.statusCode!, text }))
    })
    asking.on('error', reject).end()
  })
}

async function appWithoutDatabase(): Promise<WebServer> {
  const away = connect('postgres://nobody:nothing@127.0.0.1:1/none', { connectTimeout: 1 })
  const app = await listeningApp(away)
  closing.push(
    () => app.close(100),
    () => away.end({ timeout: 0 }),
  )
  return app
}

test('alive is alive, with or without a database', async () => {
  const app = await appWithoutDatabase()
  for (const { url } of [server, app]) expect((await fetch(`${url}/healthz`)).status).toBe(200)
})

test('ready tells of the queues and the backlog', async () => {
  const response = await fetch(`${server.url}/readyz`)
  expect([response.status, await response.json()]).toEqual([
    200,
    {
      status: 'ready',
      database: 'ok',
      migrations: { pending: [] },
      queues: { enrollment: { waiting: 3, failed: 1 } },
      backlog: { enrollment: 2, 'subscription-changes': 4 },
    },
  ])
})

test('a queue that does not answer is told and takes no receiver out of service', async () => {
  const app = await listeningApp(db.app, {
    queues: [
      { name: 'enrollment', counts: () => new Promise(() => {}) },
      { name: 'subscription-changes', counts: () => Promise.reject(new Error('gone')) },
    ],
  })
  closing.push(() => app.close(100))
  const response = await fetch(`${app.url}/readyz`)
  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({
    status: 'ready',
    queues: { enrollment: 'unavailable', 'subscription-changes': 'unavailable' },
  })
})

test('without a database it is not ready, and says so soon', async () => {
  const app = await appWithoutDatabase()
  const before = Date.now()
  const response = await fetch(`${app.url}/readyz`)
  expect(Date.now() - before).toBeLessThan(8_000)
  const text = await response.text()
  expect([response.status, JSON.parse(text)]).toMatchObject([
    503,
    { status: 'not_ready', database: 'unavailable' },
  ])
  expect(text).not.toContain('127.0.0.1')
})

test('with a migration pending it is not ready, and names it', async () => {
  const empty = await testDatabase({ migrated: false })
  const app = await listeningApp(empty.owner)
  closing.push(
    () => app.close(100),
    () => empty.close(),
  )
  const response = await fetch(`${app.url}/readyz`)
  expect(response.status).toBe(503)
  expect(await response.json()).toMatchObject({
    status: 'not_ready',
    database: 'ok',
    migrations: { pending: expect.arrayContaining(['0001_schemas.sql']) },
  })
})

test('what stands in the inbox is told by write, reason and thing waited for; what this process did, beside it', async () => {
  observeApplied(0.02)
  countFetch('fetched')
  const response = await fetch(`${server.url}/metrics`)
  const text = await response.text()
  expect(response.headers.get('content-type')).toContain('text/plain')
  for (const line of [
    'stepladder_database_up 1',
    'stepladder_backlog{write="enrollment"} 2',
    'stepladder_backlog{write="subscription-changes"} 4',
    'stepladder_parked{write="enrollment",reason="unreadable"} 1',
    'stepladder_waiting{on_kind="price"} 1',
    'stepladder_waiting{on_kind="customer"} 1',
    'stepladder_alarms{kind="same_id_other_body"} 1',
    'stepladder_fetches_total{outcome="fetched"} 1',
    'stepladder_unresolved{reason="does_not_join"} 1',
    'stepladder_fetches_kept 0',
    'stepladder_fetches_failing 1',
    'stepladder_received_to_applied_seconds_count 1',
  ]) {
    expect(text.split('\n')).toContain(line)
  }
  expect(text).toMatch(/^stepladder_received_to_applied_recent_seconds\{quantile="0.99"\} [\d.e-]+$/m)
  expect(text).toContain('# TYPE stepladder_ack_seconds histogram')
})

test('how far the gap watch is behind, and what it found, is told once it has looked', async () => {
  const scraped = async () => (await fetch(`${server.url}/metrics`)).text()
  expect(await scraped()).not.toMatch(/^stepladder_gap/m)
  await db.owner`insert into stripe.gap_watch (compared_until, found) values (now() - interval '1 hour', 7)`
  const text = await scraped()
  expect(text.split('\n')).toContain('stepladder_gaps_found 7')
  const [, behind] = /^stepladder_gap_watch_behind_seconds ([\d.]+)$/m.exec(text)!
  expect(Number(behind)).toBeGreaterThanOrEqual(3600)
  expect(Number(behind)).toBeLessThan(3900)
})

test('what has come to its end is told no more', async () => {
  const parked = async () =>
    (await (await fetch(`${server.url}/metrics`)).text()).includes('stepladder_parked{')
  expect(await parked()).toBe(true)
  await db.app`update stripe.event_writes set state = 'done', reason = null where event_id = 'evt_2'`
  expect(await parked()).toBe(false)
})

test('the backlog is counted above the low-water mark', async () => {
  await db.app`insert into stripe.sweep_marks (sweep, low_water) select 'enrollment', max(inbox_id) from stripe.events`
  const text = await (await fetch(`${server.url}/metrics`)).text()
  expect(text).toContain('stepladder_backlog{write="enrollment"} 0')
  await db.owner`delete from stripe.sweep_marks`
})

test('without a database the gauges are left out and not told as they were', async () => {
  const app = await appWithoutDatabase()
  const text = await (await fetch(`${app.url}/metrics`)).text()
  expect(text).toContain('stepladder_database_up 0')
  expect(text).not.toMatch(/^stepladder_backlog\{/m)
})

test('metrics are for this machine unless the address is https, or for a key that may read', async () => {
  expect((await ask('/metrics', {})).status).toBe(200)
  const forwarded = { 'x-forwarded-for': '127.0.0.1' }
  for (const headers of [
    forwarded,
    { forwarded: 'for=127.0.0.1' },
    { 'x-real-ip': '127.0.0.1' },
    { host: 'evil.example' },
  ]) {
    expect({ headers, status: (await ask('/metrics', headers as Record<string, string>)).status }).toEqual({
      headers,
      status: 401,
    })
  }
  const behind = await listeningApp(db.app, { publicUrl: 'https://panel.example' })
  closing.push(() => behind.close(100))
  expect((await fetch(`${behind.url}/metrics`)).status).toBe(401)
  const viewer = bearer(await keyWithRole(db.app, 'viewer'))
  expect((await fetch(`${behind.url}/metrics`, { headers: viewer })).status).toBe(200)
  const member = bearer(await keyWithRole(db.app, 'member'))
  expect((await ask('/metrics', { ...forwarded, ...viewer })).status).toBe(200)
  expect((await ask('/metrics', { ...forwarded, ...member })).status).toBe(403)
})
