import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApiKey } from '../../src/auth/api-keys.ts'
import { createLog } from '../../src/log.ts'
import type { RingAgain } from '../../src/stripe/inbox/ring-replay.ts'
import type { WebServer } from '../../src/web/server.ts'
import { event, newWorld, type World } from '../support/world.ts'
import { csrfOf, keyWithRole, listeningApp, signedIn } from './app-for-test.ts'
import { fillInbox, workersOf } from './inbox-for-test.ts'

let world: World
let server: WebServer
let cookie: string
let csrf: string
let apiKeyId: string
let ring: RingAgain
const rung: { inboxIds: readonly number[]; queues: readonly string[] }[] = []
const logged: string[] = []

beforeAll(async () => {
  world = await newWorld()
  await fillInbox(world)
  ring = workersOf(world)
  const to = { write: (line: string) => logged.push(line) } as unknown as NodeJS.WritableStream
  server = await listeningApp(world.app, {
    log: createLog({ level: 'info', to }),
    ringAgain: (inboxIds, options) => {
      rung.push({ inboxIds, queues: options.queues })
      return ring(inboxIds, options)
    },
  })
  const made = await createApiKey(world.app, { role: 'operator', name: 'Olga' })
  apiKeyId = made.id
  cookie = await signedIn(server.url, made.key)
  csrf = await csrfOf(server.url, cookie)
})
afterAll(async () => {
  await server.close(100)
  await world.close()
})

async function page(path: string, as = cookie): Promise<{ status: number; text: string; headers: Headers }> {
  const response = await fetch(`${server.url}/operator/events${path}`, {
    headers: { cookie: as, accept: 'text/html' },
    redirect: 'manual',
  })
  return { status: response.status, text: await response.text(), headers: response.headers }
}

async function replay(
  events: readonly string[],
  headers: Record<string, string> = { origin: server.url },
  token = csrf,
) {
  const response = await fetch(`${server.url}/operator/events/replay`, {
    method: 'POST',
    headers: { cookie, 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams([['csrf', token], ...events.map((id): [string, string] => ['event', id])]),
  })
  return { status: response.status, text: await response.text() }
}

/** The ids of the rows of a list, in order. */
const rowsIn = (text: string) =>
  [...text.matchAll(/<th scope="row"[^>]*><a href="\/operator\/events\/([^"]+)"/g)].map(([, id]) => id)

test('the inbox is a page with nothing inline, the newest first, and tells how both writes stand', async () => {
  const { status, text, headers } = await page('')
  expect(status).toBe(200)
  expect(text).toMatch(/^<!doctype html><html lang="en">/)
  expect(text).not.toMatch(/<script(?! src="\/operator\/assets\/)|style=|<style|\son\w+=/i)
  expect(headers.get('content-security-policy')).toContain("default-src 'none'")
  expect(headers.get('cache-control')).toBe('no-store')
  expect(rowsIn(text)).toEqual(['evt_paid', 'evt_unmapped', 'evt_upgraded', 'evt_created'])
  expect(text).toContain('unmapped price')
  expect(text).toContain('<code>price:price_new</code>')
})

test('the search stands in the address, keeps what was typed, and a fault is told beside its field', async () => {
  expect(rowsIn((await page('?subscription=sub_1&type=customer.')).text)).toEqual([
    'evt_upgraded',
    'evt_created',
  ])
  expect(rowsIn((await page('?state=waiting&customer=&type=')).text)).toEqual(['evt_unmapped'])
  const { status, text } = await page('?from=yesterday&customer=cus_1')
  expect(status).toBe(200)
  expect(text).toContain('id="from-fault"')
  expect(text).toContain('value="yesterday"')
  expect(text).toContain('value="cus_1"')
  expect(rowsIn(text)).toEqual([])
  expect((await page('?from=2026-02-01T00:00&until=2026-01-01T00:00')).text).toContain('id="until-fault"')
  // A time without a zone is UTC.
  expect(
    rowsIn((await page(`?from=${new Date(Date.now() - 600_000).toISOString().slice(0, 16)}`)).text),
  ).toHaveLength(4)
  expect((await page('?customer=cus_nobody')).text).toContain('Nothing matches.')
})

test('whatever Stripe, or somebody in its name, wrote is shown as text', async () => {
  const evil = '"><script>alert(1)</script>'
  await world.store(
    event('product.updated', { id: 'prod_1', object: 'product', name: evil }, { id: 'evt_evil' }),
    event(evil, { id: evil, object: evil }, { id: 'evt_evil_type' }),
  )
  for (const path of [
    '',
    '/evt_evil',
    '/evt_evil_type',
    `?type=${encodeURIComponent(evil)}`,
    '/replay?event=evt_evil_type',
  ]) {
    const { status, text } = await page(path)
    expect({ path, status }).toEqual({ path, status: 200 })
    expect(text).not.toContain('<script>')
    expect(text).toContain('&lt;script&gt;alert(1)')
  }
})

test('one event is told whole: what came, both writes, what it caused, its trail and its body', async () => {
  const { status, text } = await page('/evt_upgraded')
  expect(status).toBe(200)
  expect(text).toContain('upgrade on core')
  expect(text).toContain('standard (1) → pro (2)')
  expect(text).toMatch(/1,000 → 1,000 EUR|price/)
  expect(text).toContain('href="/operator/events/evt_created"')
  expect(text).toContain('&quot;previous_attributes&quot;: {')
  expect(text).toContain('Received')
  const waiting = (await page('/evt_unmapped')).text
  expect(waiting).toContain('unmapped price')
  const body = await page('/evt_paid/body')
  expect(body.headers.get('content-disposition')).toBe('attachment; filename="evt_paid.json"')
  expect(JSON.parse(body.text)).toMatchObject({ id: 'evt_paid', type: 'invoice.paid' })
})

test('a body that retention dropped is told as dropped, and all else is there', async () => {
  await world.store(event('product.updated', { id: 'prod_2', object: 'product' }, { id: 'evt_old' }))
  await world.owner`delete from stripe.event_bodies where event_id = 'evt_old'`
  const { status, text } = await page('/evt_old')
  expect(status).toBe(200)
  expect(text).toContain('Dropped by retention')
  expect((await page('/evt_old/body')).status).toBe(404)
})

test('an event that is not there, or is another tenant’s, is a page that says so', async () => {
  const other = await createApiKey(world.app, {
    role: 'operator',
    name: 'Otto',
    tenant: await tenant('acme'),
  })
  const theirs = await signedIn(server.url, other.key)
  for (const path of ['/evt_upgraded', '/evt_paid', '/evt_upgraded/body', '/replay?event=evt_paid'])
    expect({ path, status: (await page(path, theirs)).status }).toEqual({ path, status: 404 })
  expect(rowsIn((await page('', theirs)).text)).toEqual([])
  const { status, text } = await page('/evt_nobody')
  expect(status).toBe(404)
  expect(text).toContain('There is no event')
  expect((await page(`/${encodeURIComponent('a b')}`)).status).toBe(404)
})

async function tenant(key: string): Promise<string> {
  await world.owner`insert into organization.tenants (tenant_key, name) values (${key}, ${key})`
  return key
}

test('asking for a replay touches nothing; confirming it does, once in effect, and says who it was', async () => {
  const before = await world.history('cus_1')
  const asked = await page('/replay?event=evt_upgraded&event=evt_paid')
  expect(asked.status).toBe(200)
  expect(asked.text).toContain('Replay 1 event?')
  expect(asked.text).toContain('Left as they are')
  expect(asked.text).toContain('name="event" value="evt_upgraded"')
  expect(rung).toEqual([])

  const [row] = await world.app<{ attempts: number }[]>`
    select attempts from stripe.event_writes where event_id = 'evt_upgraded' and write = 'enrollment'`
  const done = await replay(['evt_upgraded'])
  expect(done.status).toBe(200)
  expect(done.text).toContain('Rang for 1 event')
  expect(done.text).toContain('Every write was handled.')
  expect(rung.map(({ queues }) => queues)).toEqual([['enrollment'], ['subscription-changes']])
  const [after] = await world.app<{ attempts: number }[]>`
    select attempts from stripe.event_writes where event_id = 'evt_upgraded' and write = 'enrollment'`
  expect(after!.attempts).toBe(row!.attempts + 1)
  expect(await world.history('cus_1')).toEqual(before)
  const line = logged.map((text) => JSON.parse(text)).find(({ msg }) => /replayed/.test(msg))
  expect(line).toMatchObject({ key: apiKeyId, name: 'Olga', count: 1, events: ['evt_upgraded'] })
})

test('all that match are counted, and what was confirmed is what is rung', async () => {
  const { text } = await page('/replay?all=yes&type=customer.subscription.')
  expect(text).toContain('Replay 3 events?')
  const ids = [...text.matchAll(/name="event" value="([^"]+)"/g)].map(([, id]) => id)
  expect(ids.sort()).toEqual(['evt_created', 'evt_unmapped', 'evt_upgraded'])
  // A search with a fault in it must not become one for everything.
  const faulty = await page('/replay?all=yes&from=yesterday')
  expect([faulty.status, faulty.headers.get('location')]).toEqual([303, '/operator/events?from=yesterday'])
})

test('a queue that does not hear is told, and a page of another site replays nothing', async () => {
  const before = rung.length
  ring = async () => false
  const away = await replay(['evt_upgraded'])
  expect(away.status).toBe(503)
  expect(away.text).toContain('could not be rung')
  ring = workersOf(world)
  const count = rung.length
  expect(count).toBe(before + 1)
  expect((await replay(['evt_upgraded'], { origin: 'https://evil.example' })).status).toBe(403)
  expect((await replay(['evt_upgraded'], {})).status).toBe(403)
  expect((await replay(['evt_upgraded'], { origin: server.url }, '')).status).toBe(403)
  expect((await replay(['evt_upgraded'], { origin: server.url }, csrf.replace(/.$/, '!'))).status).toBe(403)
  expect((await replay(['evt_upgraded', 'evt_nobody'])).status).toBe(404)
  expect(rung.length).toBe(count)
})

test('a viewer looks, and is offered no replay', async () => {
  const viewer = await signedIn(server.url, await keyWithRole(world.app, 'viewer'))
  for (const path of ['', '/evt_upgraded']) {
    const { status, text } = await page(path, viewer)
    expect(status).toBe(200)
    expect(text).not.toContain('events/replay')
    expect(text).not.toContain('Queues')
  }
  expect((await page('/replay?event=evt_paid', viewer)).status).toBe(403)
})

test('more than a page is cut into pages that neither repeat nor lose a row', async () => {
  const events = Array.from({ length: 60 }, (_, n) =>
    event('product.created', { id: `prod_${n}`, object: 'product' }, { id: `evt_many_${n}` }),
  )
  await world.store(...events)
  const first = await page('?type=product.created')
  const next = /href="([^"]+)" rel="next"/.exec(first.text)![1]!.replaceAll('&amp;', '&')
  expect(next).toContain('type=product.created')
  const second = await page(next.replace('/operator/events', ''))
  expect(second.text).not.toContain('rel="next"')
  expect([...rowsIn(first.text), ...rowsIn(second.text)]).toEqual(events.map(({ id }) => id).reverse())
})
