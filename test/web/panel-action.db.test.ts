import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApiKey, listApiKeys } from '../../src/auth/api-keys.ts'
import type { WebServer } from '../../src/web/server.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { csrfOf, listeningApp, signedIn } from './app-for-test.ts'

let db: TestDatabase
let server: WebServer
let cookie: string
let csrf: string

beforeAll(async () => {
  db = await testDatabase()
  server = await listeningApp(db.app)
  cookie = await signedIn(server.url, (await createApiKey(db.app, { role: 'operator', name: 'Ada' })).key)
  csrf = await csrfOf(server.url, cookie)
})
afterAll(async () => {
  await server.close(100)
  await db.close()
})

const ask = {
  title: 'Revoke it?',
  will: 'It stops.',
  button: 'Revoke',
  reason: 'required',
  back: '/operator/keys',
}

/** Sends the form that revokes a new key, and tells what came of it. */
async function revoke(fields: Record<string, string>) {
  const { id } = await createApiKey(db.app, { role: 'viewer', name: 'to be revoked' })
  const answer = await send(`/operator/keys/${id}/revoke`, fields)
  const row = (await listApiKeys(db.app)).find((one) => one.id === id)!
  const actions = await db.owner<{ reason: string | null }[]>`
    select reason from auth.operator_actions where subject = ${`/operator/keys/${id}/revoke`}`
  return { ...answer, revoked: row.revokedAt !== null, recorded: actions.map(({ reason }) => reason) }
}

async function send(path: string, fields: Record<string, string>) {
  const response = await fetch(server.url + path, {
    method: 'POST',
    headers: { cookie, origin: server.url, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ csrf, ...fields }),
    redirect: 'manual',
  })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

const flashIn = (headers: Headers) =>
  headers
    .getSetCookie()
    .find((one) => one.startsWith('stepladder-flash='))!
    .split(';')[0]!

async function page(path: string, cookies: string) {
  const response = await fetch(server.url + path, { headers: { cookie: cookies } })
  return { text: await response.text(), set: response.headers.getSetCookie() }
}

test('what nobody has confirmed yet is asked, not done, and not written down as done', async () => {
  const asked = await revoke({ ask: JSON.stringify(ask), extra: '"><script>alert(1)</script>' })
  expect(asked).toMatchObject({ status: 200, revoked: false, recorded: [] })
  expect(asked.text).toContain('Revoke it?')
  expect(asked.text).toContain('name="extra" value="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"')
  expect(asked.text).toContain('name="confirmed" value="yes"')
})

test('a reason that the history wants is asked for until it is there', async () => {
  const fields = { ask: JSON.stringify(ask), confirmed: 'yes', reason: '  ' }
  const without = await revoke(fields)
  expect(without).toMatchObject({ status: 422, revoked: false, recorded: [] })
  expect(without.text).toContain('This must not be empty.')
  const given = await revoke({ ...fields, reason: 'left us' })
  expect(given).toMatchObject({ status: 303, revoked: true, recorded: ['left us'] })
  expect(given.headers.get('location')).toBe('/operator/keys')
})

test('nobody is led to another site by a form', async () => {
  for (const back of [
    'https://elsewhere.example',
    '//elsewhere.example',
    '/\\elsewhere.example',
    '/operatorx',
    '',
  ])
    expect(
      await revoke({ ask: JSON.stringify({ ...ask, back }), confirmed: 'yes', reason: 'x' }),
    ).toMatchObject({
      status: 400,
      revoked: false,
    })
})

test('a refusal is told on the page from which it came, and not written down', async () => {
  const gone = '/operator/keys/00000000-0000-4000-8000-000000000000/revoke'
  const refused = await send(gone, { ask: JSON.stringify(ask), confirmed: 'yes', reason: 'x' })
  expect([refused.status, refused.headers.get('location')]).toEqual([303, '/operator/keys'])
  const shown = await page('/operator/keys', `${cookie}; ${flashIn(refused.headers)}`)
  expect(shown.text).toContain('There is no key with that id.')
  expect(await db.owner`select from auth.operator_actions where subject = ${gone}`).toHaveLength(0)
})

test('what was done is told once, to whoever did it, and nobody else can put words there', async () => {
  const { headers } = await revoke({ ask: JSON.stringify(ask), confirmed: 'yes', reason: 'x' })
  const flash = flashIn(headers)
  const told = await page('/operator/keys', `${cookie}; ${flash}`)
  expect(told.text).toContain('The key was revoked.')
  expect(told.set.find((one) => one.startsWith('stepladder-flash=;'))).toContain('Max-Age=0')

  const anothers = await signedIn(server.url, (await createApiKey(db.app, { role: 'viewer' })).key)
  expect((await page('/operator', `${anothers}; ${flash}`)).text).not.toContain('The key was revoked.')

  const words = Buffer.from(JSON.stringify({ kind: 'done', text: 'Call 555' })).toString('base64url')
  const signature = flash.split('.').at(-1)
  for (const forged of [words, `${words}.`, `${words}.${signature}`, `${words}.${'A'.repeat(43)}`, 'x.y.z'])
    expect((await page('/operator', `${cookie}; stepladder-flash=${forged}`)).text).not.toContain('Call 555')
})

test('R72: without the token of the session nothing is done', async () => {
  const { status, revoked } = await revoke({
    ask: JSON.stringify(ask),
    confirmed: 'yes',
    reason: 'x',
    csrf: 'wrong',
  })
  expect({ status, revoked }).toEqual({ status: 403, revoked: false })
})

test('the operators of another tenant see neither alarms nor violations, which name anybody’s ids', async () => {
  await db.owner`insert into organization.tenants (tenant_key, name) values ('other', 'Other')`
  await db.owner`insert into stripe.alarms (alarm_kind, subject) values ('write_failed', 'evt_of_somebody')`
  const { key } = await createApiKey(db.app, { role: 'operator', tenant: 'other' })
  const headers = { authorization: `Bearer ${key}` }
  const overview = await (await fetch(`${server.url}/operator`, { headers })).text()
  expect(overview).toContain('Alarms are for the operators of the deployment')
  expect(overview).not.toContain('evt_of_somebody')
  expect((await fetch(`${server.url}/operator/validation`, { headers })).status).toBe(403)
  const clear = await fetch(`${server.url}/operator/alarms/clear`, {
    method: 'POST',
    headers,
    body: new URLSearchParams({ kind: 'write_failed', subject: 'evt_of_somebody' }),
  })
  expect(clear.status).toBe(404)
  expect((await page('/operator', cookie)).text).toContain('evt_of_somebody')
})
