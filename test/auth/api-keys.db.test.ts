import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  callerOfKey,
  createApiKey,
  createKeyCheck,
  listApiKeys,
  revokeApiKey,
} from '../../src/auth/api-keys.ts'
import { callerOfSession, closeSession, openSession } from '../../src/auth/sessions.ts'
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
    apiKeyId: id,
    tenantId: tenant!.id,
    role: 'viewer',
    scopes: [],
    name: 'Grafana',
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
  const session = (await openSession(db.app, key))!
  expect(await callerOfSession(db.app, session.token)).toMatchObject({ apiKeyId: id })
  expect(await revokeApiKey(db.app, id)).toBe('revoked')
  expect(await revokeApiKey(db.app, id)).toBe('already')
  expect(await callerOfKey(db.app, key)).toBeNull()
  expect(await openSession(db.app, key)).toBeNull()
  expect(await callerOfSession(db.app, session.token)).toBeNull()
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
  expect(await check(key)).toMatchObject({ apiKeyId: id })
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

test('a session ends by itself after twelve hours and at once when one signs out', async () => {
  const { key } = await createApiKey(db.app, { role: 'viewer' })
  const { token } = (await openSession(db.app, key))!
  const [row] = await db.app<{ hours: number }[]>`
    select extract(epoch from max(expires_at) - clock_timestamp())::float8 / 3600 as hours from auth.sessions`
  expect(row!.hours).toBeCloseTo(12, 1)
  await closeSession(db.app, token)
  expect(await callerOfSession(db.app, token)).toBeNull()
  const late = (await openSession(db.app, key))!
  await db.app`update auth.sessions set expires_at = clock_timestamp()`
  expect(await callerOfSession(db.app, late.token)).toBeNull()
})
