import { describe, expect, test } from 'vitest'
import type { PriceMeaning } from '../../../src/stripe/enrollment/target.ts'
import type { SubscriptionState } from '../../../src/stripe/event/subscription-event.ts'
import { type Compared, differencesOf } from '../../../src/stripe/reconcile/differences.ts'
import type { HeldSubscription } from '../../../src/stripe/reconcile/tell-subscription.ts'

const plan = (productId: string, rank: number): PriceMeaning => ({
  productId,
  productKey: productId,
  kind: 'plan',
  ladders: [{ planLadderId: 'core', rank }],
})
const meanings: Record<string, PriceMeaning> = {
  price_standard: plan('standard', 1),
  price_pro: plan('pro', 2),
  price_seats: { productId: 'seats', productKey: 'seats', kind: 'addon', ladders: [] },
  price_draft: { productId: 'draft', productKey: 'draft', kind: null, ladders: [] },
}
const items = (...list: [price: string, quantity?: number | null][]) =>
  list.map(([price, quantity = 1], n) => ({
    item: `si_${n}`,
    price,
    product: null,
    quantity,
    amount: 1000,
    currency: 'eur',
    interval: 'month',
    intervalCount: 1,
  }))
const state = (more: Partial<SubscriptionState> = {}): SubscriptionState => ({
  subscription: 'sub_1',
  customer: 'cus_1',
  status: 'active',
  items: items(['price_pro']),
  itemsComplete: true,
  cancelAt: null,
  pause: null,
  trialEnd: null,
  periodEnd: 1_900_000_000,
  endedAt: null,
  organization: null,
  ...more,
})
const held = (more: Partial<HeldSubscription> = {}): HeldSubscription => ({
  organization: 'org_1',
  status: 'active',
  cancelAt: null,
  pause: null,
  trialEnd: null,
  tiers: [{ planLadderId: 'core', productId: 'pro', status: 'active' }],
  addons: [],
  resolvedBy: 'evt_1',
  unresolved: null,
  ...more,
})
const compared = (
  there: Partial<SubscriptionState>,
  here: Partial<HeldSubscription> | null = {},
  link: Compared['link'] = { kind: 'linked' },
) =>
  differencesOf({
    state: state(there),
    held: here && held(here),
    link,
    meaningOf: (price) => meanings[price] ?? null,
    nameOf: { product: (id) => id, ladder: (id) => id },
  })
const classes = (...of: Parameters<typeof compared>) => compared(...of).map((one) => one.class)

describe('what is no difference', () => {
  test('the same, however it is written', () => {
    expect(classes({})).toEqual([])
    const seats = { productId: 'seats', quantity: 3, status: 'active' }
    expect(
      classes({ items: items(['price_pro'], ['price_seats', 1], ['price_seats', 2]) }, { addons: [seats] }),
    ).toEqual([])
    expect(classes({ items: items(['price_pro'], ['price_seats', 0], ['price_unknown', 0]) })).toEqual([])
    expect(classes({ periodEnd: 1 })).toEqual([])
  })

  test('what ended on both sides, and what never was here and is not live there', () => {
    const nothing = { tiers: [], addons: [] }
    expect(classes({ status: 'canceled' }, { status: 'canceled', ...nothing })).toEqual([])
    expect(classes({ status: 'canceled' }, null)).toEqual([])
    expect(classes({ status: 'incomplete_expired' }, { status: null, ...nothing })).toEqual([])
    expect(classes({ status: 'incomplete' }, null, { kind: 'unlinked', why: '', next: '' })).toEqual([])
  })
})

describe('what is one', () => {
  test('each by its class, several where they are several', () => {
    expect(classes({ items: items(['price_standard']), status: 'past_due' })).toEqual([
      'wrong_tier',
      'wrong_status',
    ])
    expect(classes({ items: items(['price_unknown']) }, null, { kind: 'would be linked' })).toEqual([
      'missing_here',
      'unmapped_price',
    ])
    const unlinked = { kind: 'unlinked' as const, why: 'nobody said', next: 'Say it.' }
    expect(classes({ items: items(['price_draft']) }, null, unlinked)).toEqual([
      'unlinked_customer',
      'unmapped_price',
    ])
    expect(classes({}, { status: null, tiers: [], resolvedBy: null })).toEqual(['missing_here'])
    expect(classes({}, { status: 'canceled', tiers: [] })).toEqual(['ended_here'])
    expect(classes({ status: 'canceled' })).toEqual(['ended_there'])
  })

  test('on an unknown price nothing is said of the tier, which is held', () => {
    expect(classes({ items: items(['price_unknown']) })).toEqual(['unmapped_price'])
    expect(classes({ items: items(['price_unknown']), status: 'past_due' })).toEqual([
      'unmapped_price',
      'wrong_status',
    ])
  })

  test('a status that is written beside the subscription and not beside its place', () => {
    const tiers = [{ planLadderId: 'core', productId: 'pro', status: 'active' }]
    expect(classes({ status: 'past_due' }, { status: 'past_due', tiers })).toEqual(['wrong_status'])
  })

  test('a scheduled cancellation, a pause of collection and a trial’s end', () => {
    for (const there of [
      { cancelAt: 1_800_000_000 },
      { pause: { behavior: 'void', resumesAt: null } },
      { trialEnd: 1_800_000_000 },
    ])
      expect(classes(there), JSON.stringify(there)).toEqual(['wrong_status'])
  })

  test('a status of which this version knows nothing, and no items: held, and a person is sent to look', () => {
    expect(compared({ status: 'snoozed' })).toMatchObject([
      { class: 'wrong_status', next: expect.stringContaining('newer Stepladder') },
    ])
    expect(compared({ items: [] })).toMatchObject([
      { class: 'wrong_tier', next: expect.stringContaining('items at Stripe') },
    ])
  })
})

test('a person reads what Stripe shows, what stands, since what, and what to do', () => {
  const [difference] = compared(
    { items: items(['price_standard'], ['price_seats', 5]), cancelAt: 1_800_000_000 },
    { unresolved: 'does_not_join' },
  )
  expect(difference).toEqual({
    class: 'wrong_tier',
    subscription: 'sub_1',
    customer: 'cus_1',
    organization: 'org_1',
    atStripe:
      'active; 1 × price_standard + 5 × price_seats; standard on core + 5 × seats; cancels 2027-01-15 08:00',
    here: 'active; pro on core; not settled (does not join); by evt_1',
    next: 'Repair resolves it from what Stripe shows.',
  })
})
