import { afterEach, beforeEach, expect, test } from 'vitest'
import { Unavailable } from '../../../src/errors.ts'
import { openAlarms } from '../../../src/stripe/alarms.ts'
import type { EventRange, ListPage } from '../../../src/stripe/api/stripe-api.ts'
import { enroll } from '../../../src/stripe/enrollment/enroll.ts'
import { watchForGaps } from '../../../src/stripe/upkeep/gap-watch.ts'
import { event, newWorld, PRICES, subscription, type World } from '../../support/world.ts'

type Told = ReturnType<typeof event> & { created: number }

const HOUR = 3600
const DAY = 24 * HOUR
let world: World
let now: number
/** What Stripe lists; a test adds to it. */
let atStripe: Told[]
let asked: EventRange[]
let rung: number[]

beforeEach(async () => {
  world = await newWorld()
  now = Math.floor(Date.now() / 1000)
  atStripe = []
  asked = []
  rung = []
})
afterEach(() => world.close())

const api = {
  async *events(range: EventRange): AsyncGenerator<ListPage> {
    asked.push(range)
    const objects = atStripe
      .filter(
        ({ created, type }) =>
          created >= range.from && created <= range.until && range.types!.includes(String(type)),
      )
      .sort((a, b) => b.created - a.created)
    yield { objects, last: objects.at(-1)?.id ?? null, more: false, date: now, elapsed: 0.1 }
  },
}
const look = (parts: Partial<Parameters<typeof watchForGaps>[1]> = {}) =>
  watchForGaps(world.app, {
    api,
    ring: async (ids, { queues }) => {
      if (queues[0] === 'enrollment') rung.push(...ids)
      return true
    },
    keyMode: 'test',
    now: new Date(now * 1000),
    signal: new AbortController().signal,
    ...parts,
  })
const told = (type: string, ago: number, items: [string, string][], previous?: object) => {
  const made = event(type, subscription({ items }), {
    created: now - ago,
    ...(previous && { previous }),
  }) as Told
  atStripe.push(made)
  return made
}
const marks = async () => {
  const [row] = await world.owner<{ until: number; cleanLooks: number; found: number }[]>`
    select extract(epoch from compared_until)::int as until, clean_looks, found::int from stripe.gap_watch`
  return row
}
const alarms = async () => (await openAlarms(world.app)).filter(({ kind }) => kind === 'events_missed')

const standard: [string, string][] = [['si_1', PRICES.standard]]
const pro: [string, string][] = [['si_1', PRICES.pro]]

test('an event that Stripe lists and nobody delivered is taken in, and moves the tier as if it had been', async () => {
  await world.deliver(told('customer.subscription.created', 2 * HOUR, standard))
  expect(await world.tier('cus_1')).toBe('standard')
  const upgrade = told('customer.subscription.updated', HOUR, pro, {
    items: { data: (subscription({ items: standard }).items as { data: unknown[] }).data },
  })

  expect(await look()).toMatchObject({ listed: 2, found: 1, beyondList: false })
  await enroll(world.app, { events: rung }, world.parts)
  expect(await world.tier('cus_1')).toBe('pro')
  const [row] = await world.app`select source from stripe.events where event_id = ${upgrade.id}`
  expect(row).toEqual({ source: 'replay' })
})

test('each look goes on from the last, an hour behind it, and finds nothing twice', async () => {
  told('customer.subscription.created', 2 * HOUR, standard)
  expect((await look()).found).toBe(1)
  expect(asked[0]!.from).toBe(now - 3 * DAY)
  expect(await marks()).toEqual({ until: now - 120, cleanLooks: 0, found: 1 })

  const before = now
  now += 15 * 60
  asked = []
  expect((await look()).found).toBe(0)
  expect(asked[0]!.from).toBe(before - 120 - HOUR)
  expect(await marks()).toEqual({ until: now - 120, cleanLooks: 1, found: 1 })
})

test('what is listed late is found all the same; what is two minutes young is left to its delivery', async () => {
  await look()
  told('customer.subscription.created', 50 * 60, standard)
  told('customer.subscription.updated', 60, standard)
  now += 1
  expect((await look()).found).toBe(1)
  now += 120
  expect((await look()).found).toBe(1)
})

test('a gap raises an alarm that says what was missing; two clean looks clear it', async () => {
  await world.deliver(told('customer.subscription.created', 2 * HOUR, standard))
  told('customer.subscription.updated', HOUR, standard)
  told('customer.subscription.updated', HOUR - 9, standard)
  await look()
  expect(await alarms()).toMatchObject([
    { subject: 'gap-watch', detail: '2 not delivered: customer.subscription.updated 2' },
  ])
  await look()
  expect(await alarms()).toHaveLength(1)
  await look()
  expect(await alarms()).toEqual([])
})

test('the first look of an inbox that nothing was delivered to takes in three days, and alarms nobody', async () => {
  told('customer.subscription.created', 2 * DAY, standard)
  told('customer.subscription.created', 4 * DAY, standard)
  expect((await look()).found).toBe(1)
  expect(await alarms()).toEqual([])
})

test('Stripe away in the middle: what was compared stays compared, and the next look goes on from there', async () => {
  told('customer.subscription.created', 2 * DAY, standard)
  let pages = 0
  const breaking = {
    async *events(range: EventRange) {
      if (++pages === 5) throw new Unavailable('stripe_unavailable', 'no', 'later')
      yield* api.events(range)
    },
  }
  await expect(look({ api: breaking })).rejects.toMatchObject({ code: 'stripe_unavailable' })
  const { until } = (await marks())!
  expect(until).toBeGreaterThan(now - 3 * DAY)
  expect(until).toBeLessThan(now - DAY)
  asked = []
  await look()
  expect(asked[0]!.from).toBe(until - HOUR)
  expect((await marks())!.until).toBe(now - 120)
})

test('told to stop, it stops between two windows and keeps what it has', async () => {
  const stop = new AbortController()
  const stopping = {
    async *events(range: EventRange) {
      yield* api.events(range)
      stop.abort()
    },
  }
  await expect(look({ api: stopping, signal: stop.signal })).rejects.toThrow()
  expect((await marks())!.until).toBeLessThan(now - 2 * DAY)
})

test('the mark never falls, though each look begins an hour behind it', async () => {
  await look()
  const before = await marks()
  const stop = new AbortController()
  const stopping = {
    async *events(range: EventRange) {
      yield* api.events(range)
      stop.abort()
    },
  }
  await look({ api: stopping, signal: stop.signal }).catch(() => {})
  expect((await marks())!.until).toBe(before!.until)
})

test('away for longer than Stripe keeps its list, it says so: what lies before is for reconcile', async () => {
  await look()
  now += 40 * DAY
  asked = []
  expect(await look()).toMatchObject({ beyondList: true })
  expect(asked[0]!.from).toBe(now - 30 * DAY)
})

test('two looks at once find an event once', async () => {
  told('customer.subscription.created', 2 * HOUR, standard)
  const [one, other] = await Promise.all([look(), look()])
  expect(one.found + other.found).toBe(1)
  expect(await marks()).toMatchObject({ until: now - 120, found: 1 })
})
