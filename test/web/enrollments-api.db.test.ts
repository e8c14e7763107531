import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { EnrollmentFilter } from '../../src/web/enrollments-api.ts'
import type { WebServer } from '../../src/web/server.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { bearer, keyWithRole, listeningApp, signedIn } from './app-for-test.ts'

let db: TestDatabase
let server: WebServer
let viewer: string
let asked: EnrollmentFilter[] = []
const page = { items: [{ organization_id: 'o', ladder: 'core' }], next_cursor: 'n' }

beforeAll(async () => {
  db = await testDatabase()
  viewer = await keyWithRole(db.app, 'viewer')
  server = await listeningApp(db.app, {
    listEnrollments: async (filter) => {
      asked.push(filter)
      return page
    },
  })
})
afterAll(async () => {
  await server.close(100)
  await db.close()
})
beforeEach(() => {
  asked = []
})

const get = (query: string, headers: Record<string, string> = bearer(viewer)) =>
  fetch(`${server.url}/api/v1/enrollments${query}`, { headers })

test('the list is asked for the caller’s tenant, fifty at a time', async () => {
  const response = await get('')
  expect([response.status, await response.json()]).toEqual([200, page])
  const [tenant] = await db.app<{ id: string }[]>`select tenant_id as id from organization.tenants`
  expect(asked).toEqual([{ tenantId: tenant!.id, limit: 50, cursor: null }])
})

test('filters, limit and cursor are handed on', async () => {
  const id = '6F9619FF-8B86-D011-B42D-00CF4FC964FF'
  await get(`?organization=${id}&customer=cus_1&ladder=core&limit=200&cursor=abc`)
  expect(asked[0]).toMatchObject({
    organizationId: id.toLowerCase(),
    customer: 'cus_1',
    ladder: 'core',
    limit: 200,
    cursor: 'abc',
  })
})

test.each([
  ['limit=0', 'limit'],
  ['limit=201', 'limit'],
  ['limit=ten', 'limit'],
  ['limit=1.5', 'limit'],
  ['limit=', 'limit'],
  ['organization=acme', 'organization'],
  ['customer=acme', 'customer'],
  ['customer=', 'customer'],
  ['ladder=%00', 'ladder'],
  ['costumer=cus_1', 'costumer'],
  ['customer=cus_1&customer=cus_2', 'customer'],
  ['cursor=', 'cursor'],
  ['__proto__=1', '__proto__'],
])('%s is refused, and the parameter is named', async (query, name) => {
  const response = await get(`?${query}`)
  const body = (await response.json()) as { code: string; detail: string }
  expect([response.status, body.code]).toEqual([400, 'invalid_parameter'])
  expect(body.detail).toContain(`"${name}"`)
  expect(asked).toEqual([])
})

test('without a key it is 401 with the scheme, with a member’s key 403', async () => {
  const without = await get('', {})
  expect([without.status, without.headers.get('www-authenticate')]).toEqual([
    401,
    'Bearer realm="stepladder"',
  ])
  expect(await without.json()).toMatchObject({ code: 'unauthenticated' })
  const member = await get('', bearer(await keyWithRole(db.app, 'member')))
  expect([member.status, ((await member.json()) as { code: string }).code]).toEqual([403, 'wrong_role'])
})

test('who is signed in may read it in the browser; a wrong key is not made good by a session', async () => {
  const cookie = await signedIn(server.url, viewer)
  expect((await get('', { cookie })).status).toBe(200)
  expect((await get('', { cookie, ...bearer('sl_wrong') })).status).toBe(401)
})
