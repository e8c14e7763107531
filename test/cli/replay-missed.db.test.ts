import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Life, livesOf } from '../../src/simulator/life.ts'
import { customerCreated, customerEventId, stripeEvent } from '../../src/simulator/stripe-event.ts'
import { type Fault, type StripeStandIn, stripeStandIn } from '../support/stripe-stand-in.ts'
import { event, subscription } from '../support/world.ts'
import { type CommandWorld, commandWorld } from './replay-world.ts'

const now = Math.floor(Date.now() / 1000)
const DAY = 86_400
/** Lives of the last ten days. */
const lives = livesOf(400, { seed: 4, now })
  .filter((life) => life.events[0]!.at > now - 10 * DAY && life.events.length > 2)
  .slice(0, 5)
const idsOf = (life: Life) => [customerEventId(life), ...life.events.map((one) => one.event)]

let world: CommandWorld
let stripe: StripeStandIn
let fault: (path: string) => Fault | null = () => null
beforeAll(async () => {
  world = await commandWorld()
  stripe = await stripeStandIn(lives, { fault: ({ path }) => fault(path) })
  // The first life was delivered, the others never were.
  await world.store(customerCreated(lives[0]!), ...lives[0]!.events.map(stripeEvent))
})
afterAll(async () => {
  await stripe.close()
  await world.close()
})
beforeEach(() => {
  fault = () => null
  world.env.STRIPE_API_KEY = 'rk_test_stand_in'
  world.env.STRIPE_API_BASE_URL = stripe.url
})

const stored = async () =>
  (await world.owner<{ eventId: string }[]>`select event_id from stripe.events`)
    .map((row) => row.eventId)
    .sort()
const missingIds = lives.slice(1).flatMap(idsOf)

describe('replay missed', () => {
  test('a dry run names what is missing by type, and takes nothing in', async () => {
    const before = await stored()
    const { code, json } = await world.run('replay', 'missed', '--since', '11d', '--dry-run', '--json')
    expect(code).toBe(0)
    const told = json<{ by_type: Record<string, number>; types: string[] }>()
    expect(told).toMatchObject({ outcome: 'dry_run', missing: missingIds.length, taken: 0, kept_since: null })
    expect(told.by_type['customer.created']).toBe(4)
    expect(Object.values(told.by_type).reduce((sum, count) => sum + count)).toBe(missingIds.length)
    expect(told.types).toContain('checkout.session.completed')
    expect(await stored()).toEqual(before)
  })

  test('with nobody to ask and no --yes it asks Stripe nothing and is a usage error', async () => {
    const asked = stripe.asked()
    const { code, stderr } = await world.run('replay', 'missed')
    expect([code, stripe.asked() - asked]).toEqual([2, 0])
    expect(stderr).toContain('--dry-run')
  })

  test('beyond the 30 days that Stripe keeps it says so, does the 30 days, and points at reconcile', async () => {
    const { code, stdout } = await world.run('replay', 'missed', '--since', '60d', '--dry-run')
    expect(code).toBe(0)
    expect(stdout).toContain(`It lacked ${missingIds.length}:`)
    expect(stdout).toContain('Stripe keeps events for 30 days')
    expect(stdout).toContain('stepladder reconcile')
    const gone = await world.run('replay', 'missed', '--since', '60d', '--until', '40d', '--yes', '--json')
    expect(gone.code).toBe(1)
    expect(gone.json()).toMatchObject({ error: { code: 'older_than_kept' } })
  })

  test('without a key it says which one it needs', async () => {
    delete world.env.STRIPE_API_KEY
    const { code, json, stderr } = await world.run('replay', 'missed', '--yes', '--json')
    expect(code).toBe(1)
    expect(json()).toMatchObject({ error: { code: 'no_stripe_key' } })
    expect(stderr).toContain('restricted, read-only')
  })

  test('a live key on a database of test events is refused before Stripe is asked', async () => {
    world.env.STRIPE_API_KEY = 'rk_live_stand_in'
    const asked = stripe.asked()
    const { code, json } = await world.run('replay', 'missed', '--yes', '--json')
    expect([code, stripe.asked() - asked]).toEqual([1, 0])
    expect(json()).toMatchObject({
      error: { code: 'mode_conflict', message: expect.stringContaining('live key') },
    })
  })

  test('a key that lacks a permission: the permission is named', async () => {
    const message = "Having the 'rak_event_read' permission would allow this request to continue."
    fault = () => ({ status: 403, message })
    const { code, stderr } = await world.run('replay', 'missed', '--yes')
    expect(code).toBe(1)
    expect(stderr).toContain('rak_event_read')
  })

  test.each([
    [['--since', 'tomorrow'], 'time_invalid'],
    [['--since', '2999-01-01'], 'time_in_future'],
    [['--since', '1h', '--until', '2h'], 'range_reversed'],
  ])('%j is a usage error: %s', async (options, code) => {
    const ran = await world.run('replay', 'missed', ...options, '--yes', '--json')
    expect(ran.code).toBe(2)
    expect(ran.json()).toMatchObject({ error: { code } })
  })

  test('what is missing comes in by one command, through 429 and 500 on the way; the next one finds nothing', async () => {
    let nth = 0
    fault = () => {
      nth++
      return nth === 2 ? { status: 429, retryAfter: 1 } : nth === 4 ? { status: 500 } : null
    }
    const { code, stdout } = await world.run('replay', 'missed', '--since', '11d', '--yes')
    expect([code, nth > 4]).toEqual([0, true])
    expect(stdout).toContain(`Took in ${missingIds.length}.`)
    expect(stdout).toMatch(/customer\.subscription\.updated +\d+/)
    expect(await stored()).toEqual(lives.flatMap(idsOf).sort())
    const again = await world.run('replay', 'missed', '--since', '11d', '--yes')
    expect(again.stdout).toContain('Nothing is missing.')
  })
})

test('Ctrl-C stops it between two steps: exit code 130, and what to do next', async () => {
  const aside = await commandWorld()
  try {
    Object.assign(aside.env, { STRIPE_API_KEY: 'rk_test_stand_in', STRIPE_API_BASE_URL: stripe.url })
    let nth = 0
    fault = () => {
      // In this process, as a terminal would send it to the command's own.
      if (++nth === 5) process.emit('SIGINT', 'SIGINT')
      return null
    }
    const { code, stderr } = await aside.run('replay', 'missed', '--since', '11d', '--yes')
    expect(code).toBe(130)
    expect(stderr).toContain('Run the same command again')
    fault = () => null
    const rest = await aside.run('replay', 'missed', '--since', '11d', '--yes', '--json')
    expect(rest.code).toBe(0)
    expect((await aside.owner`select from stripe.events`).length).toBe(lives.flatMap(idsOf).length)
  } finally {
    await aside.close()
  }
})

describe('replay event', () => {
  test('takes in from Stripe what the inbox lacks, and says so', async () => {
    const aside = await commandWorld()
    try {
      const life = lives[1]!
      const first = life.events[0]!.event
      Object.assign(aside.env, { STRIPE_API_KEY: 'rk_test_stand_in', STRIPE_API_BASE_URL: stripe.url })
      const dry = await aside.run('replay', 'event', first, '--dry-run', '--json')
      expect(dry.json()).toMatchObject({ outcome: 'dry_run', from_stripe: { missing: 1, taken: 0 } })
      expect(await aside.owner`select from stripe.events`).toHaveLength(0)
      const { code, json } = await aside.run('replay', 'event', first, '--no-wait', '--json')
      expect(code).toBe(0)
      expect(json()).toMatchObject({ outcome: 'rung', rung: 2, from_stripe: { missing: 1, taken: 1 } })
      const rows = await aside.owner`select event_id, source from stripe.events`
      expect(rows).toEqual([{ eventId: first, source: 'replay' }])
    } finally {
      await aside.close()
    }
  })

  test('an id that nobody knows is refused, and nothing of the list is taken in or rung', async () => {
    const { code, json } = await world.run('replay', 'event', idsOf(lives[0]!)[0]!, 'evt_nobody', '--json')
    expect(code).toBe(1)
    expect(json()).toMatchObject({
      error: { code: 'event_unknown', message: expect.stringContaining('evt_nobody') },
    })
  })

  test('without a key it says that with one Stripe would be asked', async () => {
    delete world.env.STRIPE_API_KEY
    const { code, json, stderr } = await world.run('replay', 'event', 'evt_nobody', '--json')
    expect(code).toBe(1)
    expect(json()).toMatchObject({ error: { code: 'event_not_in_inbox' } })
    expect(stderr).toContain('STRIPE_API_KEY')
  })
})

describe('replay range', () => {
  const aWhileAgo = 20 * DAY
  beforeAll(async () => {
    const more = { created: now - aWhileAgo }
    await world.store(
      event('customer.subscription.created', subscription({ id: 'sub_r1', customer: 'cus_r1' }), {
        id: 'evt_r1',
        ...more,
      }),
      event('customer.subscription.updated', subscription({ id: 'sub_r2', customer: 'cus_r2' }), {
        id: 'evt_r2',
        created: more.created + 60,
        previous: { metadata: {} },
      }),
    )
  })
  const around = ['--from', '21d', '--to', '19d']

  test('means what lies in that time by Stripe’s clock, of one type where one is named', async () => {
    const all = await world.run('replay', 'range', ...around, '--dry-run', '--json')
    const eventsIn = (ran: typeof all) =>
      [...new Set(ran.json<{ writes: { event: string }[] }>().writes.map((one) => one.event))].sort()
    expect(eventsIn(all)).toEqual(['evt_r1', 'evt_r2'])
    const type = ['--type', 'customer.subscription.updated']
    expect(eventsIn(await world.run('replay', 'range', ...around, ...type, '--dry-run', '--json'))).toEqual([
      'evt_r2',
    ])
  })

  test('shows how many of each type it would touch, and asks', async () => {
    const { code, stderr } = await world.run('replay', 'range', ...around)
    expect(code).toBe(2)
    expect(stderr).toContain('4 writes of 2 events')
    expect(stderr).toMatch(/customer\.subscription\.created +1/)
    expect(stderr).toContain('--yes')
  })

  test('also takes in what the inbox lacks of that time', async () => {
    const aside = await commandWorld()
    try {
      Object.assign(aside.env, { STRIPE_API_KEY: 'rk_test_stand_in', STRIPE_API_BASE_URL: stripe.url })
      const { code, json } = await aside.run('replay', 'range', '--from', '11d', '--yes', '--json')
      expect(code).toBe(0)
      const count = lives.flatMap(idsOf).length
      expect(json()).toMatchObject({ outcome: 'nothing', from_stripe: { missing: count, taken: count } })
      expect(await aside.owner`select from stripe.events`).toHaveLength(count)
    } finally {
      await aside.close()
    }
  })

  test('without a key it says that what is missing was not looked for', async () => {
    delete world.env.STRIPE_API_KEY
    const { code, stdout } = await world.run('replay', 'range', ...around, '--dry-run')
    expect(code).toBe(0)
    expect(stdout).toContain('only the inbox was looked through')
  })

  test.each([
    [['--from', '2h', '--to', '3h'], 'range_reversed'],
    [['--from', '31/12/2026'], 'time_invalid'],
    [['--from', '1h', '--to', '2999-01-01'], 'time_in_future'],
  ])('%j is a usage error: %s', async (options, code) => {
    const ran = await world.run('replay', 'range', ...options, '--yes', '--json')
    expect(ran.code).toBe(2)
    expect(ran.json()).toMatchObject({ error: { code } })
  })
})
