import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { WebServer } from '../../src/web/server.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { bearer, csrfOf, keyWithRole, listeningApp, signedIn } from './app-for-test.ts'

let db: TestDatabase
let server: WebServer
let viewer: { key: string; cookie: string; csrf: string }
beforeAll(async () => {
  db = await testDatabase()
  server = await listeningApp(db.app)
  const key = await keyWithRole(db.app, 'viewer')
  const cookie = await signedIn(server.url, key)
  viewer = { key, cookie, csrf: await csrfOf(server.url, cookie) }
})
afterAll(async () => {
  await server.close(100)
  await db.close()
})

/** Sends a form as the panel's page with this address does. */
async function send(from: string, headers: Record<string, string>, csrf = '') {
  const response = await fetch(`${server.url}/operator/alarms/clear`, {
    method: 'POST',
    headers: {
      accept: 'text/html,*/*;q=0.8',
      origin: server.url,
      referer: server.url + from,
      'content-type': 'application/x-www-form-urlencoded',
      ...headers,
    },
    body: new URLSearchParams({ csrf, kind: 'k', subject: 's' }),
    redirect: 'manual',
  })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

describe('a form that is sent from a page of the panel', () => {
  test('after the session has ended leads to the door, and from there back to that page', async () => {
    const answer = await send('/operator/waiting', { cookie: 'stepladder=ended' })
    expect([answer.status, answer.headers.get('location')]).toEqual([
      303,
      '/operator/sign-in?next=%2Foperator%2Fwaiting',
    ])
    const elsewhere = await send('/healthz', { cookie: 'stepladder=ended' })
    expect(elsewhere.headers.get('location')).toBe('/operator/sign-in?next=%2Foperator')
  })

  test('by a role that may not is answered by a page that says for whom it is, and leads back', async () => {
    const { status, headers, text } = await send('/operator/waiting', { cookie: viewer.cookie }, viewer.csrf)
    expect([status, headers.get('content-type')]).toEqual([403, 'text/html; charset=UTF-8'])
    expect(text).toContain('This is not open to you: you come with the role viewer.')
    expect(text).toContain('For the roles operator.')
    expect(text).toContain('<a href="/operator/waiting">Back</a>')
    expect(headers.get('content-security-policy')).toContain("default-src 'none'")
  })

  test('with the token of an earlier session is answered by a page, with which one can sign out', async () => {
    const { status, text } = await send('/operator', { cookie: viewer.cookie }, 'of another session')
    expect(status).toBe(403)
    expect(text).toContain('csrf_token_missing')
    expect(text).toContain(`value="${viewer.csrf}"`)
  })
})

test('a program is told the same as a problem, whether it brings a key or a session', async () => {
  const accept = 'application/json'
  const told = await send('/operator', { cookie: viewer.cookie, accept }, viewer.csrf)
  expect([told.status, told.headers.get('content-type')]).toEqual([403, 'application/problem+json'])
  expect(JSON.parse(told.text)).toMatchObject({ code: 'wrong_role', next: 'For the roles operator.' })
  expect((await send('/operator', { cookie: 'stepladder=ended', accept })).status).toBe(401)
  const response = await fetch(`${server.url}/api/v1/plans/plan_1/approve`, {
    method: 'POST',
    headers: { ...bearer(viewer.key), accept: 'text/html' },
  })
  expect(await response.json()).toMatchObject({
    code: 'wrong_role',
    detail: 'This is not open to you: you come with the role viewer.',
    next: 'For the role plan_approver, or the scope high-risk-approval.',
  })
})
