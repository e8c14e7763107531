import { Hono } from 'hono'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Role, roles } from '../../src/auth/api-keys.ts'
import { createApp } from '../../src/web/app.ts'
import { guard } from '../../src/web/guard.ts'
import { routesAndRoles, ruleFor } from '../../src/web/routes-and-roles.ts'
import type { WebServer } from '../../src/web/server.ts'
import type { WebEnv } from '../../src/web/web-env.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { bearer, keyWithRole, listeningApp, memberKey, plainParts } from './app-for-test.ts'

let db: TestDatabase
let server: WebServer
const keys = {} as Record<Role, string>

beforeAll(async () => {
  db = await testDatabase()
  // So many wrong keys within a minute are refused unread: here each is asked a second after the one before.
  let at = Date.now()
  const now = () => {
    at += 1000
    return at
  }
  server = await listeningApp(db.app, { now })
  for (const role of roles) keys[role] = await keyWithRole(db.app, role)
  keys.member = await memberKey(db)
})
afterAll(async () => {
  await server.close(100)
  await db.close()
})

/** As from elsewhere: what was forwarded is not from this machine. */
async function statusOf(method: string, path: string, headers: Record<string, string> = {}): Promise<number> {
  const forwarded = { 'x-forwarded-for': '203.0.113.9' }
  const response = await fetch(server.url + path, {
    method,
    headers: { ...forwarded, ...headers },
    redirect: 'manual',
  })
  await response.arrayBuffer()
  return response.status
}

test('every route of the app stands in the table, and is reached by a rule', () => {
  const app = createApp(plainParts(db.app))
  const routes = app.routes.filter(({ path }) => path !== '/*' && path !== '/operator/queues/*')
  expect(routes.length).toBeGreaterThan(15)
  for (const { method, path } of routes) {
    const asked = path.replace(/:(\w+)(\{[^}]*\})?\??/g, 'x').replace(/\*$/, 'x')
    const methods = method !== 'ALL' ? [method] : path === '/webhooks/stripe' ? ['POST'] : ['GET', 'POST']
    for (const each of methods) {
      const rule = ruleFor(each, asked)
      expect({
        each,
        path,
        ok: rule !== 'unknown' && !(typeof rule === 'object' && 'allow' in rule),
      }).toEqual({
        each,
        path,
        ok: true,
      })
    }
  }
})

const table = Object.entries(routesAndRoles).map(([route, rule]) => {
  const [method, path] = route.split(' ') as [string, string]
  return { method: method === 'ALL' ? 'GET' : method, path: path.replace('/*', '/x'), rule }
})

test.each(table)(
  '$method $path lets in whom its rule names, and no one else',
  async ({ method, path, rule }) => {
    const stranger = await statusOf(method, path)
    if (rule === 'signed') return expect(stranger).toBe(415)
    if (rule === 'everyone' || rule === 'leaving') return expect([401]).not.toContain(stranger)
    expect(stranger).toBe(401)
    expect(await statusOf(method, path, bearer(`sl_aaaaaaaa_${'a'.repeat(32)}`))).toBe(401)
    expect(await statusOf(method, path, { authorization: 'Basic b3BlcmF0b3I6' })).toBe(401)
    const allowed: readonly Role[] =
      rule === 'scraper'
        ? ['operator', 'plan_approver', 'viewer']
        : rule === 'member'
          ? ['member']
          : rule === 'approver'
            ? ['plan_approver']
            : rule
    for (const role of roles) {
      const status = await statusOf(method, path, bearer(keys[role]))
      if (allowed.includes(role))
        expect({ role, status, in: ![401, 403].includes(status) }).toMatchObject({ in: true })
      else expect({ role, status }).toEqual({ role, status: 403 })
    }
  },
)

test('what is not in the table is not there, even for an operator', async () => {
  for (const path of [
    '/api/v1/nothing',
    '/api/v1/enrollments/',
    '/operatorx',
    '/.env',
    '/api',
    '/operator/../metricsx',
  ]) {
    expect({ path, status: await statusOf('GET', path, bearer(keys.operator)) }).toEqual({
      path,
      status: 404,
    })
  }
})

test('a route that somebody forgot to put into the table is closed and not open', async () => {
  const app = new Hono<WebEnv>()
  const nobody = async () => null
  app.use(guard({ callerOfBearer: nobody, findSession: nobody, renewSession: nobody, publicUrl: null }))
  app.get('/api/v1/forgotten', (c) => c.text('everything'))
  expect((await app.request('/api/v1/forgotten')).status).toBe(404)
})

test('a method that a path does not offer is 405 and says which are', async () => {
  const response = await fetch(`${server.url}/api/v1/enrollments`, {
    method: 'DELETE',
    headers: bearer(keys.operator),
  })
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  expect(response.headers.get('content-type')).toBe('application/problem+json')
})

test('every answer carries the security headers', async () => {
  for (const path of [
    '/healthz',
    '/operator/sign-in',
    '/nothing',
    '/api/v1/enrollments',
    '/webhooks/stripe',
    '/metrics',
  ]) {
    const { headers } = await fetch(server.url + path)
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('same-origin')
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
  }
})

test('a failure inside is told as such and nothing of it leaks', async () => {
  const dashboard = new Hono().get('/', () => {
    throw new Error('relation "secret_table" at 10.0.0.5')
  })
  const broken = await listeningApp(db.app, { dashboard })
  const response = await fetch(`${broken.url}/operator/queues`, { headers: bearer(keys.operator) })
  const text = await response.text()
  expect(response.status).toBe(500)
  expect(JSON.parse(text)).toMatchObject({ code: 'internal_error', status: 500 })
  expect(text).not.toContain('secret_table')
  await broken.close(100)
})
