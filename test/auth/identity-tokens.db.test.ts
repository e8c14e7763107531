import { generateKeyPairSync } from 'node:crypto'
import { base64url, SignJWT, UnsecuredJWT } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTokenCheck, looksLikeToken } from '../../src/auth/identity-tokens.ts'
import { createIssuer, type IssuerSettings } from '../../src/auth/issuer.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { type IssuerStandIn, issuerStandIn } from '../support/issuer-stand-in.ts'

let db: TestDatabase
let issuer: IssuerStandIn
let acme: string
let hof: string

beforeAll(async () => {
  db = await testDatabase()
  issuer = await issuerStandIn()
  const [made] = await db.owner<{ tenantId: string; organizationId: string }[]>`
    with tenant as (insert into organization.tenants (tenant_key, name) values ('acme', 'Acme') returning tenant_id),
      kind as (insert into organization.org_types (org_type_key, name) values ('coop', 'Co-op') returning org_type_id)
    insert into organization.organizations (tenant_id, org_type_id, organization_key, name)
    select tenant_id, org_type_id, 'hof', 'Hof' from tenant, kind returning tenant_id, organization_id`
  acme = made!.tenantId
  hof = made!.organizationId
})
afterAll(async () => {
  await issuer.close()
  await db.close()
})

const claims = { sub: 'auth0|olga', aud: 'stepladder', roles: ['operator'], tenant: 'acme', name: 'Olga' }
const seconds = (ahead: number) => Math.floor(Date.now() / 1000) + ahead

function settingsOf(more: Partial<IssuerSettings> = {}): IssuerSettings {
  return {
    issuer: issuer.url,
    audience: 'stepladder',
    jwksUrl: null,
    clientId: null,
    clientSecret: null,
    rolesClaim: 'roles',
    tenantClaim: 'tenant',
    ...more,
  }
}

function check(more: Partial<IssuerSettings> = {}, now = Date.now) {
  const settings = settingsOf(more)
  return createTokenCheck(db.app, createIssuer(settings, now), settings, now)
}

test('a token of the issuer opens with the role, the tenant and the name that it tells', async () => {
  const whose = check()
  const olga = {
    kind: 'identity',
    id: 'auth0|olga',
    tenantId: acme,
    role: 'operator',
    scopes: [],
    name: 'Olga',
    organizationId: null,
  }
  expect(await whose(await issuer.sign(claims))).toEqual(olga)
  expect(await whose(await issuer.sign({ ...claims, tenant: acme, aud: ['other', 'stepladder'] }))).toEqual(
    olga,
  )
  expect(await whose(await issuer.sign({ ...claims, exp: seconds(-10), nbf: seconds(10) }))).toEqual(olga)
})

test('tokens signed with ES256 are taken too, and the keys may be named apart from the issuer', async () => {
  const other = await issuerStandIn('ES256')
  const whose = check({ issuer: other.url, jwksUrl: `${other.url}/keys` })
  expect((await whose(await other.sign(claims))).role).toBe('operator')
  expect(other.asked).toEqual(['/keys'])
  await other.close()
})

test('what is expired, of somebody else or for somebody else is refused, and told why', async () => {
  const whose = check()
  const refused = async (token: string | Promise<string>, code: string, message: RegExp) =>
    expect(whose(await token)).rejects.toMatchObject({
      code,
      status: 401,
      message: expect.stringMatching(message),
    })
  await refused(issuer.sign({ ...claims, exp: seconds(-31) }), 'token_expired', /expired/)
  await refused(issuer.sign({ ...claims, nbf: seconds(60) }), 'token_invalid', /not valid yet/)
  await refused(issuer.sign({ ...claims, aud: 'other' }), 'token_invalid', /another audience/)
  await refused(issuer.sign({ ...claims, iss: 'https://evil.example' }), 'token_invalid', /another issuer/)
  for (const left of ['aud', 'exp', 'sub', 'iss'] as const)
    await refused(issuer.sign({ ...claims, [left]: undefined }), 'token_invalid', /missing|another/)
  await refused(issuer.sign({ ...claims, sub: '' }), 'token_invalid', /nobody/)
})

test('no algorithm but RS256 and ES256: none, a secret made of the public key, and others are refused', async () => {
  const whose = check()
  const all = { iss: issuer.url, exp: seconds(60), ...claims }
  const refused = (token: string) => expect(whose(token)).rejects.toMatchObject({ code: 'token_invalid' })
  await refused(new UnsecuredJWT(all).encode())
  const keys = await (await fetch(`${issuer.url}/keys`)).text()
  await refused(
    await new SignJWT(all)
      .setProtectedHeader({ alg: 'HS256', kid: JSON.parse(keys).keys[0].kid })
      .sign(new TextEncoder().encode(keys)),
  )
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  for (const alg of ['PS256', 'RS512', 'RS256'])
    await refused(
      await new SignJWT(all).setProtectedHeader({ alg, kid: JSON.parse(keys).keys[0].kid }).sign(privateKey),
    )
  const [head, body, signature] = (await issuer.sign(claims)).split('.') as [string, string, string]
  const forged = base64url.encode(JSON.stringify({ ...all, roles: ['operator'], tenant: 'default' }))
  await refused(`${head}.${forged}.${signature}`)
  await refused(`${head}.${body}.`)
})

test('roles come as a list or as words, under the name that is set, and the most powerful counts', async () => {
  const role = async (more: object, settings: Partial<IssuerSettings> = {}) => {
    const { role, scopes } = await check(settings)(
      await issuer.sign({ ...claims, roles: undefined, ...more }),
    )
    return [role, ...scopes].join(' ')
  }
  expect(await role({ roles: 'viewer something' })).toBe('viewer')
  expect(await role({ roles: ['viewer', 'operator'] })).toBe('operator')
  // Whoever may approve plans may do so as an operator too.
  expect(await role({ roles: ['operator', 'plan_approver'] })).toBe('operator high-risk-approval')
  expect(await role({ roles: ['plan_approver'] })).toBe('plan_approver')
  expect(await role({ roles: ['operator'], scope: 'openid high-risk-approval' })).toBe(
    'operator high-risk-approval',
  )
  expect(await role({ 'cognito:groups': ['viewer'] }, { rolesClaim: 'cognito:groups' })).toBe('viewer')
  expect(await role({ realm_access: { roles: ['viewer'] } }, { rolesClaim: 'realm_access.roles' })).toBe(
    'viewer',
  )
  expect(
    await role({ 'https://us.example/roles': ['viewer'] }, { rolesClaim: 'https://us.example/roles' }),
  ).toBe('viewer')
  for (const roles of [undefined, [], 'admin', ['Operator'], { operator: true }, 7])
    await expect(role({ roles })).rejects.toMatchObject({
      code: 'role_missing',
      status: 403,
      fix: expect.stringContaining('AUTH_ROLES_CLAIM'),
    })
})

test('a tenant comes under the name that is set; one that is missing or not known is refused with the next step', async () => {
  const cognito = { ...claims, tenant: undefined, 'custom:tenant_id': acme }
  expect((await check({ tenantClaim: 'custom:tenant_id' })(await issuer.sign(cognito))).tenantId).toBe(acme)
  await expect(check()(await issuer.sign(cognito))).rejects.toMatchObject({
    code: 'tenant_missing',
    status: 403,
    fix: expect.stringContaining('AUTH_TENANT_CLAIM'),
  })
  for (const tenant of ['nowhere', '00000000-0000-0000-0000-000000000000'])
    await expect(check()(await issuer.sign({ ...claims, tenant }))).rejects.toMatchObject({
      code: 'tenant_unknown',
    })
})

test('a member’s token names its organization, of its own tenant', async () => {
  const member = { ...claims, roles: ['member'] }
  const whose = check()
  for (const organization of [hof, 'hof'])
    expect(await whose(await issuer.sign({ ...member, organization }))).toMatchObject({
      role: 'member',
      organizationId: hof,
    })
  await expect(whose(await issuer.sign(member))).rejects.toMatchObject({ code: 'organization_missing' })
  await expect(
    whose(await issuer.sign({ ...member, organization: hof, tenant: 'default' })),
  ).rejects.toMatchObject({ code: 'organization_unknown' })
})

test('a rotated key is fetched again, but a made-up one makes it ask only every thirty seconds', async () => {
  const own = await issuerStandIn()
  let now = Date.now()
  const whose = check({ issuer: own.url, jwksUrl: `${own.url}/keys` }, () => now)
  const before = await own.sign(claims)
  await whose(before)
  await own.rotate()
  await expect(whose(await own.sign(claims))).rejects.toMatchObject({ code: 'token_invalid' })
  now += 30_000
  expect((await whose(await own.sign(claims))).name).toBe('Olga')
  const asked = own.asked.length
  for (let i = 0; i < 5; i++)
    await expect(whose(await own.sign(claims, { kid: `made-up-${i}` }))).rejects.toMatchObject({
      code: 'token_invalid',
    })
  expect(own.asked.length).toBe(asked)
  // What is told no more is believed no more.
  await expect(whose(before)).rejects.toMatchObject({ code: 'token_invalid' })
  await own.close()
})

test('while the issuer is away known keys go on working, and what is not known is 503', async () => {
  const own = await issuerStandIn()
  let now = Date.now()
  const fresh = check({ issuer: own.url }, () => now)
  own.away(true)
  await expect(fresh(await own.sign(claims))).rejects.toMatchObject({ code: 'issuer_unavailable' })
  own.away(false)
  now += 30_000
  const token = await own.sign({ ...claims, exp: seconds(7200) })
  await fresh(token)
  own.away(true)
  now += 3_600_000
  for (let i = 0; i < 3; i++) expect((await fresh(token)).name).toBe('Olga')
  await own.rotate()
  now += 30_000
  await expect(fresh(await own.sign({ ...claims, exp: seconds(7200) }))).rejects.toMatchObject({
    code: 'issuer_unavailable',
  })
  await own.close()
})

test('a document that speaks for another issuer is not believed', async () => {
  const whose = check({ issuer: `${issuer.url}/` })
  await expect(whose(await issuer.sign({ ...claims, iss: `${issuer.url}/` }))).rejects.toMatchObject({
    code: 'issuer_unavailable',
    message: expect.stringContaining('another issuer'),
  })
})

test('keys are told from tokens by their form', () => {
  expect(looksLikeToken('a.b.c')).toBe(true)
  expect(looksLikeToken('a.b.')).toBe(true)
  for (const text of [`sl_aaaaaaaa_${'a'.repeat(32)}`, 'a.b', 'a.b.c.d.e', `${'a'.repeat(9000)}.b.c`, ''])
    expect(looksLikeToken(text)).toBe(false)
})
