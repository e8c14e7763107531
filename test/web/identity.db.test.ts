import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApiKey } from '../../src/auth/api-keys.ts'
import type { WebServer } from '../../src/web/server.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { type IssuerStandIn, issuerStandIn } from '../support/issuer-stand-in.ts'
import { bearer, listeningApp, signInWith } from './app-for-test.ts'

let db: TestDatabase
let issuer: IssuerStandIn
let server: WebServer

const settings = () => ({
  issuer: issuer.url,
  audience: 'stepladder-api',
  jwksUrl: null,
  clientId: 'stepladder-panel',
  clientSecret: null,
  rolesClaim: 'roles',
  tenantClaim: 'tenant',
})

beforeAll(async () => {
  db = await testDatabase()
  issuer = await issuerStandIn()
  server = await listeningApp(db.app, { auth: settings() })
})
afterAll(async () => {
  await server.close(100)
  await issuer.close()
  await db.close()
})

const olga = { sub: 'olga', name: 'Olga', roles: ['operator'], tenant: 'default' }

async function ask(path: string, token: string) {
  const response = await fetch(server.url + path, { headers: bearer(token) })
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as { code?: string },
  }
}

/** Walks as a browser does, with a jar for cookies, until it stands still or `steps` are done. */
async function walk(path: string, steps: number, jar = new Map<string, string>(), at = server.url) {
  let url = new URL(path, at)
  for (let step = 0; ; step++) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const own = url.origin === at
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { accept: 'text/html', ...(own && cookie ? { cookie } : {}) },
    })
    for (const text of own ? response.headers.getSetCookie() : []) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(text)!
      if (/Max-Age=0/.test(text)) jar.delete(name!)
      else jar.set(name!, value!)
    }
    const location = response.headers.get('location')
    if (step === steps || location === null)
      return { status: response.status, text: await response.text(), url, jar, location }
    await response.arrayBuffer()
    url = new URL(location, url)
  }
}

test('a token of the identity provider opens the API as a key does, with its own role and no more', async () => {
  const token = await issuer.sign({ ...olga, aud: 'stepladder-api' })
  expect((await ask('/api/v1/organizations', token)).status).toBe(200)
  const viewer = await issuer.sign({ ...olga, aud: 'stepladder-api', roles: ['viewer'] })
  const refused = await fetch(`${server.url}/api/v1/org-types`, {
    method: 'POST',
    headers: bearer(viewer),
    body: '{}',
  })
  expect([refused.status, (await refused.json()) as object]).toMatchObject([403, { code: 'wrong_role' }])
})

test('a token that is not taken is told why, and what it lacks', async () => {
  const wrong = await ask('/api/v1/organizations', await issuer.sign({ ...olga, aud: 'another' }))
  expect(wrong).toMatchObject({ status: 401, body: { code: 'token_invalid' } })
  expect(wrong.headers.get('www-authenticate')).toContain('Bearer')
  const forNobody = await issuer.sign({ ...olga, aud: 'stepladder-api', tenant: 'nowhere' })
  expect(await ask('/api/v1/organizations', forNobody)).toMatchObject({
    status: 403,
    body: { code: 'tenant_unknown' },
  })
  // Where no provider is set up, a token is a wrong key.
  const plain = await listeningApp(db.app)
  expect(
    (await fetch(`${plain.url}/api/v1/organizations`, { headers: bearer(await issuer.sign(olga)) })).status,
  ).toBe(401)
  await plain.close(100)
})

test('an operator signs in through the provider, and arrives at the page that was wanted', async () => {
  issuer.person = olga
  const door = await walk('/operator/queues', 1)
  expect(door.text).toContain('/operator/sign-in/begin?next=%2Foperator%2Fqueues')
  expect(door.text).not.toContain('name="key"')
  const arrived = await walk('/operator/sign-in/begin?next=%2Foperator%2Fqueues', 5)
  expect([arrived.status, arrived.url.pathname, arrived.url.search]).toEqual([200, '/operator/queues', ''])
  expect([...arrived.jar.keys()].sort()).toEqual(['XSRF-TOKEN', 'stepladder'])
  const page = await walk('/operator', 0, arrived.jar)
  expect(page.text).toContain('Olga')
  const [session] = await db.app<{ subject: string; role: string }[]>`
    select subject, role from auth.sessions where subject is not null order by created_at desc limit 1`
  expect(session).toEqual({ subject: 'olga', role: 'operator' })
})

test('the provider is asked with PKCE, state and nonce, and the way back is the one of PUBLIC_URL', async () => {
  const behind = await listeningApp(db.app, { auth: settings(), publicUrl: 'https://panel.example' })
  const { location } = await walk('/operator/sign-in/begin', 0, new Map(), behind.url)
  const asked = new URL(location!).searchParams
  expect(asked.get('redirect_uri')).toBe('https://panel.example/operator/sign-in/callback')
  expect(asked.get('code_challenge_method')).toBe('S256')
  for (const name of ['state', 'nonce', 'code_challenge']) expect(asked.get(name)!.length).toBeGreaterThan(20)
  await behind.close(100)
})

test('a way back that this browser did not set out on opens nothing', async () => {
  issuer.person = olga
  const begun = await walk('/operator/sign-in/begin', 1)
  const back = new URL(begun.location!)
  const path = back.pathname + back.search
  // Somebody else's browser, another state, and the same way twice.
  const stranger = await walk(path, 0)
  expect([stranger.status, stranger.jar.has('stepladder')]).toEqual([401, false])
  const bent = await walk(path.replace(/state=[^&]+/, 'state=other'), 0, new Map(begun.jar))
  expect([bent.status, bent.jar.has('stepladder')]).toEqual([401, false])
  const first = await walk(path, 0, new Map(begun.jar))
  expect([first.status, first.jar.has('stepladder')]).toEqual([303, true])
  const again = await walk(path, 0, new Map(begun.jar))
  expect([again.status, again.jar.has('stepladder')]).toEqual([401, false])
  expect(again.text).toContain('Begin again')
})

test('an ID token with another nonce, audience or issuer opens nothing, and neither does somebody without a role', async () => {
  issuer.person = olga
  for (const bend of [
    { nonce: 'other' },
    { aud: 'stepladder-api' },
    { iss: 'https://evil.example' },
    { exp: 1 },
  ]) {
    issuer.bend = bend
    const end = await walk('/operator/sign-in/begin', 3)
    expect({ bend, status: end.status, session: end.jar.has('stepladder') }).toEqual({
      bend,
      status: 401,
      session: false,
    })
  }
  issuer.bend = { roles: ['guest'] }
  const guest = await walk('/operator/sign-in/begin', 3)
  expect([guest.status, guest.jar.has('stepladder')]).toEqual([403, false])
  expect(guest.text).toContain('AUTH_ROLES_CLAIM')
  issuer.bend = {}
  const refused = await walk('/operator/sign-in/begin', 0)
  const state = new URL(refused.location!).searchParams.get('state')
  const denied = await walk(`/operator/sign-in/callback?error=access_denied&state=${state}`, 0, refused.jar)
  expect(denied.status).toBe(401)
  expect(denied.text).toContain('(access_denied)')
})

test('while the provider is away the door says so', async () => {
  const fresh = await listeningApp(db.app, { auth: settings() })
  issuer.away(true)
  const away = await walk('/operator/sign-in/begin', 0, new Map(), fresh.url)
  issuer.away(false)
  expect(away.status).toBe(503)
  expect(away.text).toContain('identity provider')
  await fresh.close(100)
})

test('with a provider to sign in through, keys open the panel in local mode alone', async () => {
  const { key } = await createApiKey(db.app, { role: 'operator' })
  const refused = await signInWith(server.url, key)
  expect([refused.status, refused.headers.get('set-cookie')]).toEqual([403, null])
  const local = await listeningApp(db.app, { auth: settings(), local: true })
  const page = await (await fetch(`${local.url}/operator/sign-in`)).text()
  expect(page).toContain('name="key"')
  expect(page).toContain('/operator/sign-in/begin')
  expect((await signInWith(local.url, key)).status).toBe(303)
  await local.close(100)
})

test('where many sign-ins failed, one that comes to its end enters all the same', async () => {
  let now = Date.now()
  const limited = await listeningApp(db.app, { auth: settings(), now: () => now })
  const failing = () =>
    walk('/operator/sign-in/begin', 0, new Map(), limited.url).then(({ location, jar }) => {
      const state = new URL(location!).searchParams.get('state')
      return walk(`/operator/sign-in/callback?error=access_denied&state=${state}`, 0, jar, limited.url)
    })
  // Who never set out is turned away, and counted for nothing.
  for (let i = 0; i < 20; i++)
    expect((await walk('/operator/sign-in/callback?code=x', 0, new Map(), limited.url)).status).toBe(401)
  for (let i = 0; i < 10; i++) expect((await failing()).status).toBe(401)
  const waits = await failing()
  expect(waits.status).toBe(429)
  expect(waits.text).toContain('Too many sign-ins failed.')
  issuer.person = olga
  const entered = await walk('/operator/sign-in/begin', 4, new Map(), limited.url)
  expect([entered.status, entered.jar.has('stepladder')]).toEqual([200, true])
  now += 60_000
  expect((await failing()).status).toBe(401)
  await limited.close(100)
})

test('tokens that nobody signed are limited as wrong keys are; what is right goes on', async () => {
  const limited = await listeningApp(db.app, { auth: settings() })
  const get = (text: string) => fetch(`${limited.url}/api/v1/org-types`, { headers: bearer(text) })
  const token = await issuer.sign({ ...olga, aud: 'stepladder-api' })
  const wrong = `${token.slice(0, -8)}AAAAAAAA`
  for (let i = 0; i < 100; i++) expect((await get(wrong)).status).toBe(401)
  const waits = await get(wrong)
  expect([waits.status, await waits.json()]).toMatchObject([429, { code: 'too_many_wrong_keys' }])
  expect((await get(token)).status).toBe(200)
  const expired = await issuer.sign({ ...olga, aud: 'stepladder-api', exp: 1 })
  expect(await (await get(expired)).json()).toMatchObject({ code: 'token_expired', status: 401 })
  const { key } = await createApiKey(db.app, { role: 'viewer' })
  expect((await get(key)).status).toBe(200)
  await limited.close(100)
})

test('to an address that brings a hundred wrong keys in a minute the next wrong one waits; right ones go on', async () => {
  let now = Date.now()
  const limited = await listeningApp(db.app, { now: () => now })
  const get = async (key: string) =>
    (await fetch(`${limited.url}/api/v1/org-types`, { headers: bearer(key) })).status
  const { key } = await createApiKey(db.app, { role: 'viewer' })
  for (let i = 0; i < 100; i++) expect(await get(`sl_cccccccc_${'c'.repeat(32)}`)).toBe(401)
  expect(await get(`sl_cccccccc_${'c'.repeat(32)}`)).toBe(429)
  // It was never brought here before.
  expect(await get(key)).toBe(200)
  now += 60_000
  expect(await get(`sl_cccccccc_${'c'.repeat(32)}`)).toBe(401)
  await limited.close(100)
})
