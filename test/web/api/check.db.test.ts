import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createApiKey, createKeyCheck } from '../../../src/auth/api-keys.ts'
import { createCheckMemory } from '../../../src/entitlements/check-memory.ts'
import { plainQuery } from '../../../src/web/api/check.ts'
import type { WebServer } from '../../../src/web/server.ts'
import { about, includes, until } from '../../entitlements/check-fixture.ts'
import {
  aLadder,
  anOrganization,
  anOrgType,
  aSubscription,
  type Ladder,
  type Organization,
  told,
} from '../../entitlements/fixture.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { bearer, keyWithRole, listeningApp, signedIn } from '../app-for-test.ts'

let db: TestDatabase
let server: WebServer
let memory: ReturnType<typeof createCheckMemory>
let ladder: Ladder
let acme: Organization
let subscription: string
let viewer: string
/** How often the answer came from memory, and how often by the ordinary way. */
const quick = vi.fn()
const ordinary = vi.fn()

beforeAll(async () => {
  db = await testDatabase()
  ladder = await aLadder(db.owner)
  await includes(db.owner, ladder.tiers[1]!, { seats: 10, api: true })
  acme = await anOrganization(db.owner, await anOrgType(db.owner, ladder))
  subscription = await aSubscription(db.owner, acme)
  await told(db.app, acme, subscription, ladder, 1)
  await db.owner`update organization.organizations set organization_key = 'acme co'`
  await db.owner`
    insert into stripe.customers (stripe_customer_id, organization_id, linked_by, linked_at)
    values ('cus_acme', ${acme.organizationId}, 'operator', now())`
  memory = createCheckMemory(db.app)
  const watched = {
    recall: (...asked: Parameters<typeof memory.recall>) => {
      const answer = memory.recall(...asked)
      if (answer) quick()
      return answer
    },
    check: (...asked: Parameters<typeof memory.check>) => {
      ordinary()
      return memory.check(...asked)
    },
  }
  server = await listeningApp(db.app, { check: watched })
  viewer = await keyWithRole(db.app, 'viewer')
})
afterAll(async () => {
  await server.close(100)
  await memory.close()
  await db.close()
})

const get = (query: string, headers: Record<string, string> = bearer(viewer)) =>
  fetch(`${server.url}/api/v1/check${query}`, { headers })
const seats = () => `?organization=${acme.organizationId}&feature=seats`
async function code(query: string, headers?: Record<string, string>) {
  const response = await get(query, headers)
  return [response.status, ((await response.json()) as { code?: string }).code]
}

test('the first question reads the database, the next ones are answered from memory, alike to the last header', async () => {
  const first = await get(seats())
  const body = (await first.json()) as { as_of: string }
  expect(body).toEqual({
    allowed: true,
    limit: 10,
    because: `tier:${ladder.tiers[1]!.productKey}`,
    as_of: expect.stringMatching(/^\d{4}-.*Z$/),
  })
  expect(quick).not.toHaveBeenCalled()
  await until(async () => {
    await get(seats())
    return quick.mock.calls.length > 0
  })
  ordinary.mockClear()
  const next = await get(seats())
  expect(ordinary).not.toHaveBeenCalled()
  const answer = (await next.json()) as { as_of: string }
  expect(answer).toEqual({ ...body, as_of: answer.as_of })
  const headers = ({ headers }: Response) =>
    Object.fromEntries([...headers].filter(([name]) => name !== 'date' && name !== 'content-length'))
  expect(headers(next)).toEqual(headers(first))
  expect(headers(next)).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
})

test('an organization’s id or key and a customer are asked about, in any order and encoding', async () => {
  for (const query of [
    `?feature=seats&organization=${acme.organizationId}`,
    `?organization=${acme.organizationId.toUpperCase()}&feature=seats`,
    '?organization=acme%20co&feature=seats',
    '?organization=acme+co&feature=%73eats',
    '?customer=cus_acme&feature=seats',
    '?feature=seats&customer=cus_acme',
  ])
    for (let time = 0; time < 3; time++) expect(await (await get(query)).json()).toMatchObject({ limit: 10 })
})

test('an unknown feature is not allowed, an unknown organization is not there', async () => {
  for (let time = 0; time < 2; time++) {
    expect(await (await get(`?organization=${acme.organizationId}&feature=teleport`)).json()).toMatchObject({
      allowed: false,
      limit: null,
      because: 'not_included',
    })
    expect(await code('?organization=nobody&feature=seats')).toEqual([404, 'organization_unknown'])
    expect(await code('?customer=cus_nobody&feature=seats')).toEqual([404, 'organization_unknown'])
  }
})

test('what is asked wrongly is told what is wrong', async () => {
  const id = acme.organizationId
  await get(seats())
  for (const query of [
    '',
    '?feature=seats',
    `?organization=${id}`,
    `?organization=${id}&feature=`,
    '?organization=&feature=seats',
    `?organization=${id}&customer=cus_acme&feature=seats`,
    `?organization=${id}&feature=seats&feature=api`,
    `?organization=${id}&feature=seats&quantity=3`,
    `?organization=${id}&features=seats`,
    '?customer=acme&feature=seats',
    `?organization=${id}&feature=${'x'.repeat(300)}`,
    `?organization=${id}&feature=a%00b`,
  ])
    expect({ query, told: await code(query) }).toEqual({ query, told: [400, 'invalid_parameter'] })
})

test('who may not read is told so, whether or not the answer is in memory', async () => {
  await get(seats())
  expect(await code(seats(), {})).toEqual([401, 'unauthenticated'])
  expect(await code(seats(), bearer(`sl_aaaaaaaa_${'a'.repeat(32)}`))).toEqual([401, 'unauthenticated'])
  expect(await code(seats(), { authorization: `Bearer ${viewer}x` })).toEqual([401, 'unauthenticated'])
  const member = bearer(await keyWithRole(db.app, 'member'))
  for (let time = 0; time < 3; time++) expect(await code(seats(), member)).toEqual([403, 'wrong_role'])
  for (const role of ['operator', 'plan_approver'] as const)
    expect((await get(seats(), bearer(await keyWithRole(db.app, role)))).status).toBe(200)
  const cookie = await signedIn(server.url, viewer)
  expect((await get(seats(), { cookie })).status).toBe(200)
})

test('another tenant’s key does not see the organization, however warm the memory is', async () => {
  await db.owner`insert into organization.tenants (tenant_key, name) values ('rival', 'Rival')`
  const { key } = await createApiKey(db.app, { role: 'operator', tenant: 'rival' })
  for (let time = 0; time < 3; time++) {
    expect((await get(seats())).status).toBe(200)
    expect(await code(seats(), bearer(key))).toEqual([404, 'organization_unknown'])
  }
})

test('an unpaid subscription is suspended for whoever asks next', async () => {
  await get(seats())
  await told(db.app, acme, subscription, ladder, 1, 'unpaid')
  await until(async () => {
    const { because } = (await (await get(seats())).json()) as { because: string }
    return because === 'suspended'
  }, 1_000)
  await told(db.app, acme, subscription, ladder, 1, 'active')
})

test('the short way takes no other than a plain query, once each', () => {
  const plain = { by: 'organization', name: 'a', feature: 'seats' }
  expect(plainQuery('/api/v1/check?organization=a&feature=seats')).toEqual(plain)
  expect(plainQuery('/api/v1/check?feature=seats&organization=a')).toEqual(plain)
  expect(plainQuery('/api/v1/check?feature=seats&customer=cus_1')).toEqual({
    by: 'customer',
    name: 'cus_1',
    feature: 'seats',
  })
  for (const query of [
    '',
    '?',
    '?organization=a',
    '?organization=a&organization=b',
    '?feature=a&feature=b',
    '?organization=a&feature=',
    '?organization=a&feature=%73',
    '?organization=a+b&feature=seats',
    '?organization=a&feature=seats&x=1',
    '?organization=a&feature=seats#x',
    '?organizations=a&feature=seats',
    `?organization=${'a'.repeat(600)}&feature=seats`,
  ])
    expect({ query, plain: plainQuery(`/api/v1/check${query}`) }).toEqual({ query, plain: null })
})

test('a key is remembered for the short way only after it was found, and is forgotten after 5 s', async () => {
  let now = 0
  const keys = createKeyCheck(db.app, () => now)
  expect(keys.known(viewer)).toBeNull()
  expect(await keys(viewer)).toMatchObject({ role: 'viewer' })
  expect(keys.known(viewer)).toMatchObject({ role: 'viewer', tenantId: about(acme).tenantId })
  now = 5_001
  expect(keys.known(viewer)).toBeNull()
})
