import { Hono } from 'hono'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Caller, callerOfKey, createApiKey } from '../../src/auth/api-keys.ts'
import { connect } from '../../src/db/connect.ts'
import type { Db } from '../../src/db/types.ts'
import { asRequest } from '../../src/web/request-db.ts'
import { tenantDb } from '../../src/web/tenant-db.ts'
import type { WebEnv } from '../../src/web/web-env.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
let pool: Db
let own: Db
let caller: Caller
const unwalled: string[] = []

beforeAll(async () => {
  db = await testDatabase()
  // One connection, so that what a request leaves behind on it would be seen by the next.
  pool = connect(db.appUrl, { max: 1 })
  own = tenantDb(pool, () => unwalled.push('unwalled'))
  await db.owner`
    with tenant as (insert into organization.tenants (tenant_key, name) values ('acme', 'Acme') returning tenant_id),
      kind as (insert into organization.org_types (org_type_key, name) values ('coop', 'Co-op') returning org_type_id)
    insert into organization.organizations (tenant_id, org_type_id, organization_key, name)
    select t.tenant_id, kind.org_type_id, t.tenant_key, t.tenant_key
    from kind, (select tenant_id, 'acme' as tenant_key from tenant
      union all select tenant_id, tenant_key from organization.tenants) t`
  caller = (await callerOfKey(
    db.app,
    (
      await createApiKey(db.app, { role: 'operator', tenant: 'acme' })
    ).key,
  ))!
})
afterAll(async () => {
  await pool.end({ timeout: 2 })
  await db.close()
})

/** What a handler answers when the caller's request is served. */
async function served(handler: () => Promise<unknown>, method = 'GET'): Promise<unknown> {
  const app = new Hono<WebEnv>()
  app.use(async (c, next) => {
    c.set('caller', caller)
    await next()
  })
  app.use(asRequest(pool))
  app.all('/', async (c) => c.json((await handler()) as object))
  app.onError((error, c) => c.json({ error: error.message }, 500))
  return (await app.request('/', { method })).json()
}

const everybody = (sql: Db) => sql`select organization_key as key from organization.organizations order by 1`

test('a statement that forgets its condition shows the caller’s tenant alone', async () => {
  expect(await served(() => everybody(own))).toEqual([{ key: 'acme' }])
  expect(await served(() => everybody(pool))).toEqual([{ key: 'acme' }, { key: 'default' }])
})

test('so does a transaction, one that may only read, and a statement put together from parts', async () => {
  const inside = (tx: unknown) => everybody(tx as Db)
  expect(await served(() => own.begin(inside))).toEqual([{ key: 'acme' }])
  expect(await served(() => own.begin('isolation level repeatable read read only', inside))).toEqual([
    { key: 'acme' },
  ])
  const parted = () => own`
    select ${own('organization_key')} as key from organization.organizations
    where ${own`organization_key in ${own(['acme', 'default'])}`} order by 1`
  expect(await served(async () => [...(await parted())])).toEqual([{ key: 'acme' }])
  expect(await served(() => Promise.all([everybody(own), everybody(own)]))).toEqual([
    [{ key: 'acme' }],
    [{ key: 'acme' }],
  ])
})

test('afterwards the connection is the application’s again, whether it went well or not', async () => {
  const me = async () =>
    (await pool`select current_user::text as me, current_setting('stepladder.tenant', true) as tenant`)[0]
  await served(() => everybody(own))
  expect(await me()).toEqual({ me: 'stepladder_app', tenant: '' })
  await served(() => own`select 1 / 0`)
  expect(await me()).toEqual({ me: 'stepladder_app', tenant: '' })
})

test('a row of another tenant can neither be written nor changed', async () => {
  const take = () =>
    own`update organization.organizations set name = 'Taken' returning organization_key as key`
  expect(await served(take, 'POST')).toEqual([{ key: 'acme' }])
  const give = () => own`update organization.organizations set tenant_id = (
    select tenant_id from auth.operator_actions limit 0), name = 'x'`
  expect(await served(give, 'POST')).toMatchObject({ error: expect.stringMatching(/null|policy/) })
})

test('outside a request there is no tenant whose rows could be meant', async () => {
  await expect(everybody(own)).rejects.toThrow('outside a request')
})

test('where the role is missing everything works without this wall, and that is said once', async () => {
  await db.owner`revoke usage on schema organization from stepladder_web`
  const told: string[] = []
  const open = tenantDb(pool, () => told.push('once'))
  for (let i = 0; i < 3; i++)
    expect(await served(() => everybody(open))).toEqual([{ key: 'acme' }, { key: 'default' }])
  expect(told).toEqual(['once'])
  expect(unwalled).toEqual([])
})
