import { expect, test } from 'vitest'
import { apiAnswer } from '../../src/simulator/api-answer.ts'
import { lifeOf, livesOf } from '../../src/simulator/life.ts'
import { SIMULATED_CATALOG, SIMULATED_PRICES } from '../../src/simulator/prices.ts'
import { itemOf, type Truth, trueTier } from '../../src/simulator/snapshot.ts'

const NOW = 1_793_000_000
const lives = livesOf(2_000, { seed: 7, now: NOW })

test('the same seed lives the same lives, each by itself, and another seed others', () => {
  expect(lifeOf(123, { seed: 7, now: NOW })).toEqual(lives[123])
  expect(lifeOf(123, { seed: 8, now: NOW }).events.length).toBeGreaterThan(0)
  expect(lifeOf(123, { seed: 8, now: NOW }).events[0]!.event).not.toBe(lives[123]!.events[0]!.event)
})

test('every change begins where the last one ended, and the truth is where the last one led', () => {
  for (const life of lives) {
    let state: unknown = null
    for (const event of life.events) {
      if (event.twinOf) continue
      expect(event.before?.state ?? null).toEqual(state)
      state = event.after.state
    }
    const last = life.events.at(-1)!.after.state
    expect(life.truth).toMatchObject({ status: last.status, items: last.items, cancelAt: last.cancelAt })
    expect(life.truth.ended).toBe(last.endedAt !== null)
  }
})

test('a life that ended tells nothing more but the twin of its end', () => {
  for (const life of lives) {
    const end = life.events.findIndex((event) => event.after.state.endedAt !== null)
    if (end < 0) continue
    for (const later of life.events.slice(end + 1)) expect(later.twinOf).toBe(life.events[end]!.event)
  }
})

test('by the present moment a life is quiet and nothing of it is overdue', () => {
  for (const { events } of lives) {
    const { state } = events.at(-1)!.after
    expect(events.at(-1)!.at).toBeLessThan(NOW)
    if (state.endedAt !== null) continue
    expect(state.periodEnd).toBeGreaterThan(NOW)
    if (state.cancelAt !== null) expect(state.cancelAt).toBeGreaterThan(NOW)
    if (state.status === 'trialing') expect(state.trialEnd).toBeGreaterThan(NOW)
  }
})

test('the lives hold every status, kind of event, twins, renewals and changes within a second', () => {
  const events = lives.flatMap((life) => life.events)
  expect(new Set(events.map((e) => e.after.state.status))).toEqual(
    new Set([
      'incomplete',
      'incomplete_expired',
      'trialing',
      'active',
      'past_due',
      'unpaid',
      'paused',
      'canceled',
    ]),
  )
  const types = [
    'created',
    'updated',
    'deleted',
    'paused',
    'resumed',
    'trial_will_end',
    'pending_update_applied',
  ]
  expect(new Set(events.map((e) => e.type))).toEqual(
    new Set(types.map((type) => `customer.subscription.${type}`)),
  )
  expect(events.some((e) => e.twinOf && e.request === null)).toBe(true)
  expect(events.some((e) => e.twinOf && e.request !== null)).toBe(true)
  expect(events.some((e) => e.after.state.items.length === 2)).toBe(true)
  expect(events.some((e) => e.after.state.items.some((item) => item.quantity === 0))).toBe(true)
  const hurried = lives.filter(({ events: e }) =>
    e.some((event, i) => i > 0 && event.created === e[i - 1]!.created),
  )
  expect(hurried.length / lives.length).toBeGreaterThan(0.3)
})

test('every tier is the truth of many lives', () => {
  for (const tier of ['public-tier', 'standard', 'pro']) {
    expect(lives.filter((life) => trueTier(life.truth) === tier).length, tier).toBeGreaterThan(200)
  }
})

test('created is off by no more than the jitter', () => {
  for (const life of livesOf(200, { seed: 9, now: NOW, jitter: 2 })) {
    for (const event of life.events) {
      const off = event.created - Math.floor(event.at)
      expect(off).toBeGreaterThanOrEqual(-2)
      expect(off).toBeLessThanOrEqual(event.twinOf ? 3 : 2)
    }
  }
})

test('the true tier is the highest one paid for; suspended ones keep it, unpaid beginnings and ends have none', () => {
  const truth = (status: string, ...items: [string, number][]): Truth => ({
    status,
    items: items.map(([price, quantity], i) => itemOf(`si_${i}`, price, quantity)),
    cancelAt: null,
    pause: null,
    trialEnd: null,
    ended: false,
  })
  const both: [string, number][] = [
    ['price_sim_standard_year', 1],
    ['price_sim_pro_month', 2],
  ]
  expect(trueTier(truth('active', ...both))).toBe('pro')
  expect(trueTier(truth('active', ['price_sim_pro_month', 0], ['price_sim_standard_month', 1]))).toBe(
    'standard',
  )
  expect(trueTier(truth('active', ['price_sim_extra_seats', 3]))).toBe('public-tier')
  for (const status of ['trialing', 'past_due', 'unpaid', 'paused'])
    expect(trueTier(truth(status, ...both))).toBe('pro')
  for (const status of ['incomplete', 'incomplete_expired', 'canceled']) {
    expect(trueTier(truth(status, ...both))).toBe('public-tier')
  }
})

test('the catalog maps every simulated price to its product', () => {
  for (const { price, stripeProduct, product } of SIMULATED_PRICES) {
    const mapped = SIMULATED_CATALOG.products.filter(
      (p) => 'stripe' in p && p.stripe.prices.some((id) => id === price),
    )
    expect(mapped).toMatchObject([{ key: product, stripe: { products: [stripeProduct] } }])
  }
})

test('the API answers with the state of its moment, a stale one with an older state, and nothing before the creation', () => {
  const life = lives.find((l) => l.events.length > 3 && l.events[1]!.at - l.events[0]!.at > 10)!
  const [first, second] = life.events
  expect(apiAnswer(life, first!.at - 1)).toBeNull()
  expect(apiAnswer(life, second!.at + 1, 2)!.snapshot).toEqual(first!.after)
  expect(apiAnswer(life, NOW)!.snapshot).toEqual(life.events.at(-1)!.after)
  expect(apiAnswer(life, NOW + 0.9)!.date).toBe(NOW)
})
