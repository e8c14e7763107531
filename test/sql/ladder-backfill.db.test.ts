import { afterEach, beforeEach, expect, test } from 'vitest'
import { migrate } from '../../src/db/migrate.ts'
import { verifyAudit } from '../../src/entitlements/verify-chain.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
beforeEach(async () => {
  db = await testDatabase({ migrated: false })
  await migrate(db.owner, { to: '0008' })
})
afterEach(() => db.close())

/** As such a database looked before there were ladders: a default product on the org type, provisions through sets. */
async function populate(organizations: number) {
  const sql = db.owner
  await sql`insert into billing.products (product_key, name, product_type, lifecycle_status) values
    ('public-tier', 'Public Tier', null, 'published'), ('extra', 'Extra', 'addon', 'published'), ('other', 'Other', null, 'published')`
  await sql`insert into entitlements.entitlement_sets (set_key, product_id)
    select k.set_key, p.product_id from (values ('public', 'public-tier'), ('public-too', 'public-tier'), ('extra', 'extra'), ('other', 'other'))
      as k (set_key, product_key) join billing.products p using (product_key)`
  await sql`insert into organization.org_types (org_type_key, name, default_product_id)
    select k, k, (select product_id from billing.products where product_key = d)
      from (values ('coop', 'public-tier'), ('odd', 'other'), ('none', null)) as t (k, d)`
  await sql`insert into organization.organizations (tenant_id, org_type_id, organization_key, name)
    select t.tenant_id, y.org_type_id, 'o' || n, 'Organization ' || n
      from organization.tenants t, organization.org_types y, generate_series(1, ${organizations}) n where y.org_type_key = 'coop'`
  await sql`insert into entitlements.resource_pools (tenant_id, organization_id) select tenant_id, organization_id from organization.organizations`
}

async function provide(key: string, set: string, reason: string, status = 'active') {
  await db.owner`
    with pool as (
      select p.* from entitlements.resource_pools p join organization.organizations o using (organization_id)
       where o.organization_key = ${key}
    ), given as (
      insert into entitlements.grants (tenant_id, organization_id, pool_id, product_id, grant_reason, actor_type)
      select tenant_id, organization_id, pool_id, (select product_id from entitlements.entitlement_sets where set_key = ${set}), ${reason}, 'system'
        from pool returning grant_id, pool_id, tenant_id, product_id
    )
    insert into entitlements.pool_provisions (tenant_id, pool_id, entitlement_set_id, product_id, grant_id, status, ended_at)
    select tenant_id, pool_id, (select entitlement_set_id from entitlements.entitlement_sets where set_key = ${set}), product_id,
           grant_id, ${status}, case when ${status} = 'ended' then clock_timestamp() + interval '1 s' end
      from given`
}

test('R20 migrating an empty database leaves the ladder core with Public Tier at rank 0, published and without a type', async () => {
  await migrate(db.owner)
  const tiers = await db.app`
    select l.ladder_key, l.is_active, p.product_key, p.name, p.product_type, p.lifecycle_status, t.rank
      from billing.plan_ladders l join billing.plan_ladder_tiers t using (plan_ladder_id) join billing.products p using (product_id)`
  expect(tiers).toEqual([
    {
      ladderKey: 'core',
      isActive: true,
      productKey: 'public-tier',
      name: 'Public Tier',
      productType: null,
      lifecycleStatus: 'published',
      rank: 0,
    },
  ])
})

test('R20 R21 migrating a populated one gives each holder of Public Tier by default its place and one row of history', async () => {
  await populate(10)
  for (const n of [1, 2, 3, 4]) await provide(`o${n}`, n === 2 ? 'public-too' : 'public', 'default')
  // Noise: given by an operator, ended, another product, an add-on, two of the same in one pool.
  await provide('o5', 'public', 'manual')
  await provide('o6', 'public', 'default', 'ended')
  await provide('o7', 'other', 'default')
  await provide('o1', 'extra', 'manual')
  await provide('o4', 'public', 'default')

  await migrate(db.owner)

  const attached = await db.app<{ key: string }[]>`
    select o.organization_key as key from entitlements.pool_provision_ladders a
      join entitlements.resource_pools p using (pool_id) join organization.organizations o using (organization_id)
      join billing.plan_ladders l on l.plan_ladder_id = a.plan_ladder_id and l.ladder_key = 'core' order by 1`
  expect(attached.map(({ key }) => key)).toEqual(['o1', 'o2', 'o3', 'o4'])
  const told = await db.app`
    select distinct transition_type, actor_type, reason, sequence, from_rank, to_rank, from_provision_id
      from entitlements.pool_provision_transitions`
  expect(told).toEqual([
    {
      transitionType: 'initiate',
      actorType: 'system',
      reason: 'M6 ladder backfill',
      sequence: 1,
      fromRank: null,
      toRank: 0,
      fromProvisionId: null,
    },
  ])
  expect(await verifyAudit(db.app)).toEqual({ checked: 4, violations: [] })
})

test('R34 an org type follows its default product to the ladder on which that is rank 0; another default is left empty', async () => {
  await populate(0)
  await migrate(db.owner, { to: '0009' })
  await db.owner`
    insert into billing.plan_ladder_tiers (plan_ladder_id, product_id, rank)
    select plan_ladder_id, product_id, 1 from billing.plan_ladders, billing.products where product_key = 'other'`
  await migrate(db.owner)
  const types = await db.app`
    select y.org_type_key, l.ladder_key from organization.org_types y
      left join billing.plan_ladders l on l.plan_ladder_id = y.default_plan_ladder_id order by 1`
  expect(types).toEqual([
    { orgTypeKey: 'coop', ladderKey: 'core' },
    { orgTypeKey: 'none', ladderKey: null },
    { orgTypeKey: 'odd', ladderKey: null },
  ])
  const [column] = await db.app`
    select count(*) as left from information_schema.columns where column_name = 'default_product_id'`
  expect(column).toEqual({ left: 0 })
})
