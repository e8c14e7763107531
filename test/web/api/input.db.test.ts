import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApiKey } from '../../../src/auth/api-keys.ts'
import { apiRoutes } from '../../../src/web/api/api.ts'
import { bearer } from '../app-for-test.ts'
import { type ApiWorld, apiWorld } from './api-for-test.ts'

let world: ApiWorld
let id: string
/** As somebody who may do everything. */
let ask: ApiWorld['ask']
beforeAll(async () => {
  world = await apiWorld()
  const { key } = await createApiKey(world.app, { role: 'operator', scopes: ['high-risk-approval'] })
  ask = (method, path, body) =>
    world.send(method, path, {
      headers: { ...bearer(key), ...(body === undefined ? {} : json) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
  id = await world.organization()
})
afterAll(() => world.close())

const json = { 'content-type': 'application/json' }
const post = (path: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = json) =>
  world.send('POST', path, {
    headers: { ...bearer(world.key), ...headers },
    body,
  })

/** Every route that takes a body, as it stands among the routes, with an address that is right. */
const addresses = (path: string) =>
  path
    .replace(/:(grant|ceiling)/, '6f9619ff-8b86-4011-b42d-00cf4fc964ff')
    .replace('/organizations/:id', `/organizations/${id}`)
    .replace('/org-types/:key', '/org-types/coop')
    .replace('/products/:key', '/products/pro')
    .replace(':planId', 'plan-1')
    .replace('/ladders/:key', '/ladders/core')
    .replace(':product', 'pro')

test('no route takes a field or a parameter that it does not know', async () => {
  const routes = apiRoutes({} as never)
  expect(routes.length).toBeGreaterThan(35)
  for (const { method, path, body, query } of routes) {
    const at = addresses(path)
    const asked = await ask(method.toUpperCase(), `${at}?nonsense=1`, method === 'get' ? undefined : {})
    expect({ at, status: asked.status, code: asked.body.code }).toEqual({
      at,
      status: 400,
      code: 'invalid_parameter',
    })
    for (const name of Object.keys(query?.shape ?? {})) expect(asked.body.next).toContain(name)
    if (method === 'get') continue
    const told = await ask(method.toUpperCase(), at, { nonsense: 1 })
    expect({ at, status: told.status, code: told.body.code }).toEqual({
      at,
      status: 400,
      code: 'invalid_body',
    })
    expect(told.body.detail).toContain('"nonsense" is not a field here')
    for (const name of Object.keys(body?.shape ?? {})) expect(told.body.next).toContain(name)
  }
})

test.each([
  ['', '"product" is missing'],
  ['{}', '"product" is missing'],
  ['[]', 'The body has to be an object'],
  ['null', 'The body has to be an object'],
  ['"text"', 'The body has to be an object'],
  ['{"product":7,"reason":"x"}', '"product" has to be a text'],
  ['{"product":"pro","reason":""}', '"reason" must not be empty'],
  ['{"product":"pro","reason":"   "}', '"reason" must not be empty'],
  [`{"product":"pro","reason":"${'x'.repeat(501)}"}`, '"reason" is too long'],
  ['{"product":"pro","reason":"a\\u0000b"}', '"reason" must not contain NUL'],
  ['{"product":"pro","reason":"a\\ud800b"}', '"reason" must not contain NUL'],
  ['{"product":"\\u0000","reason":"x"}', '"product" must not contain NUL'],
  ['{"product":"pro","reason":"x","valid_until":"tomorrow"}', '"valid_until" must be a time'],
  ['{"product":"pro","reason":"x","valid_until":"2030-01-01"}', '"valid_until" must be a time'],
  ['{"product":"pro","reason":"x","valid_until":"2030-02-30T00:00:00Z"}', '"valid_until" must be a time'],
  ['{"product":"pro","reason":"x","valid_until":1893456000}', '"valid_until" must be a time'],
  ['{"product":"pro","reason":"x","__proto__":{}}', '"__proto__" is not a field here'],
])('a grant of %s is refused, and the field is named', async (body, told) => {
  const answer = await post(`/organizations/${id}/grants`, body)
  expect([answer.status, answer.body.code]).toEqual([400, 'invalid_body'])
  expect(answer.body.detail).toContain(told)
  expect(answer.body.next).toBe('Fields: product, reason, valid_until?.')
})

test('what is no JSON, no UTF-8, of another type or too much is told as such', async () => {
  const at = `/organizations/${id}/grants`
  const good = '{"product":"pro","reason":"x"}'
  const cases: [string | Uint8Array<ArrayBuffer>, Record<string, string>, number, string][] = [
    ['{"product":', json, 400, 'invalid_json'],
    [new Uint8Array([0x22, 0xff, 0x22]), json, 400, 'invalid_json'],
    [good, { 'content-type': 'text/plain' }, 415, 'content_type_unsupported'],
    [good, { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'content_type_unsupported'],
    [`{"product":"${'x'.repeat(70_000)}"}`, json, 413, 'body_too_large'],
  ]
  for (const [body, headers, status, code] of cases) {
    const answer = await post(at, body, headers)
    expect([answer.status, answer.body.code]).toEqual([status, code])
  }
  expect((await world.ask('GET', `/organizations/${id}/grants`)).body.items).toMatchObject([
    { grant_reason: 'default' },
  ])
})

test('very deep JSON does not overturn the process', async () => {
  const deep = `{"product":${'['.repeat(30_000)}${']'.repeat(30_000)},"reason":"x"}`
  expect((await post(`/organizations/${id}/grants`, deep)).body.code).toBe('invalid_body')
})

test.each([
  '/products/a%00b',
  '/ladders/%00',
  `/products/${'x'.repeat(400)}`,
  '/organizations/%00',
  '/organizations/%F0%9F%A6%8A',
])('%s is nothing: 404 and no failure inside', async (path) => {
  expect((await world.ask('GET', path)).status).toBe(404)
})

test.each([
  ['/organizations?limit=0', 'limit'],
  ['/organizations?cursor=zzz', 'cursor'],
  ['/organizations?customer=acme', 'customer'],
  ['/products?kind=none-such', 'kind'],
  ['/products?cursor=JQ', 'cursor'],
  ['/ladders?limit=1e9', 'limit'],
])('%s is refused, and the parameter is named', async (path, name) => {
  const { status, body } = await world.ask('GET', path)
  expect([status, body.code]).toEqual([400, 'invalid_parameter'])
  expect(body.detail).toContain(`"${name}"`)
})

test.each(['history?cursor=x', 'history?ladder=', 'subscription-changes?cursor=abc', 'grants?past=yes'])(
  'an organization’s %s is refused',
  async (path) => {
    const { status, body } = await world.ask('GET', `/organizations/${id}/${path}`)
    expect([status, body.code]).toEqual([400, 'invalid_parameter'])
  },
)

test.each([
  [{ features: { '1st': true } }, 'has to start with a letter'],
  [{ features: { seats: [] } }, 'has to be true, false, a number'],
  [{ features: { 'a\0b': true } }, 'has to start with a letter'],
  [{ features: { note: 'a\0b' } }, 'holds a character that is no text'],
  [{ name: 'a\0b' }, 'holds a character that is no text'],
  [{ key: 'Not Kebab' }, 'has to be kebab-case'],
  [{ type: 'gift' }, 'has to be one of addon, usage, one_time'],
])('a product with %o is refused', async (more, told) => {
  const { status, body } = await world.ask('POST', '/products', { key: 'odd', name: 'Odd', ...more })
  expect([status, body.code]).toEqual([400, 'invalid_body'])
  expect(body.detail).toContain(told)
})

test('a rank beyond what the database counts is refused', async () => {
  const { status, body } = await world.ask('PUT', '/ladders/core/tiers/pro', { rank: 2 ** 31 })
  expect([status, body.code]).toEqual([400, 'invalid_body'])
})

test('without a key a writing route is 401 and says how to get one', async () => {
  const { status, body } = await world.send('POST', '/products', { headers: json, body: '{}' })
  expect([status, body.code]).toEqual([401, 'unauthenticated'])
})
