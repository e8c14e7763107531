import { afterAll, beforeAll, expect, test } from 'vitest'
import { linkCustomers } from '../../../src/stripe/customers/customers.ts'
import { openOrganization } from '../../../src/stripe/customers/open-organization.ts'
import { newWorld, type World } from '../../support/world.ts'

let world: World
let tenantId: string
beforeAll(async () => {
  world = await newWorld()
  const [tenant] = await world.app<{ tenantId: string }[]>`select tenant_id from organization.tenants`
  tenantId = tenant!.tenantId
})
afterAll(() => world.close())

test('an organization is not created between a worker’s look and its waiting: the worker sees it, or it sees what waits', async () => {
  const asked = { tenantId, name: 'Later', orgType: 'coop', organizationKey: 'later' }
  let opened = false
  let opening: Promise<unknown> = Promise.resolve()
  await world.app.begin(async (tx) => {
    const wanted = { customer: 'cus_1', reference: 'later', by: 'metadata' as const }
    const places = await linkCustomers(tx, [wanted], null)
    expect(places.get('cus_1')).toMatchObject({ kind: 'waiting', waitingOn: 'organization:later' })
    opening = openOrganization(world.app, asked).then(() => {
      opened = true
    })
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(opened).toBe(false)
  })
  await opening
  expect(opened).toBe(true)
})

test('one of another name is not held up by that', async () => {
  await world.app.begin(async (tx) => {
    await linkCustomers(tx, [{ customer: 'cus_2', reference: 'nobody', by: 'metadata' }], null)
    const made = await openOrganization(world.app, {
      tenantId,
      name: 'O',
      orgType: 'coop',
      organizationKey: 'other',
    })
    expect(made.organizationKey).toBe('other')
  })
})
