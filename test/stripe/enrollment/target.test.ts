import { describe, expect, test } from 'vitest'
import { type PriceMeaning, targetOf, upwardOnly } from '../../../src/stripe/enrollment/target.ts'
import type { SubscriptionState } from '../../../src/stripe/event/subscription-event.ts'

const catalog: Record<string, PriceMeaning> = {
  standard: {
    productId: 'p-standard',
    productKey: 'standard',
    kind: 'plan',
    ladders: [{ planLadderId: 'core', rank: 1 }],
  },
  pro: {
    productId: 'p-pro',
    productKey: 'pro',
    kind: 'plan',
    ladders: [
      { planLadderId: 'core', rank: 2 },
      { planLadderId: 'support', rank: 1 },
    ],
  },
  seats: { productId: 'p-seats', productKey: 'seats', kind: 'addon', ladders: [] },
  draft: { productId: 'p-draft', productKey: 'draft', kind: null, ladders: [] },
}
const meaningOf = (price: string) => catalog[price] ?? null

function state(status: string, ...items: [price: string, quantity: number | null][]): SubscriptionState {
  return {
    subscription: 'sub_1',
    customer: 'cus_1',
    status,
    items: items.map(([price, quantity], n) => ({
      item: `si_${n}`,
      price,
      product: null,
      quantity,
      amount: null,
      currency: null,
      interval: null,
      intervalCount: null,
    })),
    itemsComplete: true,
    cancelAt: null,
    pause: null,
    trialEnd: null,
    periodEnd: null,
    endedAt: null,
    organization: null,
  }
}

describe('what a resolved state claims', () => {
  test.each(['trialing', 'active', 'past_due', 'unpaid', 'paused'])(
    '%s is a live claim on the tier of its price',
    (status) => {
      expect(targetOf(state(status, ['standard', 1]), meaningOf)).toEqual({
        kind: 'live',
        status,
        tiers: [{ planLadderId: 'core', productId: 'p-standard', rank: 1 }],
        addons: [],
      })
    },
  )

  test.each([
    ['incomplete', 'none yet'],
    ['canceled', 'ended'],
    ['incomplete_expired', 'ended'],
  ])('%s is %s, whatever its items', (status, kind) => {
    expect(targetOf(state(status, ['nobody knows', 1]), meaningOf)).toEqual({ kind })
  })

  test('of several items the highest rank on each ladder counts, and one product may move two ladders', () => {
    const target = targetOf(state('active', ['pro', 1], ['standard', 1]), meaningOf)
    expect(target).toMatchObject({
      tiers: [
        { planLadderId: 'core', productId: 'p-pro', rank: 2 },
        { planLadderId: 'support', productId: 'p-pro', rank: 1 },
      ],
    })
  })

  test('add-ons are counted by quantity, and a metered item without quantity counts once', () => {
    expect(
      targetOf(state('active', ['standard', 1], ['seats', 3], ['seats', null]), meaningOf),
    ).toMatchObject({
      addons: [{ productId: 'p-seats', quantity: 4 }],
    })
  })

  test('quantity 0 claims nothing, even of a price that nobody mapped', () => {
    expect(targetOf(state('active', ['standard', 0], ['nobody knows', 0]), meaningOf)).toMatchObject({
      kind: 'live',
      tiers: [],
      addons: [],
    })
  })

  test.each([
    [
      'a price that is not in the catalog',
      state('active', ['standard', 1], ['new', 1]),
      'price:new',
      'unmapped_price',
    ],
    [
      'a product that stands nowhere yet',
      state('active', ['draft', 1]),
      'price:draft',
      'product_without_kind',
    ],
    ['a status never seen', state('meditating', ['standard', 1]), 'status:meditating', 'unknown_status'],
    [
      'a status that only looks like a word of ours',
      state('constructor', ['standard', 1]),
      'status:constructor',
      'unknown_status',
    ],
    ['an empty list of items', state('active'), 'items:sub_1', 'no_items'],
    [
      'a list of which Stripe sent the first part',
      { ...state('active', ['standard', 1]), itemsComplete: false },
      'items:sub_1',
      'more_items',
    ],
  ])('%s is waited for by name, and nothing is guessed', (_, given, on, reason) => {
    expect(targetOf(given, meaningOf)).toEqual({ kind: 'waiting', on, reason })
  })
})

describe('what lies behind a hole counts upward only', () => {
  const standing = [{ planLadderId: 'core', productId: 'p-standard', rank: 1 }]

  test('a higher tier is taken at once', () => {
    const head = targetOf(state('active', ['pro', 1]), meaningOf)
    expect(upwardOnly(head, standing)?.tiers.map((tier) => tier.productId)).toEqual(['p-pro', 'p-pro'])
  })

  test('the same tier or a lower one waits', () => {
    const head = targetOf(state('active', ['standard', 1]), meaningOf)
    expect(upwardOnly(head, standing)).toBeNull()
    expect(upwardOnly(head, [{ planLadderId: 'core', rank: 2 }])).toBeNull()
  })

  test.each(['canceled', 'incomplete', 'unpaid', 'paused'])(
    '%s behind a hole takes nothing and raises nothing',
    (status) => {
      expect(upwardOnly(targetOf(state(status, ['pro', 1]), meaningOf), standing)).toBeNull()
    },
  )
})
