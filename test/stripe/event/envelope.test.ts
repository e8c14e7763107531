import { describe, expect, test } from 'vitest'
import { type Envelope, inboxFactsOf, readEnvelope } from '../../../src/stripe/event/envelope.ts'

const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
const event = (over: object = {}) => ({
  id: 'evt_1',
  object: 'event',
  api_version: '2026-10-28.endive',
  created: 1_790_000_000,
  livemode: false,
  type: 'customer.subscription.updated',
  request: { id: 'req_1', idempotency_key: null },
  data: {
    object: { id: 'sub_1', object: 'subscription', customer: 'cus_1' },
    previous_attributes: { status: 'active' },
  },
  ...over,
})
const about = (type: string, object: object) => event({ type, data: { object } })

function facts(value: unknown) {
  const envelope = readEnvelope(bytes(value))
  if (envelope.kind === 'unreadable') throw new Error(envelope.reason)
  return inboxFactsOf(envelope)
}
function reason(value: unknown): string {
  const envelope = readEnvelope(
    typeof value === 'object' && value instanceof Uint8Array ? value : bytes(value),
  )
  return envelope.kind === 'unreadable' ? envelope.reason : envelope.kind
}
function snapshotOf(envelope: Envelope) {
  if (envelope.kind !== 'snapshot') throw new Error(envelope.kind)
  return envelope.event
}

describe('an event that can be read', () => {
  test('gives the inbox its columns', () => {
    expect(facts(event())).toEqual({
      event: 'evt_1',
      type: 'customer.subscription.updated',
      apiVersion: '2026-10-28.endive',
      created: 1_790_000_000,
      livemode: false,
      account: null,
      request: 'req_1',
      objectType: 'subscription',
      objectId: 'sub_1',
      subscription: 'sub_1',
      customer: 'cus_1',
    })
  })

  test.each([
    ['the object of today', { id: 'req_9' }, 'req_9'],
    ['the bare string of 2016', 'req_9', 'req_9'],
    ['null: Stripe by itself', null, null],
    ['an id of null', { id: null, idempotency_key: null }, null],
    ['absent', undefined, null],
    ['empty', '', null],
  ])('a request as %s', (_, request, expected) => {
    expect(facts(event({ request })).request).toBe(expected)
  })

  test.each([null, undefined, ''])('an api_version of %j is none', (api_version) => {
    expect(facts(event({ api_version })).apiVersion).toBeNull()
  })

  test.each([
    ['an invoice of old', { object: 'invoice', id: 'in_1', subscription: 'sub_7', customer: 'cus_7' }],
    [
      'an invoice with an expanded subscription',
      { object: 'invoice', subscription: { id: 'sub_7' }, customer: { id: 'cus_7' } },
    ],
    [
      'an invoice of today',
      { object: 'invoice', customer: 'cus_7', parent: { subscription_details: { subscription: 'sub_7' } } },
    ],
    ['a checkout session', { object: 'checkout.session', subscription: 'sub_7', customer: 'cus_7' }],
  ])('%s is about its subscription and customer', (_, object) => {
    expect(facts(about('some.type', object))).toMatchObject({ subscription: 'sub_7', customer: 'cus_7' })
  })

  test('a subscription without a word of its kind is known by the type of the event', () => {
    expect(facts(about('customer.subscription.created', { id: 'sub_8' })).subscription).toBe('sub_8')
    expect(facts(about('customer.created', { id: 'cus_8' })).subscription).toBeNull()
  })

  test('a customer is its own customer, and a charge has no subscription', () => {
    expect(facts(about('customer.created', { object: 'customer', id: 'cus_8' }))).toMatchObject({
      customer: 'cus_8',
      subscription: null,
    })
    expect(
      facts(about('charge.refunded', { object: 'charge', id: 'ch_1', subscription: 'sub_1' })).subscription,
    ).toBeNull()
  })

  test('an object without an id, or with one that no column holds, leaves the column empty', () => {
    expect(facts(about('invoice.upcoming', { object: 'invoice' })).objectId).toBeNull()
    expect(facts(about('x', { object: 'a\0b', id: 'x'.repeat(256), customer: 'cus\ud800' }))).toMatchObject({
      objectType: null,
      objectId: null,
      customer: null,
    })
  })

  test('previous_attributes that are no object are none', () => {
    for (const previous_attributes of [undefined, null, [], 'x', 1]) {
      const data = { object: { id: 'sub_1' }, previous_attributes }
      expect(snapshotOf(readEnvelope(bytes(event({ data })))).previous).toBeNull()
    }
  })

  test('a key __proto__ is a key, and poisons nothing', () => {
    const body = JSON.stringify(event()).replace('{"id"', '{"__proto__":{"livemode":true,"polluted":1},"id"')
    expect(facts(body).livemode).toBe(false)
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })

  test('depth and integers beyond 2^53 inside the object do no harm', () => {
    const body = (inner: string) =>
      JSON.stringify(event()).replace('"customer"', `"deep":${inner},"customer"`)
    expect(facts(body('['.repeat(10_000) + ']'.repeat(10_000))).objectId).toBe('sub_1')
    expect(facts(body('9'.repeat(400))).objectId).toBe('sub_1')
  })

  test('a view into a larger buffer is read from its own bytes alone', () => {
    const padded = Buffer.concat([Buffer.from('xx'), bytes(event()), Buffer.from('yy')])
    expect(readEnvelope(padded.subarray(2, -2)).kind).toBe('snapshot')
  })
})

describe('a thin event', () => {
  const thin = (over: object = {}) => ({
    id: 'evt_t',
    object: 'v2.core.event',
    type: 'v1.billing.meter.no_meter_found',
    livemode: false,
    created: '2026-02-15T00:27:45.330Z',
    ...over,
  })

  test('is known by its object and dated in whole seconds', () => {
    expect(readEnvelope(bytes(thin()))).toEqual({
      kind: 'thin',
      id: 'evt_t',
      type: 'v1.billing.meter.no_meter_found',
      created: Date.UTC(2026, 1, 15, 0, 27, 45) / 1000,
      livemode: false,
      related: null,
    })
    const related_object = { id: 'mtr_1', type: 'billing.meter', url: '/v1/x' }
    expect(facts(thin({ related_object }))).toMatchObject({
      objectId: 'mtr_1',
      objectType: 'billing.meter',
      subscription: null,
    })
  })

  test.each(['yesterday', '2026-13-45T00:00:00Z', 5])('created at %j it is unreadable', (created) => {
    expect(reason(thin({ created }))).toMatch(/^created: /)
  })
})

describe('a signed body that cannot be read', () => {
  test.each([
    ['no JSON', 'hello', 'not JSON'],
    ['nothing', '', 'not JSON'],
    ['an array', [event()], 'not a JSON object'],
    ['null', 'null', 'not a JSON object'],
    ['a million brackets', '['.repeat(1 << 20), 'not JSON'],
    ['bytes that are no UTF-8', Uint8Array.of(0x7b, 0xff, 0x7d), 'not UTF-8'],
    [
      'what EventBridge wraps',
      { 'detail-type': 'customer.created', id: 'x', detail: event() },
      'wrapped by EventBridge',
    ],
    ['another object', event({ object: 'charge' }), /^object: /],
    ['no id', event({ id: undefined }), /^id: /],
    ['an empty id', event({ id: '' }), /^id: /],
    ['an id of 256 characters', event({ id: 'e'.repeat(256) }), /^id: /],
    ['a NUL in the id', event({ id: 'evt\0' }), /^id: /],
    ['a lone surrogate in the type', event({ type: 'x\udc00' }), /^type: /],
    ['a NUL in the account', event({ account: 'acct\0' }), /^account: /],
    ['a NUL in the request', event({ request: { id: '\0' } }), /^request/],
    ['a number as the request', event({ request: 5 }), /^request/],
    ['created as a text', event({ created: '1790000000' }), /^created: /],
    ['created in fractions', event({ created: 1.5 }), /^created: /],
    ['created past 2^53', JSON.stringify(event()).replace('1790000000', '9007199254740993'), /^created: /],
    ['created before 1970', event({ created: -1 }), /^created: /],
    ['created after the year 9999', event({ created: 253_402_300_800 }), /^created: /],
    ['livemode as a text', event({ livemode: 'false' }), /^livemode: /],
    ['no data', event({ data: undefined }), /^data: /],
    ['an array as the object', event({ data: { object: [] } }), /^data\.object: /],
  ])('%s is kept with its reason', (_, value, expected) => {
    expect(reason(value)).toMatch(expected)
  })

  test('bears an id made from its bytes: the same body is the same row, another body another', () => {
    const [first, again, other] = ['hello', 'hello', 'hallo'].map((body) => readEnvelope(bytes(body)))
    expect(first).toEqual(again)
    expect(first).toMatchObject({ id: expect.stringMatching(/^raw_[0-9a-f]{32}$/) })
    expect(other).not.toMatchObject({ id: (first as { id: string }).id })
  })

  test('its reason quotes nothing of the body', () => {
    const secret = 'card 4242\0'
    for (const key of ['id', 'object', 'type', 'created', 'livemode', 'account', 'request', 'data']) {
      expect(reason(event({ [key]: secret }))).not.toContain('4242')
    }
  })
})
