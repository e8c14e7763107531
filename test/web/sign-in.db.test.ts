import { Hono } from 'hono'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApiKey, revokeApiKey } from '../../src/auth/api-keys.ts'
import type { WebServer } from '../../src/web/server.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { csrfOf, keyWithRole, listeningApp, memberKey, signedIn, signInWith } from './app-for-test.ts'

let db: TestDatabase
let server: WebServer
let key: string

beforeAll(async () => {
  db = await testDatabase()
  server = await listeningApp(db.app)
  key = await keyWithRole(db.app, 'operator')
})
afterAll(async () => {
  await server.close(100)
  await db.close()
})

function browse(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> {
  return fetch(server.url + path, {
    method,
    headers: { accept: 'text/html', ...headers },
    redirect: 'manual',
  })
}

test('the door is a page without a script, under a policy that allows none', async () => {
  const response = await browse('/operator/sign-in')
  const text = await response.text()
  expect(response.status).toBe(200)
  expect(text).not.toMatch(/<script|style=|<style|\son\w+=/i)
  const policy = response.headers.get('content-security-policy')!
  expect(policy).toContain("default-src 'none'")
  expect(policy).not.toContain('unsafe')
  const sheet = /href="([^"]+\.css[^"]*)"/.exec(text)![1]!
  const css = await browse(sheet)
  expect([css.status, css.headers.get('content-type'), css.headers.get('cache-control')]).toEqual([
    200,
    'text/css; charset=utf-8',
    'public, max-age=31536000, immutable',
  ])
  expect((await browse('/operator/assets/..%2Fapp.ts')).status).toBe(404)
})

test('a key is exchanged for a session: HttpOnly, Lax, for twelve hours, and not the key itself', async () => {
  const response = await signInWith(server.url, ` ${key}\n`)
  expect([response.status, response.headers.get('location')]).toEqual([303, '/operator/queues'])
  const cookie = response.headers.get('set-cookie')!
  expect(cookie).toMatch(/^stepladder=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Lax$/)
  expect(cookie).not.toContain(key)
  const page = await browse('/operator', { cookie: cookie.split(';')[0]! })
  expect(page.status).toBe(200)
  expect(await page.text()).toContain('/operator/queues')
})

test('over https the cookie is __Host-stepladder, which nobody else can set', async () => {
  const response = await signInWith(server.url, key, { 'x-forwarded-proto': 'https' })
  const cookie = response.headers.get('set-cookie')!
  expect(cookie).toMatch(
    /^__Host-stepladder=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
  )
  const https = { 'x-forwarded-proto': 'https' }
  expect((await browse('/operator', { ...https, cookie: cookie.split(';')[0]! })).status).toBe(200)
  const plain = cookie.split(';')[0]!.replace('__Host-', '')
  expect((await browse('/operator', { ...https, cookie: plain })).status).toBe(303)
})

test('a wrong key gets the page again, with a sentence that says why, and no cookie', async () => {
  const wrong = `sl_aaaaaaaa_${'a'.repeat(32)}`
  const response = await signInWith(server.url, wrong)
  const text = await response.text()
  expect([response.status, response.headers.get('set-cookie')]).toEqual([401, null])
  expect(text).toContain('That key is not known')
  expect(text).not.toContain(wrong)
  expect((await signInWith(server.url, '')).status).toBe(400)
})

test('a member’s key does not enter the panel, and leaves no session', async () => {
  const member = await createApiKey(db.app, { role: 'member' })
  const response = await signInWith(server.url, member.key)
  expect([response.status, response.headers.get('set-cookie')]).toEqual([403, null])
  const [open] = await db.app<{ count: number }[]>`
    select count(*) from auth.sessions where api_key_id = ${member.id} and revoked_at is null`
  expect(open!.count).toBe(0)
})

test('signing out ends the session at once', async () => {
  const cookie = await signedIn(server.url, key)
  const headers = { cookie, origin: server.url }
  const without = await browse('/operator/sign-out', headers, 'POST')
  expect(without.status).toBe(403)
  expect(await without.text()).toContain('csrf_token_missing')
  const out = await fetch(`${server.url}/operator/sign-out`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ csrf: await csrfOf(server.url, cookie) }),
    redirect: 'manual',
  })
  expect([out.status, out.headers.get('location')]).toEqual([303, '/operator/sign-in'])
  expect(out.headers.get('set-cookie')).toMatch(/^stepladder=; Max-Age=0/)
  expect((await browse('/operator', { cookie })).status).toBe(303)
})

test('revoking a key ends what it opened', async () => {
  const made = await createApiKey(db.app, { role: 'viewer' })
  const cookie = await signedIn(server.url, made.key)
  expect((await browse('/operator', { cookie })).status).toBe(200)
  await revokeApiKey(db.app, made.id)
  expect((await browse('/operator', { cookie })).status).toBe(303)
})

test('who comes without a session is led to the door and back to the page, and nowhere else', async () => {
  const response = await browse('/operator/queues')
  expect([response.status, response.headers.get('location')]).toEqual([
    303,
    '/operator/sign-in?next=%2Foperator%2Fqueues',
  ])
  for (const next of [
    'https://evil.example',
    '//evil.example',
    '/operator/../..//evil.example',
    '/\\evil',
    'javascript:x',
    '/api',
  ]) {
    const text = await (await browse(`/operator/sign-in?next=${encodeURIComponent(next)}`)).text()
    expect(text).toContain('name="next" value="/operator"')
  }
  const programme = await fetch(`${server.url}/operator/queues/api/queues`, { redirect: 'manual' })
  expect(programme.status).toBe(401)
})

test('what another site sends is refused: sign-in, sign-out and every button of the dashboard', async () => {
  const cookie = await signedIn(server.url, key)
  const foreign = [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: 'http://127.0.0.1:1' },
    { 'sec-fetch-site': 'cross-site' },
    {},
  ]
  for (const headers of foreign) {
    for (const path of ['/operator/sign-in', '/operator/sign-out', '/operator/queues/api/queues/pause']) {
      const response = await browse(path, { cookie, ...headers } as Record<string, string>, 'POST')
      expect({ path, headers, status: response.status }).toEqual({ path, headers, status: 403 })
    }
    const put = await browse(
      '/operator/queues/api/queues/enrollment/retry/failed',
      { cookie, ...headers } as Record<string, string>,
      'PUT',
    )
    expect(put.status).toBe(403)
  }
  expect((await browse('/operator', { cookie })).status).toBe(200)
  const own = { cookie, origin: server.url }
  const retry = (headers: Record<string, string>) =>
    browse('/operator/queues/api/queues/enrollment/retry/failed', headers, 'PUT')
  expect((await retry(own)).status).toBe(403)
  // The dashboard's own library sends back what the cookie says.
  const first = await browse('/operator/queues', { cookie })
  const given = first.headers.getSetCookie().find((text) => text.startsWith('XSRF-TOKEN='))!
  expect(given).toMatch(/^XSRF-TOKEN=\w{64}; Path=\/operator\/queues; SameSite=Strict$/)
  const token = given.split(/[=;]/)[1]!
  expect((await retry({ ...own, 'x-xsrf-token': token })).status).not.toBe(403)
  expect((await retry({ cookie, 'x-xsrf-token': token })).status).toBe(403)
  // Another session's token is nobody's here.
  const other = await csrfOf(server.url, await signedIn(server.url, key))
  expect((await retry({ ...own, 'x-csrf-token': other })).status).toBe(403)
})

test('an hour later the browser gets another token, and a form that was open meanwhile still counts', async () => {
  const cookie = await signedIn(server.url, key)
  const csrf = await csrfOf(server.url, cookie)
  await db.app`update auth.sessions set renewed_at = renewed_at - interval '61 minutes' where revoked_at is null`
  const page = await browse('/operator', { cookie })
  const renewed = page.headers.get('set-cookie')!.split(';')[0]!
  expect(renewed).not.toBe(cookie)
  const out = await browse(
    '/operator/sign-out',
    { cookie: renewed, origin: server.url, 'x-csrf-token': csrf },
    'POST',
  )
  expect(out.status).toBe(303)
  expect((await browse('/operator', { cookie })).status).toBe(303)
})

test('the queue dashboard opens for an operator, with and without the slash, under its own policy', async () => {
  const cookie = await signedIn(server.url, key)
  for (const path of ['/operator/queues', '/operator/queues/']) {
    const response = await browse(path, { cookie })
    const text = await response.text()
    expect(response.status).toBe(200)
    expect(text).toContain('<base href="/operator/queues/"')
    expect(response.headers.get('content-security-policy')).toContain("style-src 'self' 'unsafe-inline'")
    const script = /src="(static\/js\/main[^"]+)"/.exec(text)![1]!
    expect((await browse(`/operator/queues/${script}`, { cookie })).status).toBe(200)
    expect((await browse(`/operator/queues/${script}`)).status).toBe(303)
  }
  const viewer = await signedIn(server.url, await keyWithRole(db.app, 'viewer'))
  expect((await browse('/operator/queues', { cookie: viewer })).status).toBe(403)
  expect(await (await browse('/operator', { cookie: viewer })).text()).not.toContain('/operator/queues')
})

test('the queues know no tenant: whoever does not run the deployment finds nothing there', async () => {
  await db.owner`insert into organization.tenants (tenant_key, name) values ('acme', 'Acme')`
  const { key: theirs } = await createApiKey(db.app, { role: 'operator', tenant: 'acme' })
  const cookie = await signedIn(server.url, theirs)
  for (const path of [
    '',
    '/',
    '/api/queues',
    '/api/redis/stats',
    '/static/js/main.js',
    '/queue/enrollment',
  ]) {
    const response = await browse(`/operator/queues${path}`, { cookie })
    expect({ path, status: response.status }).toEqual({ path, status: 404 })
    expect(await response.json()).toMatchObject({ code: 'not_found' })
  }
  expect(
    (await browse('/operator/queues/api/queues', { cookie: await signedIn(server.url, key) })).status,
  ).toBe(200)
})

test('behind an https address the cookie is for https alone, whatever a request says of itself', async () => {
  const publicUrl = 'https://panel.example'
  const behind = await listeningApp(db.app, { publicUrl })
  const response = await signInWith(behind.url, key)
  const cookie = response.headers.get('set-cookie')!
  expect(cookie).toMatch(/^__Host-stepladder=[\w-]{43}; .*Secure/)
  const open = (sent: string) =>
    fetch(`${behind.url}/operator`, { headers: { cookie: sent }, redirect: 'manual' })
  expect((await open(cookie.split(';')[0]!)).status).toBe(200)
  expect((await open(cookie.split(';')[0]!.replace('__Host-', ''))).status).toBe(401)
  await behind.close(100)
})

test('a renewed token reaches the browser with whatever is answered', async () => {
  const dashboard = new Hono().get('/', () => new Response('made elsewhere'))
  const elsewhere = await listeningApp(db.app, { dashboard })
  const member = (await signInWith(elsewhere.url, await memberKey(db))).headers.get('set-cookie')!
  for (const [path, cookie, status] of [
    ['/operator/queues', await signedIn(elsewhere.url, key), 200],
    ['/operator/queues', member.split(';')[0]!, 403],
    ['/api/v1/organizations/x', await signedIn(elsewhere.url, key), 404],
  ] as const) {
    await db.app`update auth.sessions set renewed_at = renewed_at - interval '61 minutes' where revoked_at is null`
    const response = await fetch(elsewhere.url + path, { headers: { cookie } })
    expect({ path, status: response.status }).toEqual({ path, status })
    const renewed = response.headers.getSetCookie().find((text) => text.startsWith('stepladder='))
    expect(renewed, `${path} ${status}`).toBeDefined()
    expect(renewed!.split(';')[0]).not.toBe(cookie)
  }
  await elsewhere.close(100)
})

test('after ten wrong keys in a minute a wrong one waits, no longer than that minute; a right one enters', async () => {
  let now = Date.now()
  const limited = await listeningApp(db.app, { now: () => now })
  const wrong = `sl_bbbbbbbb_${'b'.repeat(32)}`
  for (let i = 0; i < 10; i++) expect((await signInWith(limited.url, wrong)).status).toBe(401)
  const waits = await signInWith(limited.url, wrong)
  expect([waits.status, waits.headers.get('set-cookie')]).toEqual([429, null])
  expect(Number(waits.headers.get('retry-after'))).toBeGreaterThan(0)
  // Strangers who share its address shut nobody out.
  expect((await signInWith(limited.url, key)).status).toBe(303)
  now += 60_000
  expect((await signInWith(limited.url, wrong)).status).toBe(401)
  await limited.close(100)
})
