import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { raiseAlarm } from '../../../src/stripe/alarms.ts'
import { event, subscription } from '../../support/world.ts'
import { type ApiWorld, apiWorld } from './api-for-test.ts'

let world: ApiWorld
beforeAll(async () => {
  world = await apiWorld({ privateAddresses: 'loopback' })
})
afterAll(() => world.close())
afterEach(() => world.owner`delete from outbound.endpoints`)

const url = 'http://127.0.0.1:9/hooks'
const nobody = '6f9619ff-8b86-4011-b42d-00cf4fc964ff'
async function made(more: object = {}): Promise<string> {
  const { body } = await world.ask('POST', '/webhook-endpoints', { url, ...more })
  return body.id as string
}

test('an endpoint is added with its secret, which is shown in that answer alone', async () => {
  const { status, body } = await world.ask('POST', '/webhook-endpoints', { url, description: 'CRM' })
  expect(status).toBe(201)
  expect(body).toMatchObject({ url, description: 'CRM', disabled_at: null, disabled_why: null, pending: 0 })
  expect(body.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
  const again = await world.ask('GET', `/webhook-endpoints/${body.id}`)
  const { secret, ...shown } = body
  expect(again.body).toEqual(shown)
  const list = await world.ask('GET', '/webhook-endpoints')
  expect(list.body).toEqual({ items: [shown], next_cursor: null })
  expect(JSON.stringify(list)).not.toContain('whsec_')
})

test('sent again with its key, adding one is not done twice, and its secret is kept nowhere', async () => {
  const ask = () =>
    world.send('POST', '/webhook-endpoints', {
      headers: {
        authorization: `Bearer ${world.key}`,
        'content-type': 'application/json',
        'idempotency-key': 'endpoint-1',
      },
      body: JSON.stringify({ url }),
    })
  const first = await ask()
  const again = await ask()
  expect([first.status, again.status, again.body.code]).toEqual([201, 409, 'idempotency_answer_lost'])
  const rows = await world.owner`select status, answer from auth.idempotent_requests`
  expect(rows).toEqual([{ status: 201, answer: null }])
  expect((await world.owner`select from outbound.endpoints`).length).toBe(1)
})

test.each([
  ['http://example.com/', 'https'],
  ['https://10.1.2.3/', 'private'],
  ['https://169.254.169.254/', 'private'],
  ['https://a:b@example.com/', 'password'],
  ['nonsense', 'no address'],
])('%s is refused, and why', async (refused, why) => {
  const { status, body } = await world.ask('POST', '/webhook-endpoints', { url: refused })
  expect([status, body.code]).toEqual([422, 'webhook_url_not_allowed'])
  expect(body.detail).toContain(why)
  const id = await made()
  const changed = await world.ask('PATCH', `/webhook-endpoints/${id}`, { url: refused })
  expect([changed.status, changed.body.code]).toEqual([422, 'webhook_url_not_allowed'])
})

test('it is changed, disabled, enabled and deleted; what it missed waits for it, and its alarm is cleared', async () => {
  const id = await made()
  const off = await world.ask('PATCH', `/webhook-endpoints/${id}`, { description: 'Later', disabled: true })
  expect(off.body).toMatchObject({ description: 'Later', disabled_why: 'operator' })
  await raiseAlarm(world.app, 'webhook_endpoint_disabled', id, 'x')
  await world.deliver(event('customer.subscription.created', subscription()))
  expect((await world.ask('GET', `/webhook-endpoints/${id}`)).body.pending).toBe(0)
  const on = await world.ask('PATCH', `/webhook-endpoints/${id}`, { disabled: false })
  expect(on.body).toMatchObject({ disabled_at: null, disabled_why: null, pending: 2 })
  const [alarm] = await world.owner`select cleared_at from stripe.alarms where subject = ${id}`
  expect(alarm!.clearedAt).not.toBeNull()
  expect((await world.ask('DELETE', `/webhook-endpoints/${id}`)).body).toEqual({ outcome: 'deleted', id })
  expect((await world.ask('GET', `/webhook-endpoints/${id}`)).status).toBe(404)
})

test('its secret is rotated: the new one is shown in that answer alone, and until when the old one signs in all', async () => {
  const { body: first } = await world.ask('POST', '/webhook-endpoints', { url })
  const { status, body } = await world.ask('POST', `/webhook-endpoints/${first.id}/rotate-secret`)
  expect(status).toBe(200)
  expect(body.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)
  expect(body.secret).not.toBe(first.secret)
  const left = Date.parse(String(body.old_secret_until)) - Date.now()
  expect(Math.abs(left - 24 * 3_600_000)).toBeLessThan(3_600_000)
  const { secret, ...shown } = body
  expect((await world.ask('GET', `/webhook-endpoints/${first.id}`)).body).toEqual(shown)
  expect(first.old_secret_until).toBeNull()
  await world.owner`update outbound.endpoints set secret_until = clock_timestamp()`
  expect((await world.ask('GET', `/webhook-endpoints/${first.id}`)).body.old_secret_until).toBeNull()
  const log = await world.owner`
    select caller_name from auth.operator_actions where action like '%rotate-secret'`
  expect(log).toEqual([{ callerName: 'Olga' }])
})

test('sent again with its key, a rotation is not done twice', async () => {
  const id = await made()
  const ask = () =>
    world.send('POST', `/webhook-endpoints/${id}/rotate-secret`, {
      headers: { authorization: `Bearer ${world.key}`, 'idempotency-key': 'rotation-1' },
    })
  const first = await ask()
  const again = await ask()
  expect([first.status, again.status, again.body.code]).toEqual([200, 409, 'idempotency_answer_lost'])
  const rows = await world.owner`select next_secret from outbound.endpoints`
  expect(rows).toEqual([{ nextSecret: first.body.secret }])
  const kept =
    await world.owner`select answer from auth.idempotent_requests where idempotency_key = 'rotation-1'`
  expect(kept).toEqual([{ answer: null }])
})

test('another tenant’s endpoint is answered as one that is not there', async () => {
  const id = await made()
  const asked = [
    ['GET', ''],
    ['PATCH', '', { disabled: true }],
    ['POST', '/rotate-secret'],
    ['DELETE', ''],
  ] as const
  for (const [method, verb, body] of asked) {
    const theirs = await world.askAsOther(method, `/webhook-endpoints/${id}${verb}`, body)
    const none = await world.askAsOther(method, `/webhook-endpoints/${nobody}${verb}`, body)
    expect(theirs).toEqual(none)
    expect([theirs.status, theirs.body.code]).toEqual([404, 'webhook_endpoint_unknown'])
  }
  expect((await world.askAsOther('GET', '/webhook-endpoints')).body.items).toEqual([])
  const { body } = await world.ask('GET', `/webhook-endpoints/${id}`)
  expect([body.disabled_at, body.old_secret_until]).toEqual([null, null])
})

test('there are twenty at most, listed page by page', async () => {
  const ids: string[] = []
  for (let n = 0; n < 20; n++) ids.push(await made({ description: String(n) }))
  const more = await world.ask('POST', '/webhook-endpoints', { url })
  expect([more.status, more.body.code]).toEqual([409, 'too_many_webhook_endpoints'])
  const seen: string[] = []
  for (let cursor: unknown = ''; cursor !== null; ) {
    const { body } = await world.ask('GET', `/webhook-endpoints?limit=7${cursor && `&cursor=${cursor}`}`)
    seen.push(...(body.items as unknown as { id: string }[]).map(({ id }) => id))
    cursor = body.next_cursor
  }
  expect(seen).toEqual(ids)
})
