import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Life } from '../../../src/simulator/life.ts'
import { trueTier } from '../../../src/simulator/snapshot.ts'
import { checkRebuild, type RebuildReport } from '../../../src/stripe/rebuild/check-rebuild.ts'
import { type PlayedWorld, playedWorld } from './played-world.ts'

let world: PlayedWorld
/** One life on each tier, none of them given anything. */
let payer: Life
let poor: Life
let seats: Life
beforeAll(async () => {
  world = await playedWorld(150, 11)
  const on = (tier: string) => world.lives.filter(({ truth }) => trueTier(truth) === tier)
  payer = on('pro')[0]!
  poor = on('public-tier')[0]!
  // Granted beside what is paid for, above it, below it, with an end; and lowered by an operator.
  await world.give(on('public-tier')[1]!.customer, 'pro')
  await world.give(on('public-tier')[2]!.customer, 'standard', new Date(Date.now() + 86_400_000))
  await world.give(on('standard')[1]!.customer, 'pro')
  await world.give(on('pro')[1]!.customer, 'standard')
  await world.atMost(on('pro')[2]!.customer, 'standard')
  await world.atMost(on('standard')[2]!.customer, 'public-tier')
  const [held] = await world.owner<{ subscription: string }[]>`
    select stripe_subscription_id as subscription
    from entitlements.pool_provisions v join billing.products using (product_id) join stripe.subscriptions using (subscription_id)
    where product_key = 'extra-seats' and ended_at is null order by 1 limit 1`
  seats = world.lives.find(({ subscription }) => subscription === held!.subscription)!
})
afterAll(() => world.close())

const rebuilt = (): Promise<RebuildReport> =>
  checkRebuild(world.owner, { onProgress: () => {}, patienceMs: 0 })
const shadows = () => world.owner`select from pg_namespace where nspname = 'rebuild'`

test('what was worked off out of order, with grants and ceilings, is what the record says: no difference', async () => {
  const report = await rebuilt()
  expect(report.differences).toEqual([])
  const { subscriptions, pools, differing, held, homeless, underWay } = report
  expect({ subscriptions, pools, differing, held, homeless, underWay }).toEqual({
    subscriptions: 150,
    pools: 150,
    differing: 0,
    held: [],
    homeless: 0,
    underWay: [],
  })
  expect(report.events).toBe(world.lives.flatMap(({ events }) => events).length)
  expect(report.changes).toBeGreaterThan(300)
  expect(await shadows()).toHaveLength(0)
})

describe('a wrong row that somebody planted is found and named', () => {
  /** What is planted, and how it is taken back: both in SQL, as the owner, for the one subscription. */
  type Plant = {
    life: () => Life
    plant: (id: string) => Promise<unknown>
    back: (id: string) => Promise<unknown>
  }
  const product = (key: string) =>
    world.owner`(select product_id from billing.products where product_key = ${key})`
  const place = (id: string) => world.owner`subscription_id = ${id} and ended_at is null
    and exists (select from entitlements.pool_provision_ladders a where a.provision_id = v.provision_id)`
  const addon = (id: string) =>
    world.owner`subscription_id = ${id} and product_id = ${product('extra-seats')}`

  const plants: Record<string, Plant & { found: RegExp[] }> = {
    'the rank of a place': {
      life: () => payer,
      plant: (id) =>
        world.owner`update entitlements.pool_provisions v set product_id = ${product('standard')} where ${place(id)}`,
      back: (id) =>
        world.owner`update entitlements.pool_provisions v set product_id = ${product('pro')} where ${place(id)}`,
      found: [/^place core: standard \(rank 1\), \w+, held by subscription sub_\S+ ≠ pro \(rank 2\), /],
    },
    'the status beside a place': {
      life: () => payer,
      plant: (id) =>
        world.owner`update entitlements.pool_provisions v set status = 'unpaid' where ${place(id)}`,
      back: (id) => world.owner`
        update entitlements.pool_provisions v set status = c.status
        from entitlements.subscription_claims c where c.subscription_id = ${id} and v.${place(id)}`,
      found: [/^place core: pro \(rank 2\), unpaid, .* ≠ pro \(rank 2\), /],
    },
    'a place that is gone': {
      life: () => payer,
      plant: (id) => world.owner`
        update entitlements.pool_provisions v set status = 'ended', ended_at = activated_at + interval '1 hour' where ${place(id)}`,
      back: (id) => world.owner`
        update entitlements.pool_provisions v set status = c.status, ended_at = null from entitlements.subscription_claims c
        where c.subscription_id = ${id} and v.subscription_id = ${id} and v.ended_at = activated_at + interval '1 hour'`,
      found: [/^place core: nothing ≠ pro \(rank 2\), /],
    },
    'the quantity of an add-on': {
      life: () => seats,
      plant: (id) =>
        world.owner`update entitlements.pool_provisions set quantity = quantity + 7 where ${addon(id)} and ended_at is null`,
      back: (id) =>
        world.owner`update entitlements.pool_provisions set quantity = quantity - 7 where ${addon(id)} and ended_at is null`,
      found: [/^addon extra-seats: \d+, \w+ ≠ \d+, \w+$/],
    },
    'a claim that is missing': {
      life: () => payer,
      plant: async (id) => {
        await world.owner`create table public.kept as select * from entitlements.subscription_claims where subscription_id = ${id}`
        await world.owner`delete from entitlements.subscription_claims where subscription_id = ${id}`
      },
      back: async () => {
        await world.owner`insert into entitlements.subscription_claims select * from public.kept`
        await world.owner`drop table public.kept`
      },
      found: [/^claim core: nothing ≠ pro, \w+$/],
    },
    'a claim of what has ended': {
      life: () => poor,
      plant: (id) => world.owner`
        insert into entitlements.subscription_claims (subscription_id, plan_ladder_id, pool_id, tenant_id, product_id, status)
        select b.subscription_id, l.plan_ladder_id, p.pool_id, p.tenant_id, ${product('pro')}, 'active'
        from billing.subscriptions b join entitlements.resource_pools p on p.organization_id = b.account_id
        join billing.plan_ladders l on l.ladder_key = 'core' where b.subscription_id = ${id}`,
      back: (id) => world.owner`delete from entitlements.subscription_claims where subscription_id = ${id}`,
      found: [/^claim core: pro, active ≠ nothing$/],
    },
    'a change row that was deleted': {
      life: () => payer,
      plant: async (id) => {
        await world.owner`create table public.kept as select * from billing.subscription_changes where subscription_id = ${id} and change_kind = 'created'`
        await world.owner`delete from billing.subscription_changes where subscription_id = ${id} and change_kind = 'created'`
      },
      back: async () => {
        await world.owner`insert into billing.subscription_changes select * from public.kept`
        await world.owner`drop table public.kept`
      },
      found: [/^change evt_\S+ created: nothing ≠ from – to \{.*\}, 0 → \d+ \w+/],
    },
    'an amount that was altered': {
      life: () => payer,
      plant: (id) =>
        world.owner`update billing.subscription_changes set to_amount = to_amount + 1 where subscription_id = ${id} and change_kind = 'created'`,
      back: (id) =>
        world.owner`update billing.subscription_changes set to_amount = to_amount - 1 where subscription_id = ${id} and change_kind = 'created'`,
      found: [/^change evt_\S+ created: from – to .*, 0 → \d+1 \w+ ≠ .*, 0 → \d+0 \w+/],
    },
    'a change that no event told': {
      life: () => payer,
      plant: (id) => world.owner`
        insert into billing.subscription_changes (tenant_id, account_id, subscription_id, event_id, change_kind, occurred_at)
        select tenant_id, account_id, subscription_id, 'evt_invented', 'trial', now() from billing.subscriptions where subscription_id = ${id}`,
      back: () => world.owner`delete from billing.subscription_changes where event_id = 'evt_invented'`,
      found: [/^change evt_invented trial: from – to – ≠ nothing$/],
    },
  }

  test.each(Object.entries(plants))('%s', async (_, { life, plant, back, found }) => {
    const { subscription, customer } = life()
    const [row] = await world.owner<{ id: string }[]>`
      select subscription_id as id from stripe.subscriptions where stripe_subscription_id = ${subscription}`
    await plant(row!.id)
    const report = await rebuilt()
    await back(row!.id)
    const { organizationId } = await world.organizationOf(customer)
    expect(report.differences.map(({ organization }) => organization)).toEqual(
      report.differences.map(() => organizationId),
    )
    const told = report.differences.map(
      ({ what, ladder, product, change, stands, rebuilt }) =>
        `${what} ${ladder ?? product ?? change}: ${stands ?? 'nothing'} ≠ ${rebuilt ?? 'nothing'}`,
    )
    expect(told).toHaveLength(found.length)
    for (const [at, one] of found.entries()) expect(told[at]).toMatch(one)
    expect(report.differing).toBe(found.length)
    expect(report.differences[0]!.why).toContain(subscription)
  })

  test('and once they are taken back, there is no difference again', async () => {
    expect((await rebuilt()).differences).toEqual([])
  })
})

test('a second rebuild at the same time is refused; what a killed one left is replaced; a schema of somebody else is not touched', async () => {
  await world.owner`create schema rebuild`
  await expect(rebuilt()).rejects.toMatchObject({ code: 'rebuild_schema_taken' })
  await world.owner`comment on schema rebuild is 'The shadow of stepladder rebuild --check; it is dropped when that ends'`
  await world.owner`create table rebuild.subscriptions (left_over text)`
  await world.owner.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(hashtextextended('stepladder.rebuild', 0))`
    await expect(rebuilt()).rejects.toMatchObject({ code: 'rebuild_running' })
  })
  expect(await shadows()).toHaveLength(1)
  expect((await rebuilt()).differing).toBe(0)
  expect(await shadows()).toHaveLength(0)
})
