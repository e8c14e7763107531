import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type Caller,
  callerOfKey,
  createApiKey,
  createKeyCheck,
  listApiKeys,
  revokeApiKey,
} from '../../src/auth/api-keys.ts'
import { closeSession, findSession, openSession, renewSession } from '../../src/auth/sessions.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db.close())

test('a key opens with its role and its tenant, and only its hash is kept', async () => {
  const { id, key } = await createApiKey(db.app, { role: 'viewer', name: 'Grafana' })
  expect(key).toMatch(/^sl_[a-z2-7]{8}_[a-z2-7]{32}$/)
  const [tenant] = await db.app<{ id: string }[]>`
    select tenant_id as id from organization.tenants where tenant_key = 'default'`
  expect(await callerOfKey(db.app, key)).toEqual({
    kind: 'key',
    id,
    tenantId: tenant!.id,
    role: 'viewer',
    scopes: [],
    name: 'Grafana',
    organizationId: null,
  })
  const [row] = await db.app<
    { text: string }[]
  >`select k::text as text from auth.api_keys k where api_key_id = ${id}`
  expect(row!.text).not.toContain(key.slice(12))
  expect(row!.text).toContain(key.slice(0, 11))
})

test('a key that is nobody’s opens nothing, whatever it looks like', async () => {
  const { key } = await createApiKey(db.app, { role: 'operator' })
  const last = key.endsWith('a') ? 'b' : 'a'
  for (const wrong of [
    key.slice(0, -1) + last,
    key.toUpperCase(),
    `${key}\0`,
    `${key} `,
    '',
    'sl_',
    "' or true --",
  ]) {
    expect(await callerOfKey(db.app, wrong)).toBeNull()
  }
})

test('a role or a tenant that does not exist is refused with the next step', async () => {
  await expect(createApiKey(db.app, { role: 'admin' })).rejects.toMatchObject({
    code: 'role_unknown',
    fix: expect.stringContaining('operator'),
  })
  await expect(createApiKey(db.app, { role: 'viewer', tenant: 'nowhere' })).rejects.toMatchObject({
    code: 'tenant_unknown',
  })
})

test('a key of another tenant carries that tenant', async () => {
  const [other] = await db.owner<{ tenantId: string }[]>`
    insert into organization.tenants (tenant_key, name) values ('acme', 'Acme') returning tenant_id`
  for (const tenant of ['acme', other!.tenantId]) {
    const { key } = await createApiKey(db.app, { role: 'member', tenant })
    expect((await callerOfKey(db.app, key))!.tenantId).toBe(other!.tenantId)
  }
})

test('a revoked key is closed, and so are the sessions that it opened; revoking again says so', async () => {
  const { id, key } = await createApiKey(db.app, { role: 'operator' })
  const token = await openSession(db.app, (await callerOfKey(db.app, key))!)
  expect((await findSession(db.app, token))!.caller).toMatchObject({ id, kind: 'key', role: 'operator' })
  expect(await revokeApiKey(db.app, id)).toBe('revoked')
  expect(await revokeApiKey(db.app, id)).toBe('already')
  expect(await callerOfKey(db.app, key)).toBeNull()
  expect(await findSession(db.app, token)).toBeNull()
  await expect(revokeApiKey(db.app, 'sl_nothing')).rejects.toMatchObject({ code: 'key_unknown' })
})

test('a busy key is looked up once in five seconds, and its revocation holds after that at the latest', async () => {
  let now = 1_000_000
  let asked = 0
  const counting = new Proxy(db.app, {
    apply: (target, self, args) => {
      asked++
      return Reflect.apply(target as never, self, args)
    },
  })
  const check = createKeyCheck(counting, () => now)
  const { id, key } = await createApiKey(db.app, { role: 'viewer' })
  expect(await check(key)).toMatchObject({ id })
  const afterFirst = asked
  for (let i = 0; i < 10; i++) await check(key)
  expect(asked).toBe(afterFirst)
  await revokeApiKey(db.app, id)
  now += 5_001
  expect(await check(key)).toBeNull()
})

test('the last use is written, and at most once a minute', async () => {
  const { id, key } = await createApiKey(db.app, { role: 'viewer' })
  const lastUse = async () => (await listApiKeys(db.app)).find((row) => row.id === id)!.lastUsedAt
  expect(await lastUse()).toBeNull()
  await callerOfKey(db.app, key)
  const first = (await lastUse())!
  expect(Math.abs(first.getTime() - Date.now())).toBeLessThan(10_000)
  await callerOfKey(db.app, key)
  expect(await lastUse()).toEqual(first)
  await db.app`update auth.api_keys set last_used_at = last_used_at - interval '61 seconds' where api_key_id = ${id}`
  await callerOfKey(db.app, key)
  expect((await lastUse())!.getTime()).toBeGreaterThanOrEqual(first.getTime())
})

async function openedWithAKey(): Promise<string> {
  const { key } = await createApiKey(db.app, { role: 'viewer' })
  return openSession(db.app, (await callerOfKey(db.app, key))!)
}

test('a session ends by itself after twelve hours and at once when one signs out', async () => {
  const token = await openedWithAKey()
  const [row] = await db.app<{ hours: number }[]>`
    select extract(epoch from max(expires_at) - clock_timestamp())::float8 / 3600 as hours from auth.sessions`
  expect(row!.hours).toBeCloseTo(12, 1)
  await closeSession(db.app, token)
  expect(await findSession(db.app, token)).toBeNull()
  const late = await openedWithAKey()
  await db.app`update auth.sessions set expires_at = clock_timestamp()`
  expect(await findSession(db.app, late)).toBeNull()
})

test('a token is renewed after an hour, once; the one before opens for a minute more, and both end together', async () => {
  const token = await openedWithAKey()
  const first = (await findSession(db.app, token))!
  expect(first.due).toBe(false)
  expect(await renewSession(db.app, token)).toBeNull()
  const later = (minutes: number) =>
    db.app`update auth.sessions set renewed_at = renewed_at - make_interval(mins => ${minutes}) where revoked_at is null`
  await later(61)
  expect((await findSession(db.app, token))!.due).toBe(true)
  const both = await Promise.all([renewSession(db.app, token), renewSession(db.app, token)])
  const [renewed] = both.filter((answer) => answer !== null)
  expect(both).toContain(null)
  // A form that was open meanwhile still counts.
  expect(await findSession(db.app, renewed!)).toEqual(first)
  expect(await findSession(db.app, token)).toEqual(first)
  await later(2)
  expect(await findSession(db.app, token)).toBeNull()
  expect(await findSession(db.app, renewed!)).toEqual(first)
  await later(60)
  const next = (await renewSession(db.app, renewed!))!
  await closeSession(db.app, renewed!)
  expect(await findSession(db.app, next)).toBeNull()
})

test('a session of somebody whom the identity provider knows says by itself who it is', async () => {
  const { key } = await createApiKey(db.app, { role: 'viewer' })
  const { tenantId } = (await callerOfKey(db.app, key))!
  const olga: Caller = {
    kind: 'identity',
    id: 'auth0|olga',
    tenantId,
    role: 'operator',
    scopes: ['high-risk-approval'],
    name: 'Olga',
    organizationId: null,
  }
  expect((await findSession(db.app, await openSession(db.app, olga)))!.caller).toEqual(olga)
})

test('a key carries its scopes, and a member’s its organization; what does not fit is refused', async () => {
  const { key } = await createApiKey(db.app, { role: 'operator', scopes: ['high-risk-approval'] })
  expect((await callerOfKey(db.app, key))!.scopes).toEqual(['high-risk-approval'])
  const [made] = await db.owner<{ organizationId: string }[]>`
    with kind as (insert into organization.org_types (org_type_key, name) values ('coop', 'Co-op') returning org_type_id)
    insert into organization.organizations (tenant_id, org_type_id, organization_key, name)
    select tenant_id, org_type_id, 'hof', 'Hof' from organization.tenants, kind where tenant_key = 'default'
    returning organization_id`
  for (const organization of ['hof', made!.organizationId]) {
    const member = await createApiKey(db.app, { role: 'member', organization })
    expect((await callerOfKey(db.app, member.key))!.organizationId).toBe(made!.organizationId)
  }
  const refused = (key: Parameters<typeof createApiKey>[1]) =>
    expect(createApiKey(db.app, key)).rejects.toMatchObject
  await refused({ role: 'viewer', scopes: ['everything'] })({ code: 'scope_unknown' })
  await refused({ role: 'viewer', organization: 'hof' })({ code: 'organization_misplaced' })
  await refused({ role: 'member', organization: 'nobody' })({ code: 'organization_unknown' })
  // Another tenant's is no organization here.
  await refused({ role: 'member', organization: 'hof', tenant: 'acme' })({ code: 'organization_unknown' })
})
