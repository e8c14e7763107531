import { afterEach, describe, expect, test } from 'vitest'
import type { ApiAnswer } from '../../../src/stripe/api/ask-subscription.ts'
import { recordChanges } from '../../../src/stripe/changes/record-changes.ts'
import { enroll } from '../../../src/stripe/enrollment/enroll.ts'
import { keepListed } from '../../../src/stripe/enrollment/keep-answers.ts'
import type { SubscriptionState } from '../../../src/stripe/event/subscription-event.ts'
import { subscriptionStateOf } from '../../../src/stripe/event/subscription-state.ts'
import { wake } from '../../../src/stripe/inbox/waiting.ts'
import {
  event,
  newWorld,
  PRICES,
  type SubscriptionSketch,
  subscription,
  type World,
} from '../../support/world.ts'

let world: World
afterEach(() => world.close())

const created = (sketch: SubscriptionSketch = {}, more = {}) =>
  event('customer.subscription.created', subscription(sketch), more)
const deleted = (sketch: SubscriptionSketch = {}, more = {}) =>
  event('customer.subscription.deleted', subscription({ ...sketch, status: 'canceled' }), more)
function updated(from: SubscriptionSketch, to: SubscriptionSketch, more: object = {}) {
  const before = subscription({ ...to, ...from }) as Record<string, unknown>
  const after = subscription(to) as Record<string, unknown>
  const previous = Object.fromEntries(
    Object.entries(before).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(after[key])),
  )
  return event('customer.subscription.updated', after, { ...more, previous })
}
const item = (price: string, quantity: number | null = 1): SubscriptionSketch => ({
  items: [['si_1', price, quantity]],
})
const T = Math.floor(Date.now() / 1000) - 10_000

describe('the ordinary way', () => {
  test('created, upgraded, downgraded and cancelled drive the tier (R53, R54, R35)', async () => {
    world = await newWorld()
    await world.deliver(created(item(PRICES.standard), { created: T }))
    expect(await world.tier('cus_1')).toBe('standard')
    await world.deliver(updated(item(PRICES.standard), item(PRICES.pro), { created: T + 100 }))
    expect(await world.tier('cus_1')).toBe('pro')
    await world.deliver(updated(item(PRICES.pro), item(PRICES.standard), { created: T + 200 }))
    expect(await world.tier('cus_1')).toBe('standard')
    await world.deliver(deleted(item(PRICES.standard), { created: T + 300 }))
    expect(await world.tier('cus_1')).toBe('public-tier')
    expect(await world.history('cus_1')).toEqual([
      'initiate public-tier',
      'upgrade standard',
      'upgrade pro',
      'downgrade standard',
      'end',
      'initiate public-tier',
    ])
  })

  test('an upgrade writes one transition and one change row, each by its own writer (R55, R56)', async () => {
    world = await newWorld()
    await world.deliver(created(item(PRICES.standard), { created: T }))
    const upgrade = updated(item(PRICES.standard), item(PRICES.pro), { created: T + 100 })
    await world.deliver(upgrade)
    const rows = await world.app`select change_kind, cause_id from billing.subscription_changes c
      full join entitlements.pool_provision_transitions t on t.cause_id = c.event_id
      where coalesce(c.event_id, t.cause_id) = ${upgrade.id}`
    expect(rows).toEqual([{ changeKind: 'price', causeId: upgrade.id }])
  })

  test('past_due, unpaid and paused are written beside the tier, and back, without a transition (R32)', async () => {
    world = await newWorld()
    await world.deliver(created({ status: 'trialing' }, { created: T }))
    const before = await world.history('cus_1')
    let status = 'trialing'
    for (const [n, next] of ['active', 'past_due', 'unpaid', 'paused', 'active'].entries()) {
      await world.deliver(updated({ status }, { status: next }, { created: T + 100 * (n + 1) }))
      status = next
      const [row] =
        await world.app`select status from entitlements.pool_provision_ladders where ended_at is null`
      expect(row).toEqual({ status: next })
    }
    expect(await world.history('cus_1')).toEqual(before)
  })

  test('several items stand on several ladders, add-ons are held flat by quantity, a metered one counts (R31)', async () => {
    world = await newWorld()
    const items: SubscriptionSketch['items'] = [
      ['si_1', PRICES.pro, 1],
      ['si_2', PRICES.gold, null],
      ['si_3', PRICES.seats, 3],
    ]
    await world.deliver(created({ items }, { created: T }))
    expect([await world.tier('cus_1'), await world.tier('cus_1', 'support')]).toEqual(['pro', 'gold'])
    const addons = () => world.app`
      select p.product_key, v.quantity from entitlements.pool_provisions v join billing.products p using (product_id)
      where p.product_type = 'addon' and v.ended_at is null`
    expect(await addons()).toEqual([{ productKey: 'seats', quantity: 3 }])
    await world.deliver(updated({ items }, { items: [['si_1', PRICES.both, 1]] }, { created: T + 100 }))
    expect([await world.tier('cus_1'), await world.tier('cus_1', 'support')]).toEqual(['both', 'both'])
    expect(await addons()).toEqual([])
  })

  test('quantity 0 claims nothing', async () => {
    world = await newWorld()
    await world.deliver(created(item(PRICES.pro, 0), { created: T }))
    expect(await world.tier('cus_1')).toBe('public-tier')
  })

  test('a scheduled cancellation is recorded and moves nobody', async () => {
    world = await newWorld()
    await world.deliver(
      created({}, { created: T }),
      updated({ cancelAt: null }, { cancelAt: 1_900_000_000 }, { created: T + 50 }),
    )
    expect(await world.tier('cus_1')).toBe('standard')
    expect(await world.app`select cancel_at from billing.subscriptions`).toEqual([
      { cancelAt: new Date(1_900_000_000_000) },
    ])
    expect(
      await world.app`select change_kind from billing.subscription_changes where change_kind like 'canc%'`,
    ).toHaveLength(1)
  })
})

describe('the same thing, told again', () => {
  test('an event handled twenty times at once has one effect', async () => {
    world = await newWorld()
    const ids = await world.store(created(item(PRICES.pro), { created: T }))
    await Promise.all(
      Array.from({ length: 20 }, () => [
        enroll(world.app, { events: ids.enrollment }, world.parts),
        recordChanges(world.app, { events: ids.changes }, world.parts),
      ]).flat(),
    )
    expect(await world.history('cus_1')).toEqual(['initiate public-tier', 'upgrade pro'])
    expect(await world.app`select change_kind from billing.subscription_changes`).toHaveLength(1)
    expect(await world.app`select organization_id from organization.organizations`).toHaveLength(1)
  })

  test('a deliberate replay runs although the event was handled, and changes nothing twice', async () => {
    world = await newWorld()
    const first = created(item(PRICES.pro), { created: T })
    await world.deliver(first)
    const before = [await world.history('cus_1'), await world.app`select * from billing.subscription_changes`]
    const ids = await world.app<{ inboxId: number }[]>`select inbox_id from stripe.events`
    const events = ids.map((row) => row.inboxId)
    expect((await enroll(world.app, { events, again: true }, world.parts)).applied).toBe(1)
    await recordChanges(world.app, { events, again: true }, world.parts)
    expect([
      await world.history('cus_1'),
      await world.app`select * from billing.subscription_changes`,
    ]).toEqual(before)
  })

  test('one change under two event ids moves once, and the twin’s rows are marked, whichever came first', async () => {
    for (const swapped of [false, true]) {
      world = await newWorld()
      const twins = ['evt_a', 'evt_b'].map((id) =>
        updated(item(PRICES.standard), item(PRICES.pro), { id, created: T + 100, request: 'req_same' }),
      )
      if (swapped) twins.reverse()
      await world.deliver(created(item(PRICES.standard), { created: T }))
      for (const twin of twins) await world.deliver(twin)
      expect(await world.tier('cus_1')).toBe('pro')
      const rows =
        await world.app`select event_id, duplicate_of from billing.subscription_changes where change_kind = 'price' order by 1`
      expect(rows).toEqual([
        { eventId: 'evt_a', duplicateOf: null },
        { eventId: 'evt_b', duplicateOf: 'evt_a' },
      ])
      if (!swapped) await world.close()
    }
  })

  test('what was deleted never comes back, whatever arrives later', async () => {
    world = await newWorld()
    await world.deliver(deleted(item(PRICES.pro), { created: T + 500 }))
    await world.deliver(updated(item(PRICES.standard), item(PRICES.pro), { created: T + 600 }))
    await world.deliver(created(item(PRICES.standard), { created: T }))
    expect(await world.tier('cus_1')).toBe('public-tier')
    expect(await world.history('cus_1')).toEqual(['initiate public-tier'])
  })
})

describe('what cannot be understood yet is held, named, and goes on by itself', () => {
  test('a price that nobody mapped holds the last known tier until the catalog knows it', async () => {
    world = await newWorld()
    await world.deliver(created(item(PRICES.pro), { created: T }))
    const change = updated(item(PRICES.pro), item('price_new'), { created: T + 100 })
    await world.deliver(change)
    expect(await world.tier('cus_1')).toBe('pro')
    expect(await world.markers(change.id)).toEqual({
      enrollment: 'waiting price:price_new unmapped_price',
      'subscription-changes': 'done',
    })
    expect(await world.app`select alarm_kind, subject from stripe.alarms`).toEqual([
      { alarmKind: 'unmapped_price', subject: 'price:price_new' },
    ])
    await world.owner`with p as (insert into billing.prices (product_id) select product_id from billing.products where product_key = 'standard' returning price_id)
      insert into stripe.prices (stripe_price_id, price_id) select 'price_new', price_id from p`
    await world.app.begin((tx) => wake(tx, ['price:price_new']))
    await world.takeUpWhatIsDue()
    expect(await world.tier('cus_1')).toBe('standard')
    expect(await world.markers(change.id)).toMatchObject({ enrollment: 'done' })
    expect(
      (
        await world.app`select cause_id from entitlements.pool_provision_transitions where transition_type = 'downgrade'`
      )[0],
    ).toEqual({
      causeId: change.id,
    })
  })

  test('a customer of nobody waits for a checkout that says whose it is', async () => {
    world = await newWorld({ autoProvision: null })
    await world.owner`insert into organization.organizations (tenant_id, org_type_id, organization_key, name)
      select tenant_id, org_type_id, 'acme', 'Acme' from organization.tenants, organization.org_types`
    await world.owner`insert into billing.accounts (account_id, tenant_id) select organization_id, tenant_id from organization.organizations`
    await world.owner`insert into entitlements.resource_pools (tenant_id, organization_id) select tenant_id, organization_id from organization.organizations`
    const first = created(item(PRICES.pro), { created: T })
    await world.deliver(first)
    expect(await world.markers(first.id)).toEqual({
      enrollment: 'waiting customer:cus_1 unknown_customer',
      'subscription-changes': 'waiting customer:cus_1 unknown_customer',
    })
    await world.deliver(
      event('checkout.session.completed', {
        id: 'cs_1',
        object: 'checkout.session',
        customer: 'cus_1',
        client_reference_id: 'acme',
      }),
    )
    await world.takeUpWhatIsDue()
    expect(await world.tier('cus_1')).toBe('pro')
    expect(await world.markers(first.id)).toEqual({ enrollment: 'done', 'subscription-changes': 'done' })
  })

  test('a reference that only an answer of Stripe’s tells becomes the key of the organization that was created without one', async () => {
    world = await newWorld()
    await world.deliver(created({}, { created: T }))
    expect(await world.app`select organization_key from organization.organizations`).toEqual([
      { organizationKey: null },
    ])
    // No event of the customer's second subscription ever came.
    const told = subscription({
      id: 'sub_2',
      items: [['si_2', PRICES.gold]],
      metadata: { organization: 'acme' },
    })
    const state = subscriptionStateOf(told) as SubscriptionState
    await keepListed(world.app, [{ state, date: T + 100, elapsed: 0 }])
    await enroll(world.app, { events: [], subscriptions: ['sub_2'], fetched: ['sub_2'] }, world.parts)
    expect(await world.app`select organization_key from organization.organizations`).toEqual([
      { organizationKey: 'acme' },
    ])
    expect(await world.tier('cus_1', 'support')).toBe('gold')
  })

  test('a status never seen holds the tier and alarms; the next one that is known settles it', async () => {
    world = await newWorld()
    await world.deliver(created({}, { created: T }))
    const odd = updated({ status: 'active' }, { status: 'meditating' }, { created: T + 100 })
    await world.deliver(odd)
    expect(await world.tier('cus_1')).toBe('standard')
    expect(await world.markers(odd.id)).toMatchObject({
      enrollment: 'waiting status:meditating unknown_status',
    })
    await world.deliver(updated({ status: 'meditating' }, { status: 'active' }, { created: T + 200 }))
    expect(await world.markers(odd.id)).toMatchObject({ enrollment: 'done' })
  })

  test('parked work of one subscription never holds up another’s in the same batch', async () => {
    world = await newWorld()
    await world.deliver(
      created({ id: 'sub_1', customer: 'cus_1', items: [['si_1', 'price_new']] }, { created: T }),
      created({ id: 'sub_2', customer: 'cus_2', items: [['si_2', PRICES.pro]] }, { created: T }),
    )
    expect([await world.tier('cus_1'), await world.tier('cus_2')]).toEqual(['public-tier', 'pro'])
  })
})

describe('a hole in the trail', () => {
  /** created standard … [standard → pro is missing] … pro → both */
  const beginning = () => created(item(PRICES.standard), { created: T })
  const missing = () => updated(item(PRICES.standard), item(PRICES.pro), { created: T + 100 })
  const ending = (price: string) => updated(item(PRICES.pro), item(price), { created: T + 200 })

  test('what lies behind it counts upward at once, and a lower tier waits', async () => {
    world = await newWorld()
    await world.deliver(beginning(), ending(PRICES.both))
    expect(await world.tier('cus_1')).toBe('both')
    await world.close()
    world = await newWorld()
    const lower = updated(item(PRICES.pro), item(PRICES.seats), { created: T + 200 })
    await world.deliver(beginning(), lower)
    expect(await world.tier('cus_1')).toBe('standard')
    expect(await world.markers(lower.id)).toMatchObject({ enrollment: 'waiting trail:sub_1 does_not_join' })
  })

  test('a straggler closes it, and everything that waited is done', async () => {
    world = await newWorld()
    const lower = updated(item(PRICES.pro), item(PRICES.standard, 2), { created: T + 200 })
    await world.deliver(beginning())
    await world.deliver(lower)
    await world.deliver(missing())
    expect(await world.tier('cus_1')).toBe('standard')
    expect(await world.markers(lower.id)).toMatchObject({ enrollment: 'done' })
    expect(await world.app`select unresolved, hole_seen_at, resolve_at from stripe.subscriptions`).toEqual([
      { unresolved: null, holeSeenAt: null, resolveAt: null },
    ])
  })

  test('without a key the last known tier is held and shown as unresolved, and looked at again in ten minutes', async () => {
    world = await newWorld()
    const start = new Date()
    await world.deliver(beginning(), updated(item(PRICES.pro), item(PRICES.seats), { created: T + 200 }))
    const later = new Date(start.getTime() + 11_000)
    world.parts.now = () => later
    await world.takeUpWhatIsDue()
    expect(await world.tier('cus_1')).toBe('standard')
    expect(await world.app`select unresolved, resolve_at from stripe.subscriptions`).toEqual([
      { unresolved: 'does_not_join', resolveAt: new Date(world.parts.now().getTime() + 600_000) },
    ])
  })

  test('with a key Stripe is asked once its grace is over, and not before; a straggler then changes nothing', async () => {
    const asked: string[] = []
    const truth = subscriptionStateOf(subscription(item(PRICES.standard)))
    world = await newWorld({
      stripe: {
        async subscription(id): Promise<ApiAnswer> {
          asked.push(id)
          if ('unreadable' in truth) throw new Error(truth.unreadable)
          return { kind: 'found', state: truth, date: T + 5000, elapsed: 0.1 }
        },
      },
    })
    const start = new Date()
    await world.deliver(beginning(), ending(PRICES.both))
    await world.look('sub_1')
    expect(asked).toEqual([])
    world.parts.now = () => new Date(start.getTime() + 11_000)
    await world.takeUpWhatIsDue()
    expect(asked).toEqual(['sub_1'])
    expect(await world.tier('cus_1')).toBe('standard')
    expect(
      (
        await world.app`select cause_kind from entitlements.pool_provision_transitions order by sequence desc limit 1`
      )[0],
    ).toEqual({
      causeKind: 'fetch',
    })
    await world.deliver(missing())
    expect(await world.tier('cus_1')).toBe('standard')
  })

  test.each([
    ['404', { kind: 'missing' }, 'not at Stripe'],
    ['no answer', { kind: 'failed', why: 'timeout' }, 'Stripe did not answer: timeout'],
  ] as const)(
    '%s from Stripe is never an end: the tier is held, it is shown, and tried again later',
    async (_, answer, unresolved) => {
      world = await newWorld({ stripe: { subscription: async () => answer } })
      const start = new Date()
      await world.deliver(beginning(), ending(PRICES.both))
      world.parts.now = () => new Date(start.getTime() + 11_000)
      await world.takeUpWhatIsDue()
      expect(await world.tier('cus_1')).toBe('both')
      const [row] = await world.app<{ unresolved: string; resolveAt: Date; fetchAttempts: number }[]>`
      select unresolved, resolve_at, fetch_attempts from stripe.subscriptions`
      expect(row).toMatchObject({ unresolved, fetchAttempts: 1 })
      expect(row!.resolveAt.getTime()).toBeGreaterThan(world.parts.now().getTime())
    },
  )

  test('a list of which Stripe sent the first part is fetched whole, and then followed', async () => {
    const whole = subscriptionStateOf(
      subscription({
        items: [
          ['si_1', PRICES.standard],
          ['si_2', PRICES.gold],
        ],
      }),
    )
    world = await newWorld({
      stripe: {
        subscription: async () => ({ kind: 'found', state: whole as never, date: T + 60, elapsed: 0.1 }),
      },
    })
    await world.deliver(created({ items: [['si_1', PRICES.standard]], hasMore: true }, { created: T }))
    expect(await world.tier('cus_1', 'support')).toBeNull()
    await world.takeUpWhatIsDue()
    expect([await world.tier('cus_1'), await world.tier('cus_1', 'support')]).toEqual(['standard', 'gold'])
  })
})
