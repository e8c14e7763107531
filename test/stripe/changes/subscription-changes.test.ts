import { describe, expect, test } from 'vitest'
import { type TwinCandidate, twinRows } from '../../../src/stripe/changes/change-twins.ts'
import { changesOf, type SubscriptionChange } from '../../../src/stripe/changes/subscription-changes.ts'
import type {
  SubscriptionEvent,
  SubscriptionItem,
  SubscriptionState,
} from '../../../src/stripe/event/subscription-event.ts'

const item = (over: Partial<SubscriptionItem> = {}): SubscriptionItem => ({
  item: 'si_1',
  price: 'price_std',
  product: 'prod_std',
  quantity: 1,
  amount: 2000,
  currency: 'usd',
  interval: 'month',
  intervalCount: 1,
  ...over,
})
const PRO = item({ price: 'price_pro', product: 'prod_pro', amount: 5000 })
const SEATS = item({ item: 'si_2', price: 'price_seats', product: 'prod_seats', amount: 300, quantity: 4 })
const state = (over: Partial<SubscriptionState> = {}): SubscriptionState => ({
  subscription: 'sub_1',
  customer: 'cus_1',
  status: 'active',
  items: [item()],
  itemsComplete: true,
  cancelAt: null,
  pause: null,
  trialEnd: null,
  periodEnd: 1_792_000_000,
  endedAt: null,
  organization: null,
  ...over,
})
const event = (over: Partial<SubscriptionEvent>): SubscriptionEvent => ({
  event: 'evt_1',
  type: 'customer.subscription.updated',
  kind: 'edge',
  created: 1_790_000_000,
  request: 'req_1',
  before: state(),
  after: state(),
  fingerprint: 'f',
  ...over,
})

const LADDERS: Record<string, string> = { price_std: 'core', price_pro: 'core', price_support: 'support' }
const ladderOf = (price: string) => LADDERS[price] ?? null

function changes(over: Partial<SubscriptionEvent>): SubscriptionChange[] {
  const answer = changesOf(event(over), ladderOf)
  if (answer.kind === 'unknown') throw new Error(answer.why)
  return answer.changes
}
const between = (before: Partial<SubscriptionState>, after: Partial<SubscriptionState>) =>
  changes({ before: state(before), after: state(after) })
const named = (rows: SubscriptionChange[]) =>
  rows.map((row) => (row.item ? `${row.kind} ${row.item}` : row.kind))

describe('the beginning and the end', () => {
  test('R55: created is one row, with all items and what they cost together', () => {
    expect(changes({ kind: 'root', before: null, after: state({ items: [item(), SEATS] }) })).toEqual([
      {
        kind: 'created',
        item: '',
        from: null,
        to: {
          status: 'active',
          items: [
            {
              item: 'si_1',
              price: 'price_std',
              product: 'prod_std',
              quantity: 1,
              amount: 2000,
              currency: 'usd',
              interval: 'month',
              interval_count: 1,
            },
            {
              item: 'si_2',
              price: 'price_seats',
              product: 'prod_seats',
              quantity: 4,
              amount: 300,
              currency: 'usd',
              interval: 'month',
              interval_count: 1,
            },
          ],
          items_complete: true,
          ended_at: null,
        },
        amountFrom: 0,
        amountTo: 3200,
        currency: 'usd',
        interval: 'month',
        intervalCount: 1,
        occurredAt: 1_790_000_000,
      },
    ])
  })

  test('deleted is one row, with what was lost', () => {
    const [ended, ...more] = changes({
      kind: 'end',
      before: null,
      after: state({ status: 'canceled', endedAt: 7 }),
    })
    expect(ended).toMatchObject({ kind: 'ended', to: null, amountFrom: 2000, amountTo: 0, currency: 'usd' })
    expect(more).toEqual([])
  })

  test.each([
    ['usage', [item({ quantity: null })]],
    ['tiers', [item({ amount: null })]],
    ['items on different periods', [item(), { ...SEATS, interval: 'year' }]],
    ['a sum past 2^53', [item({ amount: 2 ** 52, quantity: 3 })]],
  ])('with %s there is no total, and no wrong one', (_, items) => {
    expect(changes({ kind: 'root', before: null, after: state({ items }) })).toMatchObject([
      { amountFrom: null, amountTo: null },
    ])
  })

  test('with a list that was cut off there is no total either', () => {
    const after = state({ itemsComplete: false })
    expect(changes({ kind: 'end', before: null, after })).toMatchObject([
      { amountFrom: null, amountTo: null },
    ])
  })
})

describe('what is no commercial change gives no row', () => {
  test('a renewal, and other metadata', () => {
    expect(between({}, { periodEnd: 1_794_000_000, organization: 'org-7' })).toEqual([])
  })

  test('a sighting', () => {
    expect(changes({ kind: 'sighting', before: state({ status: 'trialing' }), after: state() })).toEqual([])
  })
})

test('an edge of which the state before is not told has no rows that can be told', () => {
  expect(changesOf(event({ before: null }), ladderOf)).toEqual({ kind: 'unknown', why: expect.any(String) })
})

describe('items', () => {
  test('R54: an upgrade in place is one price change, from and to in minor units', () => {
    expect(between({}, { items: [PRO] })).toMatchObject([
      {
        kind: 'price',
        item: 'si_1',
        from: { price: 'price_std' },
        to: { price: 'price_pro' },
        amountFrom: 2000,
        amountTo: 5000,
      },
    ])
  })

  test('a price and a quantity at once are two rows whose amounts join', () => {
    expect(between({ items: [item({ quantity: 2 })] }, { items: [{ ...PRO, quantity: 3 }] })).toMatchObject([
      { kind: 'price', amountFrom: 4000, amountTo: 10_000 },
      { kind: 'quantity', from: { quantity: 2 }, to: { quantity: 3 }, amountFrom: 10_000, amountTo: 15_000 },
    ])
  })

  test('one price at another unit amount is a change of amount', () => {
    expect(between({}, { items: [item({ amount: 2500 })] })).toMatchObject([
      { kind: 'amount', item: 'si_1', amountFrom: 2000, amountTo: 2500 },
    ])
  })

  test('an item that comes and one that goes', () => {
    expect(between({}, { items: [item(), SEATS] })).toMatchObject([
      {
        kind: 'item_added',
        item: 'si_2',
        from: null,
        to: { price: 'price_seats' },
        amountFrom: 0,
        amountTo: 1200,
      },
    ])
    expect(between({ items: [item(), SEATS] }, {})).toMatchObject([
      {
        kind: 'item_removed',
        item: 'si_2',
        from: { price: 'price_seats' },
        to: null,
        amountFrom: 1200,
        amountTo: 0,
      },
    ])
  })

  test('parts of a minor unit are rounded once they are multiplied, and not before', () => {
    expect(between({}, { items: [item(), { ...SEATS, amount: 0.05, quantity: 1010 }] })).toMatchObject([
      { amountTo: 51 },
    ])
  })
})

describe('a swap of item ids', () => {
  const pro = { ...PRO, item: 'si_9' }
  test('on one ladder is one price change, told of the new item', () => {
    expect(between({}, { items: [pro] })).toMatchObject([
      {
        kind: 'price',
        item: 'si_9',
        from: { item: 'si_1' },
        to: { item: 'si_9' },
        amountFrom: 2000,
        amountTo: 5000,
      },
    ])
  })

  test('beside another item that comes is still one price change', () => {
    expect(named(between({}, { items: [SEATS, pro] }))).toEqual(['price si_9', 'item_added si_2'])
  })

  test('between two ladders is one that goes and one that comes', () => {
    const support = item({ item: 'si_8', price: 'price_support' })
    expect(named(between({}, { items: [support] }))).toEqual(['item_added si_8', 'item_removed si_1'])
  })

  test('onto a price that is not mapped, one for one, is a price change', () => {
    expect(named(between({}, { items: [item({ item: 'si_8', price: 'price_new' })] }))).toEqual([
      'price si_8',
    ])
    expect(named(between({ items: [item({ price: 'price_new' })] }, { items: [pro] }))).toEqual([
      'price si_9',
    ])
  })

  test('onto two prices that are not mapped is not guessed at', () => {
    const items = [item({ item: 'si_7', price: 'price_x' }), item({ item: 'si_8', price: 'price_y' })]
    expect(named(between({}, { items }))).toEqual(['item_added si_7', 'item_added si_8', 'item_removed si_1'])
  })

  test('onto the same price comes first: beside it, another price on the ladder was added', () => {
    expect(named(between({}, { items: [pro, item({ item: 'si_8' })] }))).toEqual(['item_added si_9'])
  })

  test('onto the same price is no price change; only another quantity would tell', () => {
    expect(between({}, { items: [item({ item: 'si_9' })] })).toEqual([])
    expect(named(between({}, { items: [item({ item: 'si_9', quantity: 2 })] }))).toEqual(['quantity si_9'])
  })
})

describe('a list that was cut off', () => {
  test('gives no item rows, since an item may only have crossed the cut', () => {
    const over = {
      before: state({ items: [SEATS] }),
      after: state({ items: [item()], itemsComplete: false }),
    }
    expect(changesOf(event(over), ladderOf).kind).toBe('unknown')
  })

  test('does not hide what does not concern the items', () => {
    expect(named(between({ itemsComplete: false }, { itemsComplete: false, status: 'past_due' }))).toEqual([
      'status',
    ])
  })
})

describe('status, cancellation, pause, trial', () => {
  test('R32: a failed payment is a row of its own here, though it moves no tier', () => {
    expect(between({}, { status: 'past_due' })).toMatchObject([
      {
        kind: 'status',
        item: '',
        from: { status: 'active' },
        to: { status: 'past_due' },
        amountFrom: null,
        currency: null,
      },
    ])
  })

  test.each([
    ['cancellation_scheduled', null, 5],
    ['cancellation_moved', 5, 6],
    ['cancellation_withdrawn', 5, null],
  ])('%s', (kind, from, to) => {
    expect(between({ cancelAt: from }, { cancelAt: to })).toMatchObject([
      { kind, from: { cancel_at: from }, to: { cancel_at: to } },
    ])
  })

  test('a trial is set, moved or cleared', () => {
    for (const [from, to] of [
      [null, 5],
      [5, 6],
      [5, null],
    ] as const) {
      expect(between({ trialEnd: from }, { trialEnd: to })).toMatchObject([
        { kind: 'trial', from: { trial_end: from }, to: { trial_end: to } },
      ])
    }
  })

  test('a pause starts, changes and ends', () => {
    const paused = { behavior: 'void', resumesAt: null }
    const until = { behavior: 'void', resumesAt: 9 }
    expect(between({}, { pause: paused })).toMatchObject([
      { kind: 'pause_started', from: null, to: { behavior: 'void', resumes_at: null } },
    ])
    expect(named(between({ pause: paused }, { pause: until }))).toEqual(['pause_changed'])
    expect(between({ pause: paused }, { pause: { ...paused } })).toEqual([])
    expect(named(between({ pause: until }, {}))).toEqual(['pause_ended'])
  })

  test('dates that an end makes idle were withdrawn by nobody', () => {
    const after = { status: 'canceled', cancelAt: null, trialEnd: null }
    expect(
      named(between({ cancelAt: 5, trialEnd: 6, pause: { behavior: 'void', resumesAt: null } }, after)),
    ).toEqual(['status'])
  })
})

describe('twins: one change under two event ids', () => {
  const told = (event: string, over: Partial<TwinCandidate> = {}): TwinCandidate => ({
    event,
    created: 100,
    request: 'req_1',
    fingerprint: 'f',
    from: 'A',
    to: 'B',
    ...over,
  })
  const twin = (event: string, duplicateOf: string) => ({ event, duplicateOf })

  test('of one request, within a second, are marked after the first by (created, id)', () => {
    const copies = [told('evt_c', { created: 101 }), told('evt_b'), told('evt_a', { created: 101 })]
    expect(twinRows(copies)).toEqual([twin('evt_a', 'evt_b'), twin('evt_c', 'evt_b')])
  })

  test('more than a second apart, of another request, or with another body, are none', () => {
    expect(twinRows([told('evt_a'), told('evt_b', { created: 102 })])).toEqual([])
    expect(twinRows([told('evt_a'), told('evt_b', { request: 'req_2' })])).toEqual([])
    expect(twinRows([told('evt_a'), told('evt_b', { request: null })])).toEqual([])
    expect(twinRows([told('evt_a'), told('evt_b', { fingerprint: 'g' })])).toEqual([])
  })

  test('an event delivered twice is not its own twin', () => {
    expect(twinRows([told('evt_a'), told('evt_a')])).toEqual([])
  })

  test('with no request are twins, unless something left their state within that second', () => {
    const copies = [told('evt_a', { request: null }), told('evt_b', { request: null })]
    expect(twinRows(copies)).toEqual([twin('evt_b', 'evt_a')])
    const back = { from: 'B', to: 'A', fingerprint: 'back' }
    expect(twinRows([...copies, told('evt_x', { ...back, created: 101 })])).toEqual([])
    expect(twinRows([...copies, told('evt_x', { ...back, created: 102 })])).toEqual([twin('evt_b', 'evt_a')])
    expect(twinRows([...copies, told('evt_x', { ...back, to: 'B' })])).toEqual([twin('evt_b', 'evt_a')])
  })

  test('of one request are one change even where something left their state', () => {
    expect(
      twinRows([told('evt_a'), told('evt_b'), told('evt_x', { from: 'B', to: 'A', fingerprint: 'back' })]),
    ).toEqual([twin('evt_b', 'evt_a')])
  })
})
