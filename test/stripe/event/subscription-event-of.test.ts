import { describe, expect, test } from 'vitest'
import { readEnvelope } from '../../../src/stripe/event/envelope.ts'
import { subscriptionEventOf } from '../../../src/stripe/event/subscription-event-of.ts'

const item = (over: object = {}) => ({
  id: 'si_1',
  price: { id: 'price_std', product: 'prod_std' },
  quantity: 1,
  ...over,
})
const subscription = (over: object = {}) => ({
  id: 'sub_1',
  object: 'subscription',
  customer: 'cus_1',
  status: 'active',
  items: { object: 'list', data: [item()], has_more: false },
  ...over,
})
function told(verb: string, object: unknown, previous_attributes?: unknown, over: object = {}) {
  const event = {
    id: 'evt_1',
    object: 'event',
    created: 1_790_000_000,
    livemode: false,
    type: `customer.subscription.${verb}`,
    request: { id: 'req_1' },
    data: { object, previous_attributes },
    ...over,
  }
  return subscriptionEventOf(readEnvelope(Buffer.from(JSON.stringify(event))))
}
function readable(...args: Parameters<typeof told>) {
  const event = told(...args)
  if (event === null || 'unreadable' in event) throw new Error(JSON.stringify(event))
  return event
}

describe('what each event is to the trail', () => {
  test('created is a root: there was nothing before', () => {
    const event = readable('created', subscription())
    expect(event).toMatchObject({
      kind: 'root',
      event: 'evt_1',
      created: 1_790_000_000,
      request: 'req_1',
      before: null,
    })
    expect(event.after.items).toHaveLength(1)
  })

  test('updated is an edge from the state before to the state after', () => {
    const event = readable('updated', subscription({ status: 'past_due' }), { status: 'active' })
    expect(event).toMatchObject({ kind: 'edge', before: { status: 'active' }, after: { status: 'past_due' } })
  })

  test('a renewal is an edge to itself', () => {
    const event = readable('updated', subscription({ latest_invoice: 'in_2' }), { latest_invoice: 'in_1' })
    expect(event.before).toEqual(event.after)
  })

  test.each(['paused', 'resumed', 'trial_will_end', 'pending_update_applied', 'pending_update_expired'])(
    '%s is a sighting: an edge to itself, whatever it says of before',
    (verb) => {
      const event = readable(verb, subscription({ status: 'paused' }), { status: 'trialing' })
      expect(event.kind).toBe('sighting')
      expect(event.before).toEqual(event.after)
    },
  )

  test('deleted is the end by its type, also where its body says active', () => {
    expect(readable('deleted', subscription())).toMatchObject({
      kind: 'end',
      before: null,
      after: { status: 'active' },
    })
  })

  test('deleted is the end also where nothing but the id can be read', () => {
    const event = readable('deleted', { id: 'sub_1', items: 'gone' })
    expect(event).toMatchObject({
      kind: 'end',
      after: { subscription: 'sub_1', items: [], itemsComplete: false },
    })
    expect(told('deleted', { items: 'gone' })).toEqual({ unreadable: 'id: expected text' })
    expect(told('deleted', { id: 'in_1', object: 'invoice' })).toEqual({ unreadable: 'not a subscription' })
  })

  test.each(['customer.subscription_cancelled', 'customer.updated', 'invoice.paid', 'constructor'])(
    '%s is none',
    (type) => {
      expect(told('updated', subscription(), {}, { type })).toBeNull()
    },
  )

  test('a thin event is none, and an unreadable body says why', () => {
    expect(
      subscriptionEventOf({ kind: 'thin', id: 'e', type: 't', created: 1, livemode: false, related: null }),
    ).toBeNull()
    expect(subscriptionEventOf(readEnvelope(Buffer.from('x')))).toEqual({ unreadable: 'not JSON' })
  })

  test('a subscription that cannot be read, or nests too deeply, says why', () => {
    expect(told('updated', subscription({ status: 5 }), {})).toEqual({ unreadable: 'status: expected text' })
    const deep = JSON.parse(`${'['.repeat(200)}${']'.repeat(200)}`)
    expect(told('updated', subscription({ deep }), {})).toEqual({
      unreadable: 'nested more than 100 levels deep',
    })
    expect(told('updated', subscription(), { deep })).toEqual({
      unreadable: 'nested more than 100 levels deep',
    })
  })
})

describe('a state before that cannot be told is a gap', () => {
  test.each([
    ['no previous_attributes', subscription(), undefined],
    ['previous_attributes of null', subscription(), null],
    [
      'a plan put back among several items',
      subscription({ items: { data: [item(), item({ id: 'si_2' })] } }),
      { plan: { id: 'p' } },
    ],
    ['a state before that cannot be read', subscription(), { status: 5 }],
    ['another subscription before', subscription(), { id: 'sub_2' }],
  ])('%s', (_, object, previous) => {
    expect(readable('updated', object, previous)).toMatchObject({ kind: 'edge', before: null })
  })

  test('previous_attributes that are there and empty are none: nothing that has a name changed', () => {
    const event = readable('updated', subscription(), {})
    expect(event.before).toEqual(event.after)
  })
})

describe('the fingerprint', () => {
  const print = (...args: Parameters<typeof told>) => readable(...args).fingerprint
  const first = print('updated', subscription(), { status: 'trialing' })

  test('is the same for one body under two event ids', () => {
    expect(first).toMatch(/^[0-9a-f]{32}$/)
    const twin = { id: 'evt_2', created: 1_790_000_001, request: null }
    expect(print('updated', subscription(), { status: 'trialing' }, twin)).toBe(first)
  })

  test('differs with the object, the previous attributes, and the type', () => {
    expect(print('updated', subscription({ latest_invoice: 'in_2' }), { status: 'trialing' })).not.toBe(first)
    expect(print('updated', subscription(), { status: 'past_due' })).not.toBe(first)
    expect(print('paused', subscription(), { status: 'trialing' })).not.toBe(first)
  })
})
