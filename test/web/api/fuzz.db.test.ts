import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApiKey } from '../../../src/auth/api-keys.ts'
import { apiRoutes } from '../../../src/web/api/api.ts'
import { type JsonSchema, type Operation, openApiOf } from '../../../src/web/api/openapi.ts'
import { createApp } from '../../../src/web/app.ts'
import { bearer, plainParts } from '../app-for-test.ts'
import { type ApiWorld, apiWorld, holdToDescription } from './api-for-test.ts'

/**
 * Asks every route for whatever its own description allows, and for what it does not: wrong types, missing and unknown fields,
 * huge values, odd characters, bodies that are no JSON. Never is that our fault (5xx), always a problem says its code, and what is answered is
 * what is described. `FUZZ_SEED` tries others than the usual ones.
 */
const seed = Number(process.env.FUZZ_SEED ?? 1)
/** Milliseconds for each route: the whole stays at about twenty seconds. */
const timeForEach = 300

let world: ApiWorld
let app: ReturnType<typeof createApp>
let key: string
/** Ids that are there, so that what stands behind them is reached. */
let known: Record<string, string[]>

beforeAll(async () => {
  world = await apiWorld()
  app = createApp(plainParts(world.app))
  key = (await createApiKey(world.app, { role: 'operator', scopes: ['high-risk-approval'] })).key
  const [id, other] = [await world.organization(), await world.organization({ organization_key: 'other' })]
  await world.ask('POST', `/organizations/${id}/customers`, { customer: 'cus_1' })
  const grant = await world.ask('POST', `/organizations/${id}/grants`, { product: 'pro', reason: 'x' })
  const plan = await world.ask('POST', '/plans/propose', { account_id: id })
  known = {
    id: [id, other],
    to: [id, other],
    account_id: [id, other],
    organization: [id, 'other'],
    grant: [grant.body.grant_id as string],
    planId: [plan.body.plan_id as string],
    key: ['pro', 'core', 'coop', 'seats', 'standard'],
    product: ['pro', 'standard', 'seats', 'public-tier', 'both'],
    ladder: ['core', 'support'],
    default_ladder: ['core'],
    org_type: ['coop'],
    customer: ['cus_1', 'cus_2'],
    reason: ['because'],
  }
})
afterAll(() => world.close())

const operations = Object.entries(openApiOf(apiRoutes({} as never)).paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
)

const oddTexts = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud800',
  '\udfffx',
  '‮gnp',
  '👩‍👩‍👧',
  'İ',
  '%00',
  "'; drop table x; --",
  '{{x}}',
  '__proto__',
  '-1',
  'NaN',
  '9'.repeat(400),
  'a'.repeat(1001),
  'ü'.repeat(70_000),
]
const oddValues: unknown[] = [
  ...oddTexts,
  null,
  true,
  0,
  -0,
  -1,
  1.5,
  2 ** 31,
  2 ** 53,
  1e308,
  -1e308,
  5e-324,
  [],
  [[]],
  {},
  { a: { b: [null] } },
  JSON.parse('{"__proto__": {"x": 1}, "constructor": 1}'),
  Array.from({ length: 300 }, () => 'x'),
]
const times = [
  '2030-01-31T00:00:00Z',
  '2020-01-31T00:00:00Z',
  '0001-01-01T00:00:00Z',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999-23:59',
  '2030-02-28T12:00:00.123456789+14:00',
]

/** Something that the schema allows, as far as its form goes. `name`: of the field, for values that are there. */
function allowed(schema: JsonSchema, name = ''): fc.Arbitrary<unknown> {
  const one = schema as {
    type?: string | string[]
    enum?: unknown[]
    anyOf?: JsonSchema[]
    items?: JsonSchema
    properties?: Record<string, JsonSchema>
    required?: string[]
    additionalProperties?: JsonSchema | boolean
    minLength?: number
    maxLength?: number
    minimum?: number
    maximum?: number
    format?: string
    maxItems?: number
  }
  if (one.enum) return fc.constantFrom(...one.enum)
  if (one.anyOf) return fc.oneof(...one.anyOf.map((each) => allowed(each, name)))
  if (Array.isArray(one.type)) return fc.oneof(...one.type.map((type) => allowed({ ...schema, type }, name)))
  switch (one.type) {
    case 'null':
      return fc.constant(null)
    case 'boolean':
      return fc.boolean()
    case 'integer':
      return fc.oneof(
        fc.integer({ min: -3, max: 9 }),
        fc.constantFrom(one.minimum ?? -(2 ** 31), one.maximum ?? 2 ** 31 - 1),
      )
    case 'number':
      return fc.double({ noNaN: true, noDefaultInfinity: true })
    case 'array':
      return fc.array(allowed(one.items ?? {}, name), { maxLength: Math.min(one.maxItems ?? 3, 3) })
    case 'object':
      return objectOf(one)
    case 'string':
      return textOf(one, name)
    default:
      return fc.constantFrom(...oddValues)
  }
}

function objectOf(schema: {
  properties?: Record<string, JsonSchema>
  required?: string[]
  additionalProperties?: JsonSchema | boolean
}): fc.Arbitrary<unknown> {
  const { properties, required = [], additionalProperties } = schema
  if (!properties)
    return fc.dictionary(
      fc.constantFrom('api', 'seats', 'a.b', 'x'),
      allowed(typeof additionalProperties === 'object' ? additionalProperties : {}),
      { maxKeys: 4 },
    )
  const fields = Object.entries(properties).map(([name, field]) => [name, allowed(field, name)] as const)
  return fc.record(Object.fromEntries(fields), { requiredKeys: required })
}

function textOf(
  schema: { minLength?: number; maxLength?: number; format?: string },
  name: string,
): fc.Arbitrary<string> {
  const { minLength = 0, maxLength = 40, format } = schema
  if (format === 'date-time') return fc.constantFrom(...times)
  const there = known[name]
  const any = fc.oneof(
    fc.string({ unit: 'grapheme', minLength: Math.min(minLength, 5), maxLength: Math.min(maxLength, 40) }),
    fc.constantFrom('a'.repeat(Math.min(maxLength, 5000)), 'price_x', 'core', 'evt_1', 'sub_1'),
    fc.uuid(),
  )
  return there
    ? fc.oneof({ arbitrary: fc.constantFrom(...there), weight: 4 }, { arbitrary: any, weight: 1 })
    : any
}

/** A body as text: what is allowed, the same with a fault in it, or no such thing at all. */
function bodyOf(schema: JsonSchema): fc.Arbitrary<string | Uint8Array<ArrayBuffer>> {
  const right = allowed(schema) as fc.Arbitrary<Record<string, unknown>>
  const names = Object.keys((schema.properties ?? {}) as object)
  const name = names.length > 0 ? fc.constantFrom(...names) : fc.constant('x')
  const odd = fc.constantFrom(...oddValues)
  const replaced = fc.tuple(right, name, odd).map(([body, at, value]) => ({ ...body, [at]: value }))
  const missing = fc.tuple(right, name).map(([body, at]) => ({ ...body, [at]: undefined }))
  const extra = fc
    .tuple(right, fc.constantFrom('x', '__proto__', '', 'a\0'), odd)
    .map(([body, at, value]) => {
      const more: Record<string, unknown> = { ...body }
      Object.defineProperty(more, at, { value, enumerable: true })
      return more
    })
  const json = fc.oneof(
    { arbitrary: right, weight: 4 },
    { arbitrary: replaced, weight: 4 },
    { arbitrary: missing, weight: 1 },
    { arbitrary: extra, weight: 1 },
    { arbitrary: odd, weight: 1 },
  )
  return fc.oneof(
    { arbitrary: json.map((value) => JSON.stringify(value) ?? ''), weight: 8 },
    {
      arbitrary: fc.constantFrom<string | Uint8Array<ArrayBuffer>>(
        '{',
        'null',
        '"\\ud800"',
        '['.repeat(30_000),
        `{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}`,
        new Uint8Array([0xff, 0xfe, 0x7b]),
      ),
      weight: 1,
    },
  )
}

/** As it stands in an address; what is no text even there is cut to bytes by hand. */
const written = (value: unknown) =>
  encodeURIComponent(String(value).replace(/\p{Surrogate}/gu, '\u0001')).replaceAll('%01', '%ed%a0%80')

function queryOf({ parameters }: Operation): fc.Arbitrary<string> {
  const inQuery = parameters.filter((one) => one.in === 'query')
  const given = inQuery.map(({ name, schema, required }) =>
    fc.oneof(
      {
        arbitrary: allowed(schema, name).map((value) => `${name}=${written(value)}`),
        weight: required ? 8 : 3,
      },
      { arbitrary: fc.constantFrom(...oddTexts).map((value) => `${name}=${written(value)}`), weight: 1 },
      { arbitrary: fc.constant(null), weight: required ? 1 : 6 },
    ),
  )
  const more = fc.oneof(
    { arbitrary: fc.constant(null), weight: 12 },
    {
      arbitrary: fc.constantFrom('x=1', '%', '=', '&&', 'limit=1&limit=2', '%00=1', '__proto__=1'),
      weight: 1,
    },
  )
  return fc.tuple(...given, more).map((parts) => parts.filter((part) => part !== null).join('&'))
}

function pathOf(path: string): fc.Arbitrary<string> {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!)
  const part = (name: string) =>
    fc.oneof(
      { arbitrary: fc.constantFrom(...(known[name] ?? ['x'])), weight: 6 },
      { arbitrary: fc.uuid(), weight: 1 },
      {
        arbitrary: fc.constantFrom(...oddTexts.filter((text) => text !== '' && text.length < 500)),
        weight: 1,
      },
    )
  return fc
    .tuple(...names.map(part))
    .map((parts) => names.reduce((all, name, at) => all.replace(`{${name}}`, written(parts[at])), path))
}

const repeatKeys = fc.oneof(
  { arbitrary: fc.constant(undefined), weight: 6 },
  { arbitrary: fc.constantFrom('a', 'b', 'b c', '', 'x'.repeat(256), '\u00ff'), weight: 1 },
)

const types = fc.oneof(
  { arbitrary: fc.constant('application/json'), weight: 20 },
  {
    arbitrary: fc.constantFrom('text/plain', '', 'application/json; charset=x', 'multipart/form-data'),
    weight: 1,
  },
)

test.each(operations)(
  '$method $path: whatever it is asked, it is no fault of ours',
  async ({ method, path, operation }) => {
    const schema = operation.requestBody?.content['application/json'].schema ?? {
      type: 'object',
      properties: {},
    }
    const requests = fc.record({
      at: pathOf(path),
      query: queryOf(operation),
      body: method === 'get' ? fc.constant(undefined) : bodyOf(schema),
      type: types,
      repeatKey: repeatKeys,
    })
    const property = fc.asyncProperty(requests, async ({ at, query, body, type, repeatKey }) => {
      const address = `/api/v1${at}${query && `?${query}`}`
      const response = await app.request(address, {
        method: method.toUpperCase(),
        headers: {
          ...bearer(key),
          ...(method !== 'get' && { 'content-type': type }),
          ...(repeatKey !== undefined && { 'idempotency-key': repeatKey }),
        },
        ...(body !== undefined && { body }),
      })
      const answer = { status: response.status, body: JSON.parse(await response.text()) }
      expect(answer.status, `${address} ${body}: ${JSON.stringify(answer.body)}`).toBeLessThan(500)
      if (answer.status < 400) return holdToDescription(method, path.replace(/\{\w+\}/g, 'x'), answer)
      expect(response.headers.get('content-type')).toBe('application/problem+json')
      expect(answer.body.code).toMatch(/^[a-z_0-9]+$/)
    })
    await fc.assert(property, { seed, numRuns: 200, interruptAfterTimeLimit: timeForEach })
  },
)
