import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createLog } from '../../src/log.ts'
import type { Delivery } from '../../src/stripe/inbox/inbox-rows.ts'
import { signBody } from '../../src/stripe/signature.ts'
import type { WebServer } from '../../src/web/server.ts'
import { largestBody } from '../../src/web/webhook.ts'
import { eventBody, listeningReceiver, nowSeconds, post, sayRaw, secret } from './listening.ts'

let server: WebServer
let taken: Delivery[] = []
let failing: Error | null = null

beforeAll(async () => {
  server = await listeningReceiver(async (delivery) => {
    if (failing) throw failing
    taken.push(delivery)
    return 'stored'
  })
})
afterAll(() => server.close(100))
beforeEach(() => {
  taken = []
  failing = null
})

async function expectProblem(response: Response, status: number, code: string) {
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  const body = (await response.json()) as Record<string, unknown>
  expect({ status: response.status, code: body.code }).toEqual({ status, code })
  expect(body.status).toBe(status)
  expect(JSON.stringify(body)).not.toContain(secret)
  expect(taken).toEqual([])
}

test('a signed event is taken and answered 200', async () => {
  const body = eventBody('evt_1')
  const response = await post(server.url, { body })
  expect(response.status).toBe(200)
  expect(await response.json()).toEqual({ received: true, state: 'stored' })
  expect(response.headers.get('x-content-type-options')).toBe('nosniff')
  expect(Buffer.from(taken[0]!.body).toString()).toBe(body)
  expect(taken[0]!.envelope).toMatchObject({ kind: 'snapshot', event: { id: 'evt_1' } })
})

test('a body that comes byte by byte is put together as it was', async () => {
  const body = Buffer.from(eventBody('evt_pieces', { note: 'ü'.repeat(40_000) }))
  const head = `POST /webhooks/stripe HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n`
  const signature = `Stripe-Signature: ${signBody(body, secret, nowSeconds())}\r\n`
  const chunks = [body.subarray(0, 1), body.subarray(1, 30_001), body.subarray(30_001)]
  const pieces = chunks.map((chunk) =>
    Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]),
  )
  const heard = await sayRaw(server.url, [
    `${head}${signature}Transfer-Encoding: chunked\r\n\r\n`,
    ...pieces,
    '0\r\n\r\n',
  ])
  expect(heard).toMatch(/^HTTP\/1\.1 200 /)
  expect(Buffer.compare(Buffer.from(taken[0]!.body), body)).toBe(0)
})

test('either of two secrets is good while a secret is being rolled', async () => {
  const rolling = await listeningReceiver(async () => 'stored', { secrets: ['whsec_old', 'whsec_new'] })
  const body = Buffer.from(eventBody('evt_1'))
  for (const [by, status] of [
    ['whsec_old', 200],
    ['whsec_new', 200],
    [secret, 400],
  ] as const) {
    const headers = { 'stripe-signature': signBody(body, by, nowSeconds()) }
    expect((await post(rolling.url, { body, headers })).status).toBe(status)
  }
  await rolling.close()
})

test('without a signature nothing is taken', async () => {
  await expectProblem(
    await post(server.url, { headers: { 'stripe-signature': null } }),
    400,
    'signature_missing',
  )
  await expectProblem(
    await post(server.url, { headers: { 'stripe-signature': '' } }),
    400,
    'signature_missing',
  )
})

test('a malformed signature is refused', async () => {
  const faults = ['v1=abc', 't=1', 't=,v1=', 'hello', 't=12,v1=zz', `t=${nowSeconds()}`, 'x'.repeat(5000)]
  for (const fault of faults) {
    await expectProblem(
      await post(server.url, { headers: { 'stripe-signature': fault } }),
      400,
      'signature_malformed',
    )
  }
})

test('a signature header that comes twice counts once when both say the same, and not at all when they differ', async () => {
  const body = Buffer.from(eventBody('evt_twice'))
  const good = signBody(body, secret, nowSeconds())
  const other = signBody(body, 'whsec_other', nowSeconds())
  const say = (first: string, second: string) =>
    sayRaw(server.url, [
      `POST /webhooks/stripe HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n`,
      `Stripe-Signature: ${first}\r\nStripe-Signature: ${second}\r\nContent-Length: ${body.length}\r\n\r\n`,
      body,
    ])
  expect(await say(good, good)).toMatch(/^HTTP\/1\.1 200 /)
  expect(taken).toHaveLength(1)
  for (const [first, second] of [
    [good, other],
    [other, good],
  ] as const) {
    const heard = await say(first, second)
    expect(heard).toMatch(/^HTTP\/1\.1 400 /)
    expect(heard).toContain('signature_malformed')
  }
  expect(taken).toHaveLength(1)
})

test('a stale signature and one from the future are refused, and 300 seconds either way are not', async () => {
  const body = Buffer.from(eventBody('evt_old'))
  let now = nowSeconds() * 1000
  const clocked = await listeningReceiver(async () => 'stored', { now: () => now })
  const signedAt = nowSeconds()
  const headers = { 'stripe-signature': signBody(body, secret, signedAt) }
  const at = async (seconds: number) => {
    now = (signedAt + seconds) * 1000
    return post(clocked.url, { body, headers })
  }
  await expectProblem(await at(301), 400, 'signature_stale')
  await expectProblem(await at(-301), 400, 'signature_future')
  expect((await at(300)).status).toBe(200)
  expect((await at(-300)).status).toBe(200)
  await clocked.close()
})

test('one altered byte, or another secret, is a mismatch; the answer names the setting and not the secret', async () => {
  const body = Buffer.from(eventBody('evt_1'))
  const headers = { 'stripe-signature': signBody(body, secret, nowSeconds()) }
  const altered = Buffer.from(body)
  altered[altered.length - 2]! ^= 1
  await expectProblem(await post(server.url, { body: altered, headers }), 400, 'signature_mismatch')
  const foreign = { 'stripe-signature': signBody(body, 'whsec_other', nowSeconds()) }
  const answer = await post(server.url, { body, headers: foreign })
  expect(await answer.clone().text()).toContain('STRIPE_WEBHOOK_SECRETS')
  await expectProblem(answer, 400, 'signature_mismatch')
})

test('a body over 1 MiB is refused, one of exactly 1 MiB is not', async () => {
  const filler = (length: number) => Buffer.from(eventBody('evt_big').padEnd(length, ' '))
  expect((await post(server.url, { body: filler(largestBody) })).status).toBe(200)
  taken = []
  await expectProblem(await post(server.url, { body: filler(largestBody + 1) }), 413, 'body_too_large')
})

test('an endless chunked body is cut off at the cap, while it is read', async () => {
  const before = process.memoryUsage().rss
  const head = `POST /webhooks/stripe HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nStripe-Signature: t=1,v1=0\r\n`
  const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(65536, 32), Buffer.from('\r\n')])
  const heard = await sayRaw(server.url, [
    `${head}Transfer-Encoding: chunked\r\n\r\n`,
    ...Array(64).fill(chunk),
  ])
  expect(heard).toMatch(/^HTTP\/1\.1 413 /)
  expect(heard).toContain('body_too_large')
  expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024)
  expect(taken).toEqual([])
})

test('a Content-Length that promises too much is refused before anything is read', async () => {
  const head = `POST /webhooks/stripe HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n`
  const heard = await sayRaw(server.url, [`${head}Content-Length: 99999999\r\n\r\n{}`])
  expect(heard).toMatch(/^HTTP\/1\.1 413 /)
})

test('a Content-Length that lies ends the request: longer times out, shorter is a mismatch, doubled is refused', async () => {
  const body = Buffer.from(eventBody('evt_lie'))
  const slow = await listeningReceiver(async () => 'stored', { requestTimeout: 400 })
  const head = (length: string) =>
    `POST /webhooks/stripe HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n` +
    `Stripe-Signature: ${signBody(body, secret, nowSeconds())}\r\n${length}\r\n\r\n`
  expect(await sayRaw(slow.url, [head(`Content-Length: ${body.length + 50}`), body])).toMatch(
    /^HTTP\/1\.1 408 /,
  )
  await slow.close()
  const shorter = await sayRaw(server.url, [head(`Content-Length: ${body.length - 5}`), body], 500)
  expect(shorter).toMatch(/^HTTP\/1\.1 400 /)
  const both = head(`Content-Length: ${body.length}\r\nTransfer-Encoding: chunked`)
  expect(await sayRaw(server.url, [both, body])).toMatch(/^HTTP\/1\.1 400 /)
  const two = head(`Content-Length: ${body.length}\r\nContent-Length: 3`)
  expect(await sayRaw(server.url, [two, body])).toMatch(/^HTTP\/1\.1 400 /)
  expect(taken).toEqual([])
})

test('a sender that goes away in the middle leaves nothing behind, and the next one is served', async () => {
  const head = `POST /webhooks/stripe HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{`
  await sayRaw(server.url, [head], 100)
  expect(taken).toEqual([])
  expect((await post(server.url, { body: eventBody('evt_next') })).status).toBe(200)
})

test('a compressed body is refused', async () => {
  const body = gzipSync(eventBody('evt_gzip'))
  for (const encoding of ['gzip', 'br', 'deflate', 'identity, gzip']) {
    const headers = { 'content-encoding': encoding, 'stripe-signature': signBody(body, secret, nowSeconds()) }
    await expectProblem(await post(server.url, { body, headers }), 400, 'content_encoding_unsupported')
  }
})

test('only application/json is taken, with or without a charset', async () => {
  const body = eventBody('evt_type')
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/jsonp',
    'text/json',
    null,
  ]) {
    const response = await post(server.url, { body: Buffer.from(body), headers: { 'content-type': type } })
    await expectProblem(response, 415, 'content_type_unsupported')
  }
  for (const type of [
    'application/json',
    'Application/JSON;charset=UTF-8',
    'application/json ; charset=utf-8',
  ]) {
    expect((await post(server.url, { body, headers: { 'content-type': type } })).status).toBe(200)
  }
})

test('other methods are answered 405 and told which one is meant', async () => {
  for (const method of ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
    const response = await post(server.url, { method })
    expect(response.headers.get('allow')).toBe('POST')
    await expectProblem(response, 405, 'method_not_allowed')
  }
  expect((await post(server.url, { method: 'HEAD' })).status).toBe(405)
})

test('signed bodies that nobody can read are kept as they came and answered 200', async () => {
  const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`
  const bodies = {
    'not JSON': '{"id":',
    empty: '',
    array: `[${eventBody('evt_1')}]`,
    'deep array': deep,
    'NUL in the id': eventBody('evt_\u0000'),
    'lone surrogate in the id': eventBody('evt_x').replace('evt_x', 'evt_\\ud800'),
    'integer past 2^53': eventBody('evt_1').replace(/"created":\d+/, '"created":9007199254740993'),
    'no id': eventBody('evt_1').replace('"id":"evt_1"', '"ID":"evt_1"'),
    number: '17',
  }
  for (const [what, body] of Object.entries(bodies)) {
    taken = []
    const response = await post(server.url, { body })
    expect({ what, status: response.status }).toEqual({ what, status: 200 })
    expect(taken[0]!.envelope).toMatchObject({
      kind: 'unreadable',
      id: expect.stringMatching(/^raw_[0-9a-f]{32}$/),
    })
    expect(Buffer.from(taken[0]!.body).toString()).toBe(body)
  }
})

test('signed events with strange things inside the object are read, and pollute nothing', async () => {
  const insides = {
    'deep inside': `{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
    'a prototype': '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
    'NUL and lone surrogates': '{"name":"\\u0000 \\ud800"}',
    'integer past 2^53': '{"amount":9007199254740993}',
  }
  for (const [what, object] of Object.entries(insides)) {
    taken = []
    const body = eventBody('evt_in').replace(/"object":\{[^}]*\}/, `"object":${object}`)
    expect({ what, status: (await post(server.url, { body })).status }).toEqual({ what, status: 200 })
    expect({ what, kind: taken[0]!.envelope.kind }).toEqual({ what, kind: 'snapshot' })
  }
  expect(({} as Record<string, unknown>).polluted).toBeUndefined()
})

test('a thin event is taken as such', async () => {
  const body = JSON.stringify({
    id: 'evt_thin',
    object: 'v2.core.event',
    type: 'v1.billing.meter.no_meter_found',
    livemode: false,
    created: '2026-11-20T06:00:00.000Z',
  })
  expect((await post(server.url, { body })).status).toBe(200)
  expect(taken[0]!.envelope).toMatchObject({ kind: 'thin', id: 'evt_thin' })
})

test('a duplicate, and the same id with another body, are answered 200', async () => {
  for (const state of ['duplicate', 'different_body'] as const) {
    const again = await listeningReceiver(async () => state)
    const response = await post(again.url, { body: eventBody('evt_1') })
    expect([response.status, await response.json()]).toEqual([200, { received: true, state }])
    await again.close()
  }
})

test('when nothing could be stored the answer is 503, so that Stripe sends it again, and says nothing of the reason', async () => {
  failing = new Error('password of 10.0.0.5 is wrong')
  const response = await post(server.url, { body: eventBody('evt_1') })
  expect(response.headers.get('retry-after')).toBe('5')
  expect(await response.clone().text()).not.toContain('10.0.0.5')
  await expectProblem(response, 503, 'inbox_unavailable')
})

test('a wrong secret is told in the log once a minute, however many try', async () => {
  const lines: string[] = []
  const to = { write: (line: string) => lines.push(line) } as unknown as NodeJS.WritableStream
  let now = Date.now()
  const log = createLog({ level: 'info', to })
  const told = await listeningReceiver(async () => 'stored', { log, now: () => now })
  const headers = { 'stripe-signature': signBody(Buffer.from('{}'), 'whsec_other', nowSeconds()) }
  for (let i = 0; i < 5; i++) await post(told.url, { headers })
  expect(lines).toHaveLength(1)
  expect(lines[0]).toContain('signature_mismatch')
  now += 61_000
  await post(told.url, { headers })
  expect(lines).toHaveLength(2)
  await told.close()
})

test('no address of the receiver redirects', async () => {
  for (const path of ['/webhooks/stripe/', '/webhooks//stripe', '/webhooks/Stripe', '/webhooks']) {
    const response = await fetch(server.url + path, { method: 'POST', body: '{}', redirect: 'manual' })
    expect({ path, status: response.status }).toEqual({ path, status: 404 })
  }
})

test('a request under way is finished before the server is closed', async () => {
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  let entered = () => {}
  const inside = new Promise<void>((resolve) => {
    entered = resolve
  })
  const closing = await listeningReceiver(async () => {
    entered()
    await held
    return 'stored'
  })
  const answer = post(closing.url, { body: eventBody('evt_last') })
  await inside
  const closed = closing.close()
  await expect(post(closing.url, { body: eventBody('evt_late') })).rejects.toThrow()
  release()
  expect((await answer).status).toBe(200)
  const before = Date.now()
  await closed
  expect(Date.now() - before).toBeLessThan(4_500)
})

test('a port in use is told with the name of the setting', async () => {
  const port = Number(new URL(server.url).port)
  const { serveWeb } = await import('../../src/web/server.ts')
  const { Hono } = await import('hono')
  await expect(serveWeb(new Hono(), { port, host: '127.0.0.1' })).rejects.toMatchObject({
    code: 'port_in_use',
    fix: expect.stringContaining('PORT'),
  })
})
