import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createApiKey } from '../../src/auth/api-keys.ts'
import { listActions } from '../../src/auth/operator-actions.ts'
import type { WebServer } from '../../src/web/server.ts'
import { newWorld, type World } from '../support/world.ts'
import { bearer, csrfOf, listeningApp, signedIn } from './app-for-test.ts'

let world: World
let server: WebServer
let olga: { id: string; key: string }
let organization: string
let tenantId: string
let before = 0

beforeAll(async () => {
  world = await newWorld()
  server = await listeningApp(world.app)
  olga = await createApiKey(world.app, { role: 'operator', name: 'Olga' })
  const made = await ask('POST', '/organizations', { name: 'Hof', org_type: 'coop' })
  organization = made.body.organization_id as string
  const [row] = await world.owner<{ tenantId: string }[]>`
    select tenant_id from organization.organizations where organization_id = ${organization}`
  tenantId = row!.tenantId
})
afterAll(async () => {
  await server.close(100)
  await world.close()
})
beforeEach(async () => {
  const [last] = await listActions(world.app, tenantId, { before: null, limit: 1 })
  before = last?.id ?? 0
})

async function ask(method: string, path: string, body?: object, key = olga.key) {
  const response = await fetch(`${server.url}/api/v1${path}`, {
    method,
    headers: { ...bearer(key), ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  })
  return {
    status: response.status,
    requestId: response.headers.get('x-request-id'),
    body: (await response.json()) as Record<string, unknown>,
  }
}

/** What was written down since the test began. */
async function written() {
  const all = await listActions(world.app, tenantId, { before: null, limit: 50 })
  return all.filter(({ id }) => id > before)
}

test('what an operator does leaves one row: who, what, of what, why, and the request', async () => {
  const path = `/organizations/${organization}/grants`
  const { status, requestId } = await ask('POST', path, { product: 'pro', reason: 'Paid by invoice' })
  expect(status).toBe(201)
  expect(await written()).toEqual([
    {
      id: expect.any(Number),
      callerKind: 'key',
      callerId: olga.id,
      callerName: 'Olga',
      callerRole: 'operator',
      action: 'POST /api/v1/organizations/:id/grants',
      subject: `/api/v1${path}`,
      reason: 'Paid by invoice',
      requestId,
      at: expect.any(Date),
    },
  ])
})

test('the row stands in the transaction of what was done: one that is given up takes it along, and without it nothing is done', async () => {
  const path = `/organizations/${organization}/grants`
  expect((await ask('POST', path, { product: 'nothing', reason: 'x' })).status).toBe(404)
  expect((await ask('POST', path, {})).status).toBe(400)
  expect((await ask('GET', path)).status).toBe(200)
  expect(await written()).toEqual([])

  const grants = () => world.owner`select count(*) from entitlements.grants`
  const had = await grants()
  await world.owner`alter table auth.operator_actions add constraint no_room check (action = '') not valid`
  try {
    expect((await ask('POST', path, { product: 'both', reason: 'x' })).status).toBe(500)
  } finally {
    await world.owner`alter table auth.operator_actions drop constraint no_room`
  }
  expect(await grants()).toEqual(had)
})

test('every verb that changes something is written down once, however many transactions it takes', async () => {
  for (let i = 0; i < 3; i++) await ask('POST', '/organizations', { name: `Hof ${i}`, org_type: 'coop' })
  expect(await written()).toHaveLength(3)
  expect((await ask('POST', '/org-types/coop/backfill', {})).status).toBe(200)
  expect((await ask('PATCH', '/org-types/coop', { name: 'Cooperative' })).status).toBe(200)
  expect((await ask('PUT', '/ladders/core/tiers/gold', { rank: 9 })).status).toBeLessThan(300)
  expect((await ask('POST', `/organizations/${organization}/customers`, { customer: 'cus_1' })).status).toBe(
    201,
  )
  const actions = (await written()).map(({ action }) => action.replace('/api/v1', '')).reverse()
  expect(actions.slice(3)).toEqual([
    'POST /org-types/:key/backfill',
    'PATCH /org-types/:key',
    'PUT /ladders/:key/tiers/:product',
    'POST /organizations/:id/customers',
  ])
})

test('what is done from a page is written down too, and so is what only rings', async () => {
  await world.store({
    id: 'evt_1',
    object: 'event',
    type: 'product.updated',
    created: Math.floor(Date.now() / 1000),
    livemode: false,
    data: { object: { id: 'prod_1', object: 'product' } },
  })
  const cookie = await signedIn(server.url, olga.key)
  const csrf = await csrfOf(server.url, cookie)
  const response = await fetch(`${server.url}/operator/events/replay`, {
    method: 'POST',
    headers: { cookie, origin: server.url, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ csrf, event: 'evt_1', reason: 'Asked by Hof' }),
  })
  expect(response.status).toBe(200)
  expect(await written()).toMatchObject([
    { action: 'POST /operator/events/replay', callerId: olga.id, reason: 'Asked by Hof' },
  ])
})

test('nobody changes or deletes what was written down', async () => {
  for (const sql of [world.app, world.owner]) {
    await expect(sql`update auth.operator_actions set reason = 'another'`).rejects.toThrow()
    await expect(sql`delete from auth.operator_actions`).rejects.toThrow()
    await expect(sql`truncate auth.operator_actions`).rejects.toThrow()
  }
})

test('another tenant’s actions are not in the list', async () => {
  await world.owner`insert into organization.tenants (tenant_key, name) values ('acme', 'Acme')`
  const otto = await createApiKey(world.app, { role: 'operator', tenant: 'acme' })
  expect((await ask('POST', '/organizations', { name: 'Other', org_type: 'coop' }, otto.key)).status).toBe(
    201,
  )
  expect(await written()).toEqual([])
})
