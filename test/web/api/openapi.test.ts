import { expect, test } from 'vitest'
import { apiRoutes } from '../../../src/web/api/api.ts'
import { idempotencyKey, openApiOf } from '../../../src/web/api/openapi.ts'
import { ApiPage } from '../../../src/web/pages/api-page.tsx'
import { routesAndRoles } from '../../../src/web/routes-and-roles.ts'

const routes = apiRoutes({} as never)
const api = openApiOf(routes)
const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
)
/** What describes is not described. */
const descriptions = ['GET /api/v1/openapi.json', 'GET /api/v1/docs']

test('every route that stands under /api/v1 in the table of roles is described, and no other', () => {
  const described = operations.map(
    ({ method, path }) => `${method.toUpperCase()} /api/v1${path.replace(/\{(\w+)\}/g, ':$1')}`,
  )
  const there = Object.keys(routesAndRoles).filter((route) => route.includes(' /api/v1/'))
  expect(described.length).toBeGreaterThan(50)
  expect(described.sort()).toEqual(there.filter((route) => !descriptions.includes(route)).sort())
})

test('every route says what it answers', () => {
  expect(routes.filter(({ gives }) => Object.keys(gives).length === 0).map(({ path }) => path)).toEqual([])
})

test('every list is read by limit and cursor, and answers where the next page begins', () => {
  const lists = operations.filter(({ method, operation }) => {
    const [answer] = Object.values(operation.responses)
    return method === 'get' && JSON.stringify(answer).includes('next_cursor')
  })
  expect(lists.length).toBeGreaterThan(10)
  for (const { path, operation } of lists) {
    const names = operation.parameters.map(({ name }) => name)
    expect({ path, names }).toEqual({ path, names: expect.arrayContaining(['limit', 'cursor']) })
  }
  const others = routes.filter(({ method, gives }) => {
    if (method !== 'get') return false
    const shape = (gives[200] as { shape?: Record<string, unknown> }).shape ?? {}
    return ('items' in shape || 'entries' in shape) && !('next_cursor' in shape)
  })
  expect(others.map(({ path }) => path)).toEqual([])
})

test('each writing route takes an idempotency key, and no reading one does', () => {
  for (const { method, path, operation } of operations) {
    const takes = operation.parameters.some(({ name }) => name === idempotencyKey.name)
    expect({ method, path, takes }).toEqual({ method, path, takes: method !== 'get' })
  }
})

test('operations have names of their own, and each reference leads to a shape that is there', () => {
  const names = operations.map(({ operation }) => operation.operationId)
  expect(new Set(names).size).toBe(names.length)
  for (const name of names) expect(name).toMatch(/^[a-z][A-Za-z]+$/)
  const referred = [...JSON.stringify(api).matchAll(/"#\/components\/(schemas|responses)\/(\w+)"/g)]
  expect(referred.length).toBeGreaterThan(50)
  for (const [, kind, name] of referred)
    expect(api.components[kind as 'schemas' | 'responses']).toHaveProperty(name!)
  expect(JSON.stringify(api)).not.toContain('$defs')
})

test('what stands in a path is a parameter of the route', () => {
  for (const { path, operation } of operations) {
    const inPath = operation.parameters.filter((one) => one.in === 'path').map(({ name }) => `{${name}}`)
    expect(inPath).toEqual(path.match(/\{\w+\}/g) ?? [])
  }
})

test('a field’s bounds are those that the route checks', () => {
  const { schema } = api.paths['/organizations']!.get!.parameters.find(({ name }) => name === 'limit')!
  expect(schema).toEqual({ type: 'integer', minimum: 1, maximum: 200, default: 50 })
  const body = api.paths['/organizations/{id}/grants']!.post!.requestBody!.content['application/json'].schema
  expect(body).toMatchObject({
    required: ['product', 'reason'],
    additionalProperties: false,
    properties: { reason: { type: 'string', minLength: 1, maxLength: 500 } },
  })
})

test('the page for people tells every route, with nothing inline and no script of elsewhere', () => {
  const page = String(ApiPage({ api }))
  for (const { method, path } of operations) expect(page).toContain(`${method.toUpperCase()} ${path}<`)
  expect(page).not.toMatch(/<style|style=|<script(?! src="\/operator\/assets\/)|https?:\/\//)
  const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id!)
  expect(new Set(ids).size).toBe(ids.length)
  for (const [, target] of page.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target)
})
