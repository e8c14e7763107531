import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApiKey } from '../../../src/auth/api-keys.ts'
import { reapplyDefaults } from '../../../src/entitlements/reapply-defaults.ts'
import { createOrganization } from '../../../src/organization/create-organization.ts'
import type { WebServer } from '../../../src/web/server.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { bearer, keyWithRole, listeningApp, signedIn } from '../app-for-test.ts'

let db: TestDatabase
let server: WebServer
let viewer: string
let organizations: string[] = []

beforeAll(async () => {
  db = await testDatabase()
  viewer = await keyWithRole(db.app, 'viewer')
  server = await listeningApp(db.app)
  organizations = await db.app.begin(async (tx) => {
    const [type] = await tx<{ id: string }[]>`
      insert into organization.org_types (org_type_key, name, default_plan_ladder_id)
      select 'coop', 'Co-op', plan_ladder_id from billing.plan_ladders where ladder_key = 'core'
      returning org_type_id as id`
    const [tenant] = await tx<{ id: string }[]>`select tenant_id as id from organization.tenants`
    const made: string[] = []
    for (const key of ['a', 'b', 'c']) {
      const place = { tenantId: tenant!.id, orgTypeId: type!.id, name: key, organizationKey: key }
      made.push((await createOrganization(tx, place, reapplyDefaults)).organizationId)
    }
    await tx`
      insert into stripe.customers (stripe_customer_id, organization_id, linked_by, linked_at)
      values ('cus_a', ${made[0]!}, 'operator', now())`
    return made.sort()
  })
})
afterAll(async () => {
  await server.close(100)
  await db.close()
})

type Page = { items: { organization_id: string; customer: string | null }[]; next_cursor: string | null }

const get = (query: string, headers: Record<string, string> = bearer(viewer)) =>
  fetch(`${server.url}/api/v1/enrollments${query}`, { headers })
const page = async (query: string) => (await (await get(query)).json()) as Page

test('everybody’s place is listed, page by page, each once', async () => {
  expect((await page('')).items.map((item) => item.organization_id)).toEqual(organizations)
  const seen: string[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const part: Page = await page(`?limit=1${cursor && `&cursor=${encodeURIComponent(cursor)}`}`)
    seen.push(...part.items.map((item) => item.organization_id))
    cursor = part.next_cursor
  }
  expect(seen).toEqual(organizations)
})

test('a customer, an organization’s id or key, and a ladder narrow the list', async () => {
  const { items } = await page('?customer=cus_a')
  expect(items).toEqual([
    {
      organization_id: items[0]!.organization_id,
      customer: 'cus_a',
      ladder: 'core',
      product: 'public-tier',
      rank: 0,
      status: 'active',
      since: expect.stringMatching(/^\d{4}-.*Z$/),
      holder: { kind: 'default', id: expect.any(String) },
    },
  ])
  const id = items[0]!.organization_id
  for (const query of [`?organization=${id}`, `?organization=${id.toUpperCase()}`, '?organization=a']) {
    expect((await page(query)).items.map((item) => item.organization_id)).toEqual([id])
  }
  expect((await page('?ladder=core&limit=200')).items).toHaveLength(3)
  for (const query of ['?ladder=none', '?customer=cus_none', '?organization=none'])
    expect((await page(query)).items).toEqual([])
})

test('a key of another tenant sees nothing of this one', async () => {
  await db.owner`insert into organization.tenants (tenant_key, name) values ('acme', 'Acme')`
  const { key } = await createApiKey(db.app, { role: 'operator', tenant: 'acme' })
  expect(await (await get('', bearer(key))).json()).toEqual({ items: [], next_cursor: null })
})

const nulCursor = Buffer.from(JSON.stringify(['6f9619ff-8b86-d011-b42d-00cf4fc964ff', '\0'])).toString(
  'base64url',
)

test.each([
  ['limit=0', 'limit'],
  ['limit=201', 'limit'],
  ['limit=ten', 'limit'],
  ['limit=1.5', 'limit'],
  ['limit=', 'limit'],
  ['organization=', 'organization'],
  ['cursor=hello', 'cursor'],
  [`cursor=${nulCursor}`, 'cursor'],
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
  expect((await get('', { cookie, authorization: 'Basic b3BlcmF0b3I6' })).status).toBe(401)
})
