import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ApiAnswer } from '../../../src/stripe/api/ask-subscription.ts'
import { recordChanges } from '../../../src/stripe/changes/record-changes.ts'
import { recordFetchedChanges } from '../../../src/stripe/changes/record-fetched-changes.ts'
import { subscriptionStateOf } from '../../../src/stripe/event/subscription-state.ts'
import { sweepOnce } from '../../../src/stripe/inbox/sweep.ts'
import {
  event,
  newWorld,
  PRICES,
  type SubscriptionSketch,
  subscription,
  type World,
} from '../../support/world.ts'

let world: World
/** What Stripe answers; its Date is an hour after the events begin. */
let truth: SubscriptionSketch
const T = Math.floor(Date.now() / 1000) - 10_000
const DATE = T + 3600
beforeEach(async () => {
  truth = {}
  world = await newWorld({
    stripe: {
      async subscription(): Promise<ApiAnswer> {
        const state = subscriptionStateOf(subscription(truth))
        if ('unreadable' in state) throw new Error(state.unreadable)
        return { kind: 'found', state, date: DATE, elapsed: 0.1 }
      },
    },
  })
})
afterEach(() => world.close())

const item = (price: string, quantity = 1): SubscriptionSketch => ({ items: [['si_1', price, quantity]] })
const created = (sketch: SubscriptionSketch, at = T) =>
  event('customer.subscription.created', subscription(sketch), { created: at })
function updated(from: SubscriptionSketch, to: SubscriptionSketch, at: number) {
  const before = subscription({ ...to, ...from }) as Record<string, unknown>
  const after = subscription(to) as Record<string, unknown>
  const previous = Object.fromEntries(
    Object.entries(before).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(after[key])),
  )
  return event('customer.subscription.updated', after, { created: at, previous })
}

/** Stripe shows `shown`: a period's end passed with no word, and it is asked. Answers whose fetches are kept now. */
async function fetched(shown: SubscriptionSketch): Promise<string[]> {
  truth = shown
  const before = world.parts.now
  world.parts.now = () => new Date((1_900_000_000 + 3 * 3600) * 1000)
  const outcome = await world.look('sub_1')
  world.parts.now = before
  return outcome.fetched
}
const record = () => recordFetchedChanges(world.app, ['sub_1'], { ...world.parts, reached: () => {} })
const rows = () => world.app<
  { source: string; told: string; duplicateOf: string | null; occurredAt: Date; eventId: string }[]
>`
  select source, concat_ws(' ', change_kind, nullif(item, ''), from_value ->> 'price', to_value ->> 'price', from_amount, to_amount) as told,
    duplicate_of, occurred_at, event_id
  from billing.subscription_changes where change_kind <> 'created' order by occurred_at, change_kind
`
const toldOf = async (source: string) =>
  (await rows()).filter((row) => row.source === source).map((row) => row.told)

test('a change that only a fetch reveals is written by the changes’ own worker, with source fetch and Stripe’s Date (R56)', async () => {
  await world.deliver(created(item(PRICES.standard)))
  expect(await fetched(item(PRICES.pro, 2))).toEqual(['sub_1'])
  expect(await world.tier('cus_1')).toBe('pro')
  // The enrollment worker has written none.
  expect(await rows()).toEqual([])
  expect(await record()).toEqual({ recorded: 2 })
  expect(await toldOf('fetch')).toEqual([
    'price si_1 price_standard price_pro 1000 1000',
    'quantity si_1 1000 2000',
  ])
  const [row] = await rows()
  expect(row!.occurredAt).toEqual(new Date(DATE * 1000))
  const [kept] = await world.app<
    { fetch: string }[]
  >`select 'fetch_' || fetch_id as fetch from stripe.fetches`
  expect(row!.eventId).toBe(kept!.fetch)
})

test('run again, or killed before its commit, it writes each row once', async () => {
  await world.deliver(created(item(PRICES.standard)))
  await fetched(item(PRICES.pro))
  const killed = recordFetchedChanges(world.app, ['sub_1'], {
    meanings: world.parts.meanings,
    reached: (point) => {
      if (point === 'before-commit') throw new Error('killed')
    },
  })
  await expect(killed).rejects.toThrow('killed')
  expect(await rows()).toEqual([])
  expect(await Promise.all([record(), record(), record()])).toContainEqual({ recorded: 1 })
  expect(await record()).toEqual({ recorded: 0 })
  expect(await toldOf('fetch')).toHaveLength(1)
})

test('a bell that was lost is rung again by the sweeper, until the write is made', async () => {
  await world.deliver(created(item(PRICES.standard)))
  await fetched(item(PRICES.pro))
  const rung: string[] = []
  const bell = {
    ring: async () => true,
    ringSubscriptions: async (ids: readonly string[], _: Date, queue?: string) => {
      if (queue === 'subscription-changes') rung.push(...ids)
      return true
    },
  }
  const after = (seconds: number) => new Date(Date.now() + seconds * 1000)
  expect(await sweepOnce(world.app, bell, after(0))).toMatchObject({ fetched: 0 })
  expect(await sweepOnce(world.app, bell, after(10))).toMatchObject({ fetched: 1 })
  expect(await sweepOnce(world.app, bell, after(20))).toMatchObject({ fetched: 0 })
  expect(await sweepOnce(world.app, bell, after(80))).toMatchObject({ fetched: 1 })
  await record()
  expect(await sweepOnce(world.app, bell, after(200))).toMatchObject({ fetched: 0 })
  expect(rung).toEqual(['sub_1', 'sub_1'])
})

test('a fetch that shows what events told already reveals nothing, nor does the one after it', async () => {
  await world.deliver(
    created(item(PRICES.standard)),
    updated(item(PRICES.standard), item(PRICES.pro), T + 100),
  )
  await fetched(item(PRICES.pro))
  expect(await record()).toEqual({ recorded: 0 })
  await fetched(item(PRICES.pro))
  expect(await record()).toEqual({ recorded: 0 })
})

test('two fetches that show one change write it once', async () => {
  await world.deliver(created(item(PRICES.standard)))
  await fetched(item(PRICES.pro))
  await world.owner`update stripe.fetches set window_from = window_from - 500, window_until = window_until - 500`
  await world.app`update stripe.subscriptions set resolve_at = null`
  const again = world.parts.stripe!
  const { fetchSubscription } = await import('../../../src/stripe/enrollment/fetch-subscription.ts')
  expect(await fetchSubscription(world.app, again, 'sub_1', new Date())).toBe('fetched')
  expect(await record()).toEqual({ recorded: 1 })
})

test('a straggler that tells the same change later marks the fetch’s row as its duplicate, and no other event does', async () => {
  await world.deliver(
    created(item(PRICES.standard)),
    updated(item(PRICES.standard), item(PRICES.pro), T + 100),
    updated(item(PRICES.pro), item(PRICES.standard), T + 200),
  )
  await fetched(item(PRICES.pro))
  await record()
  const duplicate = async () => (await rows()).find((row) => row.source === 'fetch')!.duplicateOf
  // The same change was told once before, at T + 100: that was another time, also when it is told anew.
  const all = await world.app<{ inboxId: number }[]>`select inbox_id from stripe.events`
  const again = { events: all.map(({ inboxId }) => inboxId), again: true }
  await recordChanges(world.app, again, { ...world.parts, autoProvision: null })
  expect(await duplicate()).toBeNull()
  // And it is made once more after the fetch.
  await world.deliver(updated(item(PRICES.pro), item(PRICES.standard), DATE + 500))
  await world.deliver(updated(item(PRICES.standard), item(PRICES.pro), DATE + 900))
  expect(await duplicate()).toBeNull()
  const straggler = updated(item(PRICES.standard), item(PRICES.pro), T + 300)
  await world.deliver(straggler)
  expect(await duplicate()).toBe(straggler.id)
  expect((await toldOf('event')).filter((told) => told.startsWith('price'))).toHaveLength(5)
})

test('a lost deletion is told as the deletion would have told it, and the deletion that comes late is its original', async () => {
  await world.deliver(created(item(PRICES.standard)))
  await fetched({ ...item(PRICES.standard), status: 'canceled' })
  expect(await world.tier('cus_1')).toBe('public-tier')
  await record()
  expect(await toldOf('fetch')).toEqual(['ended 1000 0'])
  const gone = event(
    'customer.subscription.deleted',
    subscription({ ...item(PRICES.standard), status: 'canceled' }),
    { created: T + 500 },
  )
  await world.deliver(gone)
  expect((await rows()).map(({ source, duplicateOf }) => [source, duplicateOf])).toEqual([
    ['event', null],
    ['fetch', gone.id],
  ])
})

test('what was told for the very time of the fetch is not undone by it', async () => {
  await world.deliver(
    created(item(PRICES.standard)),
    updated(item(PRICES.standard), item(PRICES.pro), DATE - 3),
  )
  // Stripe reads a little stale: it still shows what was before.
  await fetched(item(PRICES.standard))
  expect(await record()).toEqual({ recorded: 0 })
})

test('an older API version’s way of writing an item is no change', async () => {
  await world.deliver(created(item(PRICES.standard)))
  await world.owner.begin(async (tx) => {
    await tx`update stripe.events set to_state = jsonb_set(to_state, '{items,0,product}', 'null')`
    await tx`update stripe.events set to_state = jsonb_set(to_state, '{items,0,amount}', 'null')`
  })
  await fetched(item(PRICES.standard))
  expect(await record()).toEqual({ recorded: 0 })
})

test('a cancellation that was scheduled without a word is revealed too', async () => {
  await world.deliver(created(item(PRICES.standard)))
  await fetched({ ...item(PRICES.standard), cancelAt: 1_950_000_000 })
  await record()
  expect(await toldOf('fetch')).toEqual(['cancellation_scheduled'])
})
