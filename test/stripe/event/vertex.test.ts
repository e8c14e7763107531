import { expect, test } from 'vitest'
import type { SubscriptionState } from '../../../src/stripe/event/subscription-event.ts'
import { asides, isTerminalStatus, isTerminalVertex, tierVertex } from '../../../src/stripe/event/vertex.ts'

const item = {
  item: 'si_1',
  price: 'price_a',
  product: 'prod_a',
  quantity: 1,
  amount: 2900,
  currency: 'usd',
  interval: 'month',
  intervalCount: 1,
}
const state: SubscriptionState = {
  subscription: 'sub_1',
  customer: 'cus_1',
  status: 'active',
  items: [item, { ...item, item: 'si_2', price: 'price_b' }],
  itemsComplete: true,
  cancelAt: null,
  pause: null,
  trialEnd: null,
  periodEnd: 1_793_000_000,
  endedAt: null,
  organization: null,
}

test('the tier depends on the status and on each item, its price and its quantity', () => {
  const [first, second] = state.items as [typeof item, typeof item]
  const others: Partial<SubscriptionState>[] = [
    { status: 'past_due' },
    { items: [first] },
    { items: [{ ...first, item: 'si_3' }, second] },
    { items: [{ ...first, price: 'price_c' }, second] },
    { items: [{ ...first, quantity: 0 }, second] },
    { items: [{ ...first, quantity: null }, second] },
  ]
  const vertices = others.map((other) => tierVertex({ ...state, ...other }))
  expect(new Set([tierVertex(state), ...vertices]).size).toBe(others.length + 1)
})

test('the tier depends neither on the order of items nor on a renewal, a cancellation ahead, a pause of collection or a trial end', () => {
  const same: Partial<SubscriptionState>[] = [
    { items: state.items.toReversed() },
    { periodEnd: 1_795_000_000 },
    { cancelAt: 1_795_000_000 },
    { pause: { behavior: 'void', resumesAt: null } },
    { trialEnd: 1_795_000_000 },
  ]
  for (const other of same) expect(tierVertex({ ...state, ...other })).toBe(tierVertex(state))
})

test('ids that hold separators do not make two states one', () => {
  const [first, second] = state.items as [typeof item, typeof item]
  const a = tierVertex({ ...state, items: [{ ...first, item: 'x","y', price: 'z' }, second] })
  const b = tierVertex({ ...state, items: [{ ...first, item: 'x', price: 'y","z' }, second] })
  expect(a).not.toBe(b)
})

test('each aside changes with its own date alone', () => {
  const none = asides(state)
  expect(asides({ ...state, cancelAt: 1 })).toEqual({ ...none, cancellation: '1' })
  expect(asides({ ...state, trialEnd: 1 })).toEqual({ ...none, trial: '1' })
  const paused = asides({ ...state, pause: { behavior: 'void', resumesAt: null } })
  expect(paused).toEqual({ ...none, pause: '["void",null]' })
  expect(asides({ ...state, pause: { behavior: 'void', resumesAt: 5 } }).pause).not.toBe(paused.pause)
})

test('canceled and incomplete_expired are terminal, and nothing else is', () => {
  for (const status of [
    'canceled',
    'incomplete_expired',
    'active',
    'incomplete',
    'unpaid',
    'paused',
    'canceled_',
  ]) {
    const isTerminal = status === 'canceled' || status === 'incomplete_expired'
    expect(isTerminalStatus(status), status).toBe(isTerminal)
    expect(isTerminalVertex(tierVertex({ ...state, status })), status).toBe(isTerminal)
  }
})
