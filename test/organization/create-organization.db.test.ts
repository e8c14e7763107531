import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { readCatalogFile } from '../../src/billing/catalog-file.ts'
import { reapplyDefaults } from '../../src/entitlements/reapply-defaults.ts'
import { createOrganization, type NewOrganization } from '../../src/organization/create-organization.ts'
import { putOrgTypes, readOrgTypes } from '../../src/organization/org-types.ts'
import { applyCatalog } from '../../src/stripe/catalog/apply-catalog.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
let tenantId: string
beforeAll(async () => {
  db = await testDatabase()
  const [tenant] = await db.app<{ tenantId: string }[]>`select tenant_id from organization.tenants`
  tenantId = tenant!.tenantId
})
afterAll(() => db.close())
beforeEach(() => apply(['public-tier', 'standard']))

function apply(tiers: string[]) {
  const file = {
    version: 1,
    products: [
      { key: 'public-tier', name: 'Public Tier', status: 'published' },
      { key: 'standard', name: 'Standard', status: 'published' },
    ],
    ladders: [{ key: 'core', name: 'Core', tiers }],
    org_types: [
      { key: 'coop', name: 'Co-op', default_ladder: 'core' },
      { key: 'guest', name: 'Guest' },
    ],
  }
  return applyCatalog(db.app, readCatalogFile(file))
}

async function create(type: string, more: Partial<NewOrganization> = {}) {
  const [row] = await db.app<{ orgTypeId: string }[]>`
    select org_type_id from organization.org_types where org_type_key = ${type}
  `
  const organization = { tenantId, orgTypeId: row!.orgTypeId, name: 'Acme', ...more }
  return db.app.begin((tx) => createOrganization(tx, organization, reapplyDefaults))
}

async function placeOf(poolId: string) {
  return db.app`
    select p.product_key as product, l.ladder_key as ladder, g.grant_reason as reason, a.status
    from entitlements.pool_provision_ladders a
    join entitlements.pool_provisions v using (provision_id)
    join entitlements.grants g using (grant_id)
    join billing.products p on p.product_id = v.product_id
    join billing.plan_ladders l on l.plan_ladder_id = a.plan_ladder_id
    where a.pool_id = ${poolId} and a.ended_at is null
  `
}

test('R38: a new organization has its account, its default pool, and a default grant of rank 0 attached to the ladder', async () => {
  const made = await create('coop')
  expect(made).toMatchObject({ tenantId, accountId: made.organizationId, organizationKey: null })
  expect(await placeOf(made.poolId)).toEqual([
    { product: 'public-tier', ladder: 'core', reason: 'default', status: 'active' },
  ])
  expect(
    await db.app`
      select o.name, p.is_default, p.pool_key, a.account_id = o.organization_id as same_account
      from organization.organizations o
      join entitlements.resource_pools p using (organization_id)
      join billing.accounts a on a.account_id = o.organization_id
      where o.organization_id = ${made.organizationId}
    `,
  ).toEqual([{ name: 'Acme', isDefault: true, poolKey: 'default', sameAccount: true }])
  expect(
    await db.app`
      select transition_type, actor_type, reason, cause_kind, cause_id = ${made.organizationId} as caused
      from entitlements.pool_provision_transitions where pool_id = ${made.poolId}
    `,
  ).toEqual([
    {
      transitionType: 'initiate',
      actorType: 'system',
      reason: 'new organization',
      causeKind: 'organization',
      caused: true,
    },
  ])
})

test('R33: rank 0 is looked up when an organization is made: after a swap the next one gets the other product, and nobody else moves (R39)', async () => {
  const before = await create('coop')
  await apply(['standard', 'public-tier'])
  const after = await create('coop')
  expect(await placeOf(after.poolId)).toMatchObject([{ product: 'standard' }])
  expect(await placeOf(before.poolId)).toMatchObject([{ product: 'public-tier' }])
})

test('R35: an org type without a default makes an organization that stands on no ladder', async () => {
  expect(await placeOf((await create('guest')).poolId)).toEqual([])
})

test('R39: another default ladder counts for new organizations only', async () => {
  const before = await create('coop')
  await db.app.begin((tx) => putOrgTypes(tx, [{ key: 'coop', name: 'Co-op', defaultLadder: null }]))
  expect((await readOrgTypes(db.app)).find(({ key }) => key === 'coop')!.defaultLadder).toBeNull()
  expect(await placeOf(before.poolId)).toHaveLength(1)
  expect(await placeOf((await create('coop')).poolId)).toEqual([])
})

test('an organization’s key is its tenant’s once; the second is refused and leaves nothing behind', async () => {
  await create('coop', { organizationKey: 'acme' })
  await expect(create('coop', { organizationKey: 'acme', name: 'Other' })).rejects.toMatchObject({
    code: 'organization_key_taken',
    status: 409,
  })
  expect(await db.app`select from organization.organizations where name = 'Other'`).toHaveLength(0)
})

test('R38: all or nothing: when the default cannot be given, no organization is made', async () => {
  const [row] = await db.app<{ orgTypeId: string }[]>`select org_type_id from organization.org_types limit 1`
  const broken = async () => {
    throw new Error('no default today')
  }
  const organization = { tenantId, orgTypeId: row!.orgTypeId, name: 'Never' }
  await expect(db.app.begin((tx) => createOrganization(tx, organization, broken))).rejects.toThrow(
    'no default',
  )
  expect(await db.app`select from organization.organizations where name = 'Never'`).toHaveLength(0)
})
