import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApiKey } from '../../src/auth/api-keys.ts'
import { findSession } from '../../src/auth/sessions.ts'
import { routesAndRoles } from '../../src/web/routes-and-roles.ts'
import type { WebServer } from '../../src/web/server.ts'
import { newWorld, type World } from '../support/world.ts'
import { bearer, keyWithRole, listeningApp, signInWith } from './app-for-test.ts'

let world: World
let server: WebServer
let organization: string
let now = Date.now()

beforeAll(async () => {
  world = await newWorld()
  server = await listeningApp(world.app, { now: () => now })
  const made = await ask('POST', '/api/v1/organizations', { name: 'Hof', org_type: 'coop' })
  organization = made.body.organization_id as string
})
afterAll(async () => {
  await server.close(100)
  await world.close()
})

async function ask(method: string, path: string, body: object, key?: string) {
  const response = await fetch(server.url + path, {
    method,
    headers: {
      ...bearer(key ?? (await keyWithRole(world.app, 'operator'))),
      'content-type': 'application/json',
    },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: (await response.json()) as Record<string, string> }
}

async function link(body: object = {}) {
  const { status, body: made } = await ask('POST', `/api/v1/organizations/${organization}/member-links`, body)
  expect(status).toBe(201)
  return made as { url: string; expires_at: string }
}

const open = (url: string) => fetch(url, { redirect: 'manual' })

test('a link leads to the member’s page, without its token in the address, and opens that organization alone', async () => {
  const { url, expires_at } = await link()
  expect(new URL(url).pathname).toBe('/member/enter')
  const minutes = (new Date(expires_at).getTime() - Date.now()) / 60_000
  expect(minutes).toBeGreaterThan(13)
  expect(minutes).toBeLessThan(17)
  const entered = await open(url)
  expect([entered.status, entered.headers.get('location')]).toEqual([303, '/member'])
  const cookie = entered.headers.get('set-cookie')!
  expect(cookie).toMatch(/^stepladder=[\w-]{43}; Max-Age=3600; Path=\/; HttpOnly; SameSite=Lax$/)
  const { caller } = (await findSession(world.app, cookie.split(/[=;]/)[1]!))!
  expect(caller).toMatchObject({ kind: 'link', role: 'member', organizationId: organization })
  // What looks at links before people do has not used it up.
  expect((await open(url)).status).toBe(303)
})

test('a link opens nothing once its time has passed, or bent; and only its hash is kept', async () => {
  const { url } = await link({ valid_for_minutes: 1 })
  const token = new URL(url).searchParams.get('link')!
  const rows = await world.owner<{ text: string }[]>`select l::text as text from auth.member_links l`
  for (const { text } of rows) expect(text).not.toContain(token)
  await world.owner`update auth.member_links set expires_at = clock_timestamp()`
  for (const gone of [url, url.replace(/.$/, '!'), `${server.url}/member/enter`]) {
    const answer = await open(gone)
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([404, null])
  }
})

test('links are made by operators, for organizations of their own tenant, for a day at most', async () => {
  const path = `/api/v1/organizations/${organization}/member-links`
  expect((await ask('POST', path, {}, await keyWithRole(world.app, 'viewer'))).status).toBe(403)
  await world.owner`insert into organization.tenants (tenant_key, name) values ('acme', 'Acme')`
  const other = await createApiKey(world.app, { role: 'operator', tenant: 'acme' })
  expect(await ask('POST', path, {}, other.key)).toMatchObject({
    status: 404,
    body: { code: 'organization_unknown' },
  })
  for (const valid_for_minutes of [0, 1441, 1.5, '15'])
    expect((await ask('POST', path, { valid_for_minutes })).status).toBe(400)
})

test('after ten links that open nothing the next one waits; one that opens does, and so does the panel’s door', async () => {
  now += 60_000
  for (let i = 0; i < 10; i++) expect((await open(`${server.url}/member/enter?link=${i}`)).status).toBe(404)
  expect((await open(`${server.url}/member/enter?link=x`)).status).toBe(429)
  expect((await open((await link()).url)).status).toBe(303)
  expect((await signInWith(server.url, `sl_aaaaaaaa_${'a'.repeat(32)}`)).status).toBe(401)
  now += 60_000
  expect((await open(`${server.url}/member/enter?link=x`)).status).toBe(404)
})

test('a link signs nobody out who came by something else, and replaces a link’s session', async () => {
  const { url } = await link()
  const enter = async (cookie: string) => {
    const answer = await fetch(url, { headers: { cookie }, redirect: 'manual' })
    return { status: answer.status, cookie: answer.headers.get('set-cookie')?.split(';')[0] }
  }
  const session = (await signInWith(server.url, await keyWithRole(world.app, 'operator'))).headers
    .get('set-cookie')!
    .split(';')[0]!
  expect(await enter(session)).toEqual({ status: 409, cookie: undefined })
  expect((await findSession(world.app, session.split('=')[1]!))!.caller).toMatchObject({ kind: 'key' })
  const first = (await enter('')).cookie!
  const second = await enter(first)
  expect(second.status).toBe(303)
  expect(second.cookie).not.toBe(first)
  expect(await findSession(world.app, first.split('=')[1]!)).toBeNull()
})

test('a member enters the member’s page and nothing else, by key, by session or by link', async () => {
  const { key } = await createApiKey(world.app, { role: 'member', organization })
  const signed = await signInWith(server.url, key)
  expect([signed.status, signed.headers.get('location')]).toEqual([303, '/member'])
  const session = signed.headers.get('set-cookie')!.split(';')[0]!
  const linked = (await open((await link()).url)).headers.get('set-cookie')!.split(';')[0]!
  const ways: Record<string, string>[] = [bearer(key), { cookie: session }, { cookie: linked }]
  for (const headers of ways) {
    for (const [route, rule] of Object.entries(routesAndRoles)) {
      const [method, path] = route.split(' ') as [string, string]
      if (rule === 'everyone' || rule === 'leaving' || rule === 'signed') continue
      const response = await fetch(server.url + path.replace(/\/\*$/, '/x'), {
        method: method === 'ALL' ? 'GET' : method,
        headers: { ...headers, origin: server.url, 'x-forwarded-for': '203.0.113.9' },
        redirect: 'manual',
      })
      await response.arrayBuffer()
      const shut = response.status === 403
      expect({ route, shut }).toEqual({ route, shut: rule !== 'member' })
    }
  }
})
