import fc from 'fast-check'
import { expect, test } from 'vitest'
import { twinRows } from '../../../src/stripe/changes/change-twins.ts'
import { changesOf } from '../../../src/stripe/changes/subscription-changes.ts'
import type { SubscriptionEvent, SubscriptionState } from '../../../src/stripe/event/subscription-event.ts'

const LADDERS: Record<string, string> = { p0: 'core', p1: 'core', p2: 'core', p3: 'support', p4: 'support' }
const ladderOf = (price: string) => LADDERS[price] ?? null
const UNIT: Record<string, number> = { p0: 100, p1: 250, p2: 900, p3: 70, p4: 130, p5: 5, p6: 11 }

const items = fc.uniqueArray(
  fc
    .record({
      item: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
      price: fc.constantFrom(...Object.keys(UNIT)),
      quantity: fc.nat(5),
    })
    .map((item) => ({
      ...item,
      product: null,
      amount: UNIT[item.price]!,
      currency: 'usd',
      interval: 'month',
      intervalCount: 1,
    })),
  { selector: (item) => item.item, maxLength: 5 },
)
const time = fc.option(fc.integer({ min: 1, max: 3 }), { nil: null })
const state: fc.Arbitrary<SubscriptionState> = fc.record({
  subscription: fc.constant('sub_1'),
  customer: fc.constant('cus_1'),
  status: fc.constantFrom('trialing', 'active', 'past_due', 'canceled'),
  items,
  itemsComplete: fc.constant(true),
  cancelAt: time,
  pause: fc.option(fc.record({ behavior: fc.constantFrom('void', 'keep_as_draft'), resumesAt: time }), {
    nil: null,
  }),
  trialEnd: time,
  periodEnd: time,
  endedAt: fc.constant(null),
  organization: fc.constant(null),
})
const edge = (before: SubscriptionState, after: SubscriptionState): SubscriptionEvent => ({
  event: 'evt_1',
  type: 'customer.subscription.updated',
  kind: 'edge',
  created: 100,
  request: null,
  before,
  after,
  fingerprint: 'f',
})
function changes(before: SubscriptionState, after: SubscriptionState) {
  const answer = changesOf(edge(before, after), ladderOf)
  if (answer.kind === 'unknown') throw new Error(answer.why)
  return answer.changes
}
const shuffled = <T>(values: readonly T[]) =>
  fc.shuffledSubarray([...values], { minLength: values.length, maxLength: values.length })
const total = (s: SubscriptionState) => s.items.reduce((sum, item) => sum + item.amount! * item.quantity!, 0)

test('the rows are the same in whatever order the items are listed', () => {
  const pair = fc
    .tuple(state, state)
    .chain(([before, after]) =>
      fc.tuple(fc.constant([before, after] as const), shuffled(before.items), shuffled(after.items)),
    )
  fc.assert(
    fc.property(pair, ([[before, after], was, is]) => {
      expect(changes({ ...before, items: was }, { ...after, items: is })).toEqual(changes(before, after))
    }),
    { numRuns: 3000 },
  )
})

test('no event has two rows of one kind for one item, and a state that stays gives none', () => {
  fc.assert(
    fc.property(state, state, (before, after) => {
      const keys = changes(before, after).map((row) => `${row.kind} ${row.item}`)
      expect(new Set(keys).size).toBe(keys.length)
      expect(changes(before, before)).toEqual([])
    }),
    { numRuns: 3000 },
  )
})

test('the differences of the rows add up to the difference of the whole', () => {
  fc.assert(
    fc.property(state, state, (before, after) => {
      const sum = changes(before, after).reduce(
        (all, row) => all + (row.amountTo ?? 0) - (row.amountFrom ?? 0),
        0,
      )
      expect(sum).toBe(total(after) - total(before))
    }),
    { numRuns: 3000 },
  )
})

test('which event is whose twin does not hang on the order in which they are given, nor on repetition', () => {
  const candidate = fc.record({
    event: fc.constantFrom('e1', 'e2', 'e3', 'e4', 'e5', 'e6', 'e7'),
    created: fc.integer({ min: 100, max: 103 }),
    request: fc.constantFrom(null, 'r1'),
    fingerprint: fc.constantFrom('f', 'g'),
    from: fc.constantFrom(null, 'A', 'B'),
    to: fc.constantFrom('A', 'B'),
  })
  const sets = fc
    .uniqueArray(candidate, { selector: (c) => c.event })
    .chain((set) => fc.tuple(fc.constant(set), shuffled([...set, ...set])))
  fc.assert(
    fc.property(sets, ([set, again]) => {
      const twins = twinRows(set)
      expect(twinRows(again)).toEqual(twins)
      // A canonical event is nobody's twin.
      const marked = new Set(twins.map((twin) => twin.event))
      for (const { duplicateOf } of twins) expect(marked.has(duplicateOf)).toBe(false)
    }),
    { numRuns: 3000 },
  )
})
