import fc from 'fast-check'
import { expect, test } from 'vitest'
import { inboxFactsOf, readEnvelope } from '../../../src/stripe/event/envelope.ts'
import { linkOf } from '../../../src/stripe/event/links.ts'
import { subscriptionEventOf } from '../../../src/stripe/event/subscription-event-of.ts'

const odd = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    '',
    'x\0',
    '\ud800',
    -1,
    1.5,
    2 ** 53,
    1e300,
    [],
    {},
    true,
    'sub_1',
    'x'.repeat(300),
  ),
  fc.jsonValue({ maxDepth: 4 }),
)
const plan = fc.record(
  { id: odd, amount: odd, product: odd, recurring: odd, unit_amount_decimal: odd },
  { requiredKeys: [] },
)
const item = fc.record(
  { id: odd, price: fc.oneof(plan, odd), plan: fc.oneof(plan, odd), quantity: odd },
  { requiredKeys: [] },
)
const list = fc.record(
  { data: fc.oneof(fc.array(fc.oneof(item, odd), { maxLength: 3 }), odd), has_more: odd },
  { requiredKeys: [] },
)
const fields = {
  id: fc.oneof(fc.constant('sub_1'), odd),
  object: fc.oneof(fc.constant('subscription'), odd),
  status: fc.oneof(fc.constant('active'), odd),
  customer: odd,
  items: fc.oneof(list, odd),
  plan: fc.oneof(plan, odd),
  quantity: odd,
  cancel_at: odd,
  cancel_at_period_end: odd,
  current_period_end: odd,
  pause_collection: odd,
  metadata: odd,
  client_reference_id: odd,
  ['__proto__']: odd,
}
const wild = fc.record(fields, { requiredKeys: [] })
/** A sound subscription with one or two fields gone wrong: this is what gets past the first check, and meets the next. */
const sound = {
  id: 'sub_1',
  object: 'subscription',
  status: 'active',
  items: { data: [{ id: 'si_1', price: { id: 'price_1', unit_amount: 5 }, quantity: 1 }] },
}
const fewFields = fc
  .subarray(Object.keys(fields) as (keyof typeof fields)[], { maxLength: 2 })
  .chain((keys) => fc.record(Object.fromEntries(keys.map((key) => [key, fields[key]]))))
const object = fc.oneof(
  wild,
  fewFields.map((few) => ({ ...sound, ...few })),
)
const subscriptionType = fc
  .constantFrom('created', 'updated', 'deleted', 'paused')
  .map((verb) => `customer.subscription.${verb}`)
const event = fc.record({
  id: fc.constant('evt_1'),
  object: fc.constant('event'),
  created: fc.constant(1_790_000_000),
  livemode: fc.boolean(),
  type: fc.oneof(
    subscriptionType,
    fc.constantFrom('checkout.session.completed', 'customer.created', 'invoice.paid'),
  ),
  data: fc.record({ object, previous_attributes: fc.oneof(fewFields, wild, odd) }),
})
const thin = fc.record({
  id: fc.constant('evt_t'),
  object: fc.constant('v2.core.event'),
  type: fc.constant('v1.x'),
  livemode: fc.boolean(),
  created: fc.oneof(fc.constant('2026-02-15T00:27:45.330Z'), odd),
  related_object: fc.constantFrom(null, { id: 'm', type: 't' }),
})
const body = fc.oneof(
  thin.map((value) => Buffer.from(JSON.stringify(value))),
  fc.uint8Array({ maxLength: 200 }),
  fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
  fc.json().map((text) => Buffer.from(text)),
  fc
    .record({
      id: odd,
      object: fc.constantFrom('event', 'v2.core.event'),
      type: odd,
      created: odd,
      livemode: odd,
      data: odd,
    })
    .map((value) => Buffer.from(JSON.stringify(value))),
  { weight: 5, arbitrary: event.map((value) => Buffer.from(JSON.stringify(value))) },
)

/** Every text that leaves the door, however deep, is one that text and jsonb columns take. */
function expectStorable(value: unknown) {
  if (typeof value === 'string') {
    expect(value).not.toMatch(/\0|\p{Surrogate}/u)
    expect(value.length).toBeLessThanOrEqual(320)
  } else if (typeof value === 'number') expect(Number.isFinite(value)).toBe(true)
  else if (typeof value === 'object' && value !== null)
    for (const inner of Object.values(value)) expectStorable(inner)
}

test('whatever the bytes are, the door answers with a value, and all that it lets through can be stored', () => {
  const seen = { unreadable: 0, thin: 0, snapshot: 0, told: 0, gaps: 0, edges: 0 }
  fc.assert(
    fc.property(body, (bytes) => {
      const envelope = readEnvelope(bytes)
      seen[envelope.kind] += 1
      const subscription = subscriptionEventOf(envelope)
      expectStorable([subscription, linkOf(envelope)])
      if (envelope.kind === 'unreadable') expectStorable(envelope)
      else expectStorable(inboxFactsOf(envelope))
      if (subscription === null || 'unreadable' in subscription) return
      seen.told += 1
      if (subscription.kind === 'edge') seen[subscription.before === null ? 'gaps' : 'edges'] += 1
    }),
    { numRuns: 20_000 },
  )
  // The bodies above must reach every way out, or the sentence was not tried.
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(20)
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
})
