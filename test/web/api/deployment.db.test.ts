import { afterAll, beforeAll, expect, test } from 'vitest'
import { raiseAlarm } from '../../../src/stripe/alarms.ts'
import { event, subscription } from '../../support/world.ts'
import { bearer } from '../app-for-test.ts'
import { type ApiWorld, apiWorld } from './api-for-test.ts'

let world: ApiWorld
beforeAll(async () => {
  world = await apiWorld()
  for (const [n, price] of ['price_new', 'price_new', 'price_other'].entries()) {
    const sold = subscription({ id: `sub_${n}`, customer: `cus_${n}`, items: [['si_1', price]] })
    await world.deliver(event('customer.subscription.created', sold))
  }
})
afterAll(() => world.close())

const items = async (path: string) =>
  (await world.ask('GET', path)).body.items as unknown as Record<string, unknown>[]

test('the figures of the overview are told', async () => {
  const { status, body } = await world.ask('GET', '/stats')
  expect(status).toBe(200)
  expect(body).toMatchObject({
    backlog: { enrollment: 0, 'subscription-changes': 0 },
    waiting: [{ on_kind: 'price', count: 3 }],
    alarms: expect.arrayContaining([{ kind: 'unmapped_price', count: 2 }]),
    reconcile: { ended_at: null },
  })
  expect(body.minutes).toHaveLength(60)
})

test('what is held is listed by what it waits on, page by page, of the own tenant alone', async () => {
  const [first] = await items('/waiting?limit=1')
  expect(first).toMatchObject({
    state: 'waiting',
    reason: 'unmapped_price',
    on: 'price:price_new',
    writes: 2,
  })
  const { body } = await world.ask('GET', '/waiting?limit=1')
  expect(await items(`/waiting?limit=1&cursor=${body.next_cursor}`)).toMatchObject([
    { on: 'price:price_other', writes: 1 },
  ])
  expect((await world.askAsOther('GET', '/waiting')).body).toEqual({ items: [], next_cursor: null })
})

test('a price is said to stand for a product, and what waited for it is taken up', async () => {
  const { status, body } = await world.ask('PUT', '/products/pro/prices/price_other')
  expect([status, body.key]).toEqual([200, 'pro'])
  await world.takeUpWhatIsDue()
  expect(await world.tier('cus_2')).toBe('pro')
  const elsewhere = await world.ask('PUT', '/products/standard/prices/price_other')
  expect([elsewhere.status, elsewhere.body.code]).toEqual([409, 'price_mapped'])
  expect((await world.ask('PUT', '/products/nothing/prices/price_x')).body.code).toBe('product_unknown')
  expect((await world.ask('PUT', '/products/pro/prices/a%20b')).body.code).toBe('invalid_parameter')
})

test('alarms are listed and cleared by the tenant that runs the deployment, and are not there for others', async () => {
  await raiseAlarm(world.app, 'write_failed', 'evt_1', 'a reason')
  await raiseAlarm(world.app, 'write_failed', 'evt_2', 'a reason')
  const [latest] = await items('/alarms?limit=1')
  expect(latest).toMatchObject({ kind: 'write_failed', subject: 'evt_2', times: 1 })
  const { body } = await world.ask('GET', '/alarms?limit=1')
  expect(await items(`/alarms?limit=1&cursor=${body.next_cursor}`)).toMatchObject([{ subject: 'evt_1' }])

  const alarm = { kind: 'write_failed', subject: 'evt_2' }
  expect((await world.askAsOther('GET', '/alarms')).body.items).toEqual([])
  const theirs = await world.askAsOther('POST', '/alarms/clear', alarm)
  expect([theirs.status, theirs.body.code]).toEqual([404, 'alarm_not_open'])
  expect((await world.ask('POST', '/alarms/clear', alarm)).body).toEqual(alarm)
  const again = await world.ask('POST', '/alarms/clear', alarm)
  expect([again.status, again.body.code]).toEqual([404, 'alarm_not_open'])
  expect((await items('/alarms')).map(({ subject }) => subject)).not.toContain('evt_2')
})

test('a key is made, works, is listed without itself, and is revoked', async () => {
  const { status, body } = await world.ask('POST', '/keys', { role: 'viewer', name: 'Reports' })
  expect(status).toBe(201)
  const { id, key } = body as unknown as { id: string; key: string }
  const asViewer = () => world.raw('GET', '/organizations', { headers: bearer(key) })
  expect((await asViewer()).status).toBe(200)
  const [shown] = await items('/keys?limit=1')
  expect(shown).toMatchObject({ id, name: 'Reports', role: 'viewer', revoked_at: null })
  expect(key.startsWith(String(shown!.prefix))).toBe(true)
  expect(JSON.stringify(await items('/keys'))).not.toContain(key.slice(12))

  const theirs = await world.askAsOther('POST', `/keys/${id}/revoke`)
  expect([theirs.status, theirs.body.code]).toEqual([404, 'key_unknown'])
  expect((await world.ask('POST', `/keys/${id}/revoke`)).body).toEqual({ outcome: 'revoked', id })
  expect((await world.ask('POST', `/keys/${id}/revoke`)).body.outcome).toBe('already')
  expect((await items('/keys?limit=1'))[0]!.revoked_at).not.toBeNull()
  await expect.poll(async () => (await asViewer()).status, { timeout: 20_000, interval: 500 }).toBe(401)
})

test('nobody gives away by a key what they do not have', async () => {
  const { status, body } = await world.ask('POST', '/keys', { role: 'plan_approver' })
  expect([status, body.code]).toEqual([403, 'beyond_own_authority'])
})

test('keys are listed page by page, of the own tenant alone', async () => {
  for (const name of ['a', 'b', 'c']) await world.ask('POST', '/keys', { role: 'viewer', name })
  const seen: unknown[] = []
  for (let cursor: unknown = ''; cursor !== null; ) {
    const { body } = await world.ask('GET', `/keys?limit=2${cursor && `&cursor=${cursor}`}`)
    seen.push(...(body.items as unknown as { id: string }[]).map(({ id }) => id))
    cursor = body.next_cursor
  }
  expect(seen).toEqual((await items('/keys')).map(({ id }) => id))
  const theirs = (await world.askAsOther('GET', '/keys')).body.items as unknown as { name: string }[]
  expect(theirs.map(({ name }) => name)).toEqual(['Otto'])
})

test('what was done is listed with who did it, the latest first', async () => {
  const id = await world.organization()
  await world.ask('POST', `/organizations/${id}/grants`, { product: 'pro', reason: 'a promise' })
  const [latest, before] = await items('/actions')
  expect(latest).toMatchObject({
    action: 'POST /api/v1/organizations/:id/grants',
    subject: `/api/v1/organizations/${id}/grants`,
    reason: 'a promise',
    caller: { kind: 'key', name: 'Olga', role: 'operator' },
  })
  const { body } = await world.ask('GET', '/actions?limit=1')
  expect((await items(`/actions?limit=1&cursor=${body.next_cursor}`))[0]).toEqual(before)
  expect(JSON.stringify((await world.askAsOther('GET', '/actions')).body)).not.toContain(id)
})
