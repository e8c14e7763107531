import { afterEach, beforeEach, expect, test } from 'vitest'
import { putTiers } from '../../../src/billing/put-tiers.ts'
import type { Tx } from '../../../src/db/types.ts'
import { expireDueGrants } from '../../../src/entitlements/expire-grants.ts'
import { extendGrant } from '../../../src/entitlements/extend-grant.ts'
import { issueGrant } from '../../../src/entitlements/issue-grant.ts'
import { getDefaultPool } from '../../../src/entitlements/tiers.ts'
import { changeCatalog } from '../../../src/stripe/catalog/change-catalog.ts'
import { createPriceMeanings } from '../../../src/stripe/catalog/price-meanings.ts'
import { recordChanges } from '../../../src/stripe/changes/record-changes.ts'
import { transferCustomers } from '../../../src/stripe/customers/transfer-customers.ts'
import { enroll } from '../../../src/stripe/enrollment/enroll.ts'
import { subscriptionStateOf } from '../../../src/stripe/event/subscription-state.ts'
import { parkFailedWrites } from '../../../src/stripe/inbox/event-writes.ts'
import { checkRebuild } from '../../../src/stripe/rebuild/check-rebuild.ts'
import { findDifferences } from '../../../src/stripe/rebuild/find-differences.ts'
import { lookAgain, suspects } from '../../../src/stripe/rebuild/look-again.ts'
import { rebuildPlaces } from '../../../src/stripe/rebuild/rebuild-places.ts'
import { rebuildSubscriptions } from '../../../src/stripe/rebuild/rebuild-subscriptions.ts'
import { createShadow } from '../../../src/stripe/rebuild/shadow-schema.ts'
import { event, newWorld, PRICES, subscription, type World } from '../../support/world.ts'

let world: World
beforeEach(async () => {
  world = await newWorld()
})
afterEach(() => world.close())

const rebuilt = () => checkRebuild(world.owner, { onProgress: () => {}, patienceMs: 0 })
const ada = { type: 'operator', id: 'key_1', name: 'Ada' }

let clock = Math.floor(Date.now() / 1000) - 100_000
const later = (seconds = 60) => {
  clock += seconds
  return clock
}
const items = (sketch: Parameters<typeof subscription>[0]) =>
  (subscription(sketch) as { items: { data: object[] } }).items
const created = (sketch: Parameters<typeof subscription>[0] = {}) =>
  event('customer.subscription.created', subscription(sketch), { created: later() })
const updated = (
  from: Parameters<typeof subscription>[0],
  to: Parameters<typeof subscription>[0],
  more: { created?: number } = {},
) =>
  event('customer.subscription.updated', subscription(to), {
    created: later(),
    previous: { items: items(from) },
    ...more,
  })

async function organizationOf(customer: string) {
  const [row] = await world.owner<{ tenantId: string; organizationId: string }[]>`
    select tenant_id, organization_id from stripe.customers join organization.organizations using (organization_id)
    where stripe_customer_id = ${customer}`
  return row!
}
async function poolOf(customer: string): Promise<string> {
  const { organizationId } = await organizationOf(customer)
  const pool = await getDefaultPool(world.owner, organizationId)
  return pool!.poolId
}
const of = (price: string): { items: [string, string][] } => ({ items: [['si_1', price]] })

test('two subscriptions and a grant for one tier: whoever holds it, and whenever it came, is no difference', async () => {
  await world.deliver(created({ id: 'sub_a', ...of(PRICES.pro) }))
  await world.deliver(created({ id: 'sub_b', items: [['si_2', PRICES.pro]] }))
  const held = async () =>
    (
      await world.owner`select subscription_id, grant_id from entitlements.pool_provisions where ended_at is null`
    )[0]
  const first = await held()
  expect((await rebuilt()).differences).toEqual([])
  // The other order of the same two: the other one holds, and that is right as well.
  const other = await world.owner`
    update entitlements.pool_provisions set subscription_id = (
      select subscription_id from entitlements.subscription_claims where subscription_id <> ${first!.subscriptionId}
    ) where ended_at is null and subscription_id = ${first!.subscriptionId}`
  expect(other.count).toBe(1)
  expect((await rebuilt()).differences).toEqual([])
  // An operator carries the tier on by a grant: the newest decision at the tie.
  const paying = await organizationOf('cus_1')
  await world.app.begin((tx) => extendGrant(tx, { ...paying, ladder: 'core', reason: 'agreed', actor: ada }))
  expect(await held()).toMatchObject({ subscriptionId: null })
  expect((await rebuilt()).differences).toEqual([])
  await world.deliver(created({ id: 'sub_c', customer: 'cus_2', items: [['si_3', PRICES.standard]] }))
  const organization = await organizationOf('cus_2')
  await world.app.begin((tx) =>
    issueGrant(tx, { ...organization, product: 'pro', reason: 'agreed', actor: ada }),
  )
  await world.deliver(
    updated(
      { items: [['si_3', PRICES.standard]] },
      { id: 'sub_c', customer: 'cus_2', items: [['si_3', PRICES.pro]] },
    ),
  )
  expect((await rebuilt()).differences).toEqual([])
})

test('one that holds a place and claims it no more is a difference, though the tier is right', async () => {
  await world.deliver(created({ id: 'sub_a', ...of(PRICES.pro) }))
  const organization = await organizationOf('cus_1')
  await world.owner`
    insert into entitlements.grants (tenant_id, organization_id, pool_id, product_id, grant_reason, reason, actor_type, closed_at, closed_reason)
    select tenant_id, organization_id, pool_id, (select product_id from billing.products where product_key = 'pro'), 'manual', 'agreed', 'operator', now(), 'revoked'
    from entitlements.resource_pools where organization_id = ${organization.organizationId}`
  await world.owner`
    update entitlements.pool_provisions v set subscription_id = null,
      grant_id = (select grant_id from entitlements.grants g where g.pool_id = v.pool_id and g.grant_reason = 'manual')
    where ended_at is null`
  const { differences } = await rebuilt()
  expect(differences).toMatchObject([
    {
      what: 'place',
      ladder: 'core',
      stands: expect.stringMatching(/^pro \(rank 2\), active, held by grant /),
      rebuilt: 'pro (rank 2), active, held by subscription sub_a',
      why: expect.stringContaining('sub_a is active by evt_'),
    },
  ])
})

test('what waits for a price is held: only that is compared, and a settled one in its place is named', async () => {
  await world.deliver(created(of(PRICES.standard)))
  await world.deliver(updated(of(PRICES.standard), of('price_unmapped')))
  expect(await rebuilt()).toMatchObject({ differing: 0, held: [{ reason: 'unmapped_price', count: 1 }] })
  await world.owner`update stripe.subscriptions set unresolved = null`
  await world.owner`update stripe.event_writes set state = 'done', waiting_on = null, reason = null where write = 'enrollment'`
  expect((await rebuilt()).differences).toMatchObject([
    {
      what: 'held',
      subscription: 'sub_1',
      rebuilt: 'held: unmapped_price',
      why: expect.stringContaining('leaves it open'),
    },
  ])
})

test('a hole without anybody to ask is held at the last known tier; that is no difference, on either side of it', async () => {
  await world.deliver(created(of(PRICES.pro)))
  const lost = updated(of(PRICES.pro), of(PRICES.standard))
  await world.deliver(updated({ items: [['si_1', PRICES.both]] }, of(PRICES.standard)))
  expect(await rebuilt()).toMatchObject({ differing: 0, held: [{ reason: 'does_not_join', count: 1 }] })
  expect(await world.tier('cus_1')).toBe('pro')
  expect(lost.id).toMatch(/^evt_/)
})

test('what Stripe answered belongs to the record: a tier that only a fetch told is rebuilt', async () => {
  await world.close()
  const state = subscriptionStateOf(subscription(of(PRICES.pro)))
  if ('unreadable' in state) throw new Error(state.unreadable)
  world = await newWorld({
    stripe: {
      subscription: async () => ({ kind: 'found', state, date: Math.floor(Date.now() / 1000), elapsed: 0 }),
    },
  })
  await world.deliver(created(of(PRICES.standard)))
  await world.deliver(updated({ items: [['si_1', PRICES.both]] }, of(PRICES.standard)))
  world.parts.now = () => new Date(Date.now() + 30_000)
  await world.takeUpWhatIsDue()
  expect(await world.tier('cus_1')).toBe('pro')
  expect(await rebuilt()).toMatchObject({ differing: 0, held: [] })
  await world.owner`delete from stripe.fetches`
  expect((await rebuilt()).held).toMatchObject([{ count: 1 }])
})

test('a rank that was changed moves nobody, and is no difference until the pool is settled again', async () => {
  const twoItems = {
    items: [
      ['si_1', PRICES.standard],
      ['si_2', PRICES.pro],
    ] as [string, string][],
  }
  await world.deliver(created(twoItems))
  await world.deliver(created({ id: 'sub_2', items: [['si_3', PRICES.standard]] }))
  await changeCatalog(world.app, (tx) =>
    putTiers(tx, 'core', [
      { product: 'standard', rank: 2 },
      { product: 'pro', rank: 1 },
    ]),
  )
  expect(await world.tier('cus_1')).toBe('pro')
  expect((await rebuilt()).differences).toEqual([])
  // But nobody stands on what nobody claims, whatever the ranks were.
  await world.owner`
    update entitlements.pool_provisions set product_id = (select product_id from billing.products where product_key = 'both')
    where ended_at is null`
  expect((await rebuilt()).differences).toMatchObject([
    { what: 'place', stands: expect.stringContaining('both') },
  ])
})

test('a swap of items is read as it was when its price was not mapped yet', async () => {
  await world.owner`delete from stripe.prices where stripe_price_id = 'price_gold'`
  const [from, to] = [of(PRICES.pro), { items: [['si_9', PRICES.gold]] as [string, string][] }]
  await world.deliver(created(from))
  await world.deliver(updated(from, to))
  const kinds = () =>
    world.owner`select change_kind as kind from billing.subscription_changes order by recorded_at, 1`
  expect(await kinds()).toEqual([{ kind: 'created' }, { kind: 'price' }])
  await world.owner`
    with made as (
      insert into billing.prices (product_id) select product_id from billing.products where product_key = 'gold' returning price_id
    )
    insert into stripe.prices (stripe_price_id, price_id) select 'price_gold', price_id from made`
  await world.owner`update stripe.event_writes set due_at = now() where state = 'waiting'`
  await world.takeUpWhatIsDue()
  expect((await rebuilt()).differences).toEqual([])
})

test('after customers were transferred their subscriptions are rebuilt where they belong now', async () => {
  await world.deliver(
    created({
      items: [
        ['si_1', PRICES.pro],
        ['si_2', PRICES.seats],
      ],
    }),
  )
  await world.deliver(created({ id: 'sub_2', customer: 'cus_2', items: [['si_3', PRICES.standard]] }))
  const [from, to] = [await organizationOf('cus_1'), await organizationOf('cus_2')]
  await transferCustomers(world.app, {
    tenantId: from.tenantId,
    fromOrganizationId: from.organizationId,
    toOrganizationId: to.organizationId,
    reason: 'merged',
    actor: ada,
  })
  expect((await rebuilt()).differences).toEqual([])
})

test('a default that lost its place is missed; the product on two ladders and the add-on beside them are not', async () => {
  await world.deliver(
    created({
      items: [
        ['si_1', PRICES.both],
        ['si_2', PRICES.seats],
      ],
    }),
  )
  await world.deliver(
    event('customer.subscription.deleted', subscription({ ...of(PRICES.both), status: 'canceled' }), {
      created: later(),
    }),
  )
  expect(await world.tier('cus_1')).toBe('public-tier')
  expect((await rebuilt()).differences).toEqual([])
  await world.owner`update entitlements.pool_provisions set status = 'ended', ended_at = greatest(clock_timestamp(), activated_at) where ended_at is null`
  expect((await rebuilt()).differences).toMatchObject([
    {
      what: 'place',
      ladder: 'core',
      stands: null,
      rebuilt: expect.stringContaining('held by the default grant'),
    },
  ])
})

test('events that nobody has taken up, and an end that has just come, are work under way and no difference', async () => {
  await world.deliver(created(of(PRICES.standard)))
  const ids = await world.store(updated(of(PRICES.standard), of(PRICES.pro)))
  expect(await rebuilt()).toMatchObject({ differing: 0, underWay: [expect.any(String)], differences: [] })
  await enroll(world.app, { events: ids.enrollment }, world.parts)
  expect(await rebuilt()).toMatchObject({ differing: 0, underWay: [expect.any(String)] })
  await recordChanges(world.app, { events: ids.changes }, world.parts)
  expect(await rebuilt()).toMatchObject({ differing: 0, underWay: [] })

  const organization = await organizationOf('cus_1')
  await world.app.begin((tx) =>
    issueGrant(tx, {
      ...organization,
      product: 'both',
      reason: 'agreed',
      actor: ada,
      validUntil: new Date(Date.now() + 60_000),
    }),
  )
  await world.owner`update entitlements.grants set valid_until = now() - interval '1 second' where grant_reason = 'trial'`
  expect(await rebuilt()).toMatchObject({ differing: 0, underWay: [expect.any(String)] })
  await expireDueGrants(world.app, new Date())
  expect(await rebuilt()).toMatchObject({ differing: 0, underWay: [] })
})

test('a write whose tries are used up is a difference, and the reason says where to look', async () => {
  await world.deliver(created(of(PRICES.standard)))
  const told = updated(of(PRICES.standard), of(PRICES.pro))
  const ids = await world.store(told)
  await parkFailedWrites(world.app, 'enrollment', ids.enrollment, new Error('broken'))
  await parkFailedWrites(world.app, 'subscription-changes', ids.changes, new Error('broken'))
  const { differences } = await rebuilt()
  expect(differences.map(({ what }) => what).sort()).toEqual(['change', 'claim', 'place'])
  for (const { why } of differences)
    expect(why).toContain(`${told.id} is parked: see stepladder replay failed`)
})

test('what moves while it is being rebuilt is looked at again as of one moment, and told as it is', async () => {
  const at = (n: number, price: string) => ({ id: `sub_${n}`, customer: `cus_${n}`, ...of(price) })
  for (const n of [1, 2, 3]) await world.deliver(created(at(n, PRICES.standard)))
  const [organizations, meanings] = [
    await Promise.all([1, 2, 3].map((n) => poolOf(`cus_${n}`))),
    createPriceMeanings(),
  ]
  const step = (work: (tx: Tx) => Promise<unknown>) =>
    world.owner.begin('isolation level repeatable read', work)
  await createShadow(world.owner)
  await step((tx) => rebuildSubscriptions(tx, ['sub_1', 'sub_2', 'sub_3'], meanings))
  await world.deliver(updated(at(2, PRICES.standard), at(2, PRICES.pro)))
  await step((tx) => rebuildPlaces(tx, organizations))
  await world.deliver(updated(at(3, PRICES.standard), at(3, PRICES.pro)))
  await step((tx) => findDifferences(tx, null))
  const found = await suspects(world.owner)
  expect(found.map(({ poolId }) => poolId).sort()).toEqual(organizations.slice(1).sort())
  expect(await lookAgain(world.owner, found, meanings)).toEqual({ differing: [], open: [] })
  expect(await suspects(world.owner)).toEqual([])
  expect(await rebuilt()).toMatchObject({ differing: 0, underWay: [] })
})

test('one who belongs to nobody has nothing, and that is what stands', async () => {
  await world.close()
  world = await newWorld({ autoProvision: null })
  await world.deliver(created(of(PRICES.standard)))
  expect(await rebuilt()).toMatchObject({ differing: 0, homeless: 1, subscriptions: 1, changes: 0 })
})
