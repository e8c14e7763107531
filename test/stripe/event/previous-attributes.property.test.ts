import fc from 'fast-check'
import { expect, test } from 'vitest'
import { putBack } from '../../../src/stripe/event/previous-attributes.ts'

type Value = null | number | string | boolean | Value[] | { [key: string]: Value }
const isObject = (value: Value | undefined): value is { [key: string]: Value } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const same = (a: Value | undefined, b: Value | undefined) => JSON.stringify(a) === JSON.stringify(b)

/** What Stripe would send: of each object only what differs, of each array the whole. */
function previousOf(before: { [key: string]: Value }, after: { [key: string]: Value }) {
  const entries: [string, Value][] = []
  for (const [key, was] of Object.entries(before)) {
    const is = after[key]
    if (same(was, is)) continue
    entries.push([key, isObject(was) && isObject(is) ? previousOf(was, is) : was])
  }
  return Object.fromEntries(entries) as { [key: string]: Value }
}

const leaf = fc.oneof(
  fc.constant(null),
  fc.integer(),
  fc.string({ maxLength: 3 }),
  fc.array(fc.integer(), { maxLength: 2 }),
)
/** Stripe's objects of one version always have the same keys; plan and quantity have a rule of their own. */
const shaped = fc.record({
  status: leaf,
  cancel_at: leaf,
  pause_collection: fc.oneof(fc.constant(null), fc.record({ behavior: leaf, resumes_at: leaf })),
  items: fc.record({
    data: fc.array(fc.record({ id: leaf, price: fc.record({ id: leaf }) }), { maxLength: 3 }),
    total: leaf,
  }),
  deep: fc.record({ a: fc.record({ b: fc.record({ c: leaf, d: leaf }), e: leaf }) }),
})

test('what Stripe tells of the difference, put back into the state after, is the state before', () => {
  fc.assert(
    fc.property(shaped, shaped, (before, after) => {
      expect(putBack(after, previousOf(before, after))).toEqual(before)
    }),
    { numRuns: 2000 },
  )
})

test('nothing put back changes nothing', () => {
  fc.assert(fc.property(shaped, (object) => void expect(putBack(object, {})).toEqual(object)))
})
