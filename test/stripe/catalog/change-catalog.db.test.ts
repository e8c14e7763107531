import { afterAll, beforeAll, expect, test } from 'vitest'
import { holdCatalog } from '../../../src/billing/hold-catalog.ts'
import { removeTier } from '../../../src/billing/put-tiers.ts'
import { issueGrant } from '../../../src/entitlements/issue-grant.ts'
import { reapplyDefaults } from '../../../src/entitlements/reapply-defaults.ts'
import { createOrganization } from '../../../src/organization/create-organization.ts'
import { changeCatalog } from '../../../src/stripe/catalog/change-catalog.ts'
import { mapPrice } from '../../../src/stripe/catalog/map-price.ts'
import { event, newWorld, subscription, type World } from '../../support/world.ts'

let world: World
beforeAll(async () => {
  world = await newWorld()
})
afterAll(() => world.close())

test('a tier does not vanish while somebody is being put on it: the removal waits, and then counts that one', async () => {
  const [row] = await world.app<{ tenantId: string; orgTypeId: string }[]>`
    select tenant_id, org_type_id from organization.tenants, organization.org_types where org_type_key = 'coop'`
  let removal: Promise<unknown> = Promise.resolve()
  await world.app.begin(async (tx) => {
    await holdCatalog(tx)
    const { organizationId } = await createOrganization(tx, { ...row!, name: 'New' }, reapplyDefaults)
    removal = changeCatalog(world.app, (alone) => removeTier(alone, 'core', 'pro')).catch((error) => error)
    await new Promise((resolve) => setTimeout(resolve, 100))
    const actor = { type: 'operator' }
    await issueGrant(tx, { tenantId: row!.tenantId, organizationId, product: 'pro', reason: 'x', actor })
  })
  expect(await removal).toMatchObject({ code: 'tier_in_use', status: 409 })
})

test('what a verb refuses leaves nothing behind', async () => {
  const refused = changeCatalog(world.app, async (tx) => {
    await tx`update billing.products set name = 'Changed' where product_key = 'pro'`
    return removeTier(tx, 'core', 'none')
  })
  await expect(refused).rejects.toMatchObject({ code: 'tier_unknown' })
  expect(await world.app`select from billing.products where name = 'Changed'`).toHaveLength(0)
})

test('a price that is mapped frees who waits for it and takes along who is on it; again, nothing; elsewhere, refused', async () => {
  const of = (price: string) => subscription({ items: [['si_1', price]] })
  await world.deliver(event('customer.subscription.created', of('price_new'), { id: 'evt_new' }))
  expect(await world.markers('evt_new')).toMatchObject({
    enrollment: 'waiting price:price_new unmapped_price',
  })
  const map = (key: string) => changeCatalog(world.app, (tx) => mapPrice(tx, key, 'price_new'))
  await map('pro')
  await world.takeUpWhatIsDue()
  expect(await world.markers('evt_new')).toMatchObject({ enrollment: 'done' })
  expect(await world.tier('cus_1')).toBe('pro')
  const history = await world.history('cus_1')
  await map('pro')
  await expect(map('standard')).rejects.toMatchObject({ code: 'price_mapped', status: 409 })
  await expect(map('nothing')).rejects.toMatchObject({ code: 'product_unknown' })
  await world.takeUpWhatIsDue()
  expect(await world.history('cus_1')).toEqual(history)
})
