import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { readCatalogFile } from '../../../src/billing/catalog-file.ts'
import { reapplyDefaults } from '../../../src/entitlements/reapply-defaults.ts'
import { createOrganization } from '../../../src/organization/create-organization.ts'
import { applyCatalog } from '../../../src/stripe/catalog/apply-catalog.ts'
import {
  type CustomerPlace,
  type LinkWanted,
  linkCustomers,
} from '../../../src/stripe/customers/customers.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { putEvent, putMarker } from '../inbox/inbox-fixture.ts'

let db: TestDatabase
let fresh = 0
let cus: string
beforeAll(async () => {
  db = await testDatabase({ max: 24 })
  // All connections are open before anything races on them, or the first is done before the second begins.
  await Promise.all(Array.from({ length: 24 }, () => db.app`select pg_sleep(0.1)`))
  await applyCatalog(
    db.app,
    readCatalogFile({
      version: 1,
      products: [{ key: 'public-tier', name: 'Public Tier', status: 'published' }],
      ladders: [{ key: 'core', name: 'Core', tiers: ['public-tier'] }],
      org_types: [{ key: 'coop', name: 'Co-op', default_ladder: 'core' }],
    }),
  )
})
afterAll(() => db.close())
beforeEach(() => {
  cus = `cus_${++fresh}`
})

const says = (reference: string | null = null, customer = cus, name?: string): LinkWanted => ({
  customer,
  reference,
  by: 'metadata',
  name,
})
async function link(
  wanted: LinkWanted | LinkWanted[],
  autoProvision: string | null = null,
): Promise<CustomerPlace | undefined> {
  const all = Array.isArray(wanted) ? wanted : [wanted]
  return (await db.app.begin((tx) => linkCustomers(tx, all, autoProvision))).get(cus)
}
async function organization(organizationKey: string | null = null) {
  const [row] = await db.app<{ tenantId: string; orgTypeId: string }[]>`
    select tenant_id, org_type_id from organization.tenants, organization.org_types where tenant_key = 'default'
  `
  return db.app.begin((tx) =>
    createOrganization(tx, { ...row!, name: 'Acme', organizationKey }, reapplyDefaults),
  )
}
const linkedBy = async (customer = cus) => {
  const [row] = await db.app`select linked_by from stripe.customers where stripe_customer_id = ${customer}`
  return row?.linkedBy
}
const dueAt = async (event: string) => {
  const [row] = await db.app`select due_at from stripe.event_writes where event_id = ${event}`
  return row!.dueAt as Date | null
}

test('a customer whom nobody named belongs to nobody yet, and work waits on the customer', async () => {
  expect(await link(says())).toEqual({
    kind: 'waiting',
    waitingOn: `customer:${cus}`,
    reason: 'unknown_customer',
  })
  expect(await linkedBy()).toBeNull()
})

test('a customer is linked by the organization’s id or by its key, and stays linked', async () => {
  const made = await organization(`key-${cus}`)
  const place = { kind: 'linked', ...made, organizationKey: undefined }
  expect(await link(says(`key-${cus}`))).toEqual(place)
  expect(await linkedBy()).toBe('metadata')
  expect(await link(says())).toEqual(place)
  cus = `${cus}b`
  expect(await link({ ...says(made.organizationId.toUpperCase()), by: 'client_reference_id' })).toEqual(place)
  expect(await linkedBy()).toBe('client_reference_id')
})

test('a reference to an organization that nobody knows waits on it, and on it alone', async () => {
  expect(await link(says('nowhere'))).toEqual({
    kind: 'waiting',
    waitingOn: 'organization:nowhere',
    reason: 'unknown_organization',
  })
  expect(await link(says(crypto.randomUUID()))).toMatchObject({ reason: 'unknown_organization' })
})

test('the key of an organization counts within the default tenant only', async () => {
  await db.owner`insert into organization.tenants (tenant_key, name) values ('other', 'Other')`
  await db.owner`
    insert into organization.organizations (tenant_id, org_type_id, organization_key, name)
    select t.tenant_id, y.org_type_id, 'elsewhere', 'E' from organization.tenants t, organization.org_types y
    where tenant_key = 'other'
  `
  await db.owner`
    insert into entitlements.resource_pools (tenant_id, organization_id)
    select tenant_id, organization_id from organization.organizations where name = 'E'
  `
  expect(await link(says('elsewhere'))).toMatchObject({ waitingOn: 'organization:elsewhere' })
})

test('a customer linked to one organization and named for another stays, and an alarm shows it', async () => {
  const [first, second] = [await organization(), await organization()]
  await link(says(first.organizationId))
  expect(await link(says(second.organizationId))).toMatchObject({ organizationId: first.organizationId })
  await link(says(second.organizationId))
  const alarms = await db.app`select alarm_kind, times, detail from stripe.alarms where subject = ${cus}`
  expect(alarms).toMatchObject([{ alarmKind: 'customer_link_conflict', times: 2 }])
  expect(alarms[0]!.detail).toContain(second.organizationId)
})

test('of two references in one batch the first that is known links, and the other raises the alarm', async () => {
  const [first, second] = [await organization(), await organization()]
  const wanted = [says('nowhere'), says(first.organizationId), says(second.organizationId)]
  expect(await link(wanted)).toMatchObject({ organizationId: first.organizationId })
  expect(await db.app`select from stripe.alarms where subject = ${cus}`).toHaveLength(1)
})

test('auto-provisioning makes an organization with its default grant, called as the customer is', async () => {
  const place = await link([says(), says(null, cus, 'Acme Ltd')], 'coop')
  expect(place).toMatchObject({ kind: 'linked' })
  const { organizationId, poolId } = place as Extract<CustomerPlace, { kind: 'linked' }>
  expect(await linkedBy()).toBe('auto_provision')
  expect(
    await db.app`select name, organization_key from organization.organizations where organization_id = ${organizationId}`,
  ).toEqual([{ name: 'Acme Ltd', organizationKey: null }])
  expect(
    await db.app`select from entitlements.pool_provision_ladders where pool_id = ${poolId} and ended_at is null`,
  ).toHaveLength(1)
})

test('auto-provisioning under a type that the catalog lacks waits on the type', async () => {
  expect(await link(says(), 'club')).toEqual({
    kind: 'waiting',
    waitingOn: 'org_type:club',
    reason: 'unknown_org_type',
  })
})

test('twenty first events of one customer at once make one organization', async () => {
  const places = await Promise.all(Array.from({ length: 20 }, () => link(says(), 'coop')))
  expect(new Set(places.map((place) => JSON.stringify(place))).size).toBe(1)
  expect(await db.app`select from organization.organizations where name = ${cus}`).toHaveLength(1)
})

test('twenty events at once of a customer who was waiting make one organization', async () => {
  await link(says())
  const places = await Promise.all(Array.from({ length: 20 }, () => link(says(), 'coop')))
  expect(new Set(places.map((place) => JSON.stringify(place))).size).toBe(1)
  expect(await db.app`select from organization.organizations where name = ${cus}`).toHaveLength(1)
})

test('many customers that name one unknown organization, at once, end in one organization of that key', async () => {
  const customers = Array.from({ length: 12 }, (_, n) => `${cus}_${n}`)
  const key = `shared-${cus}`
  const runs = customers.map((customer, n) =>
    db.app.begin((tx) => {
      const wanted = [says(key, customer), says(null, `${customer}_own`)]
      return linkCustomers(tx, n % 2 ? wanted : wanted.reverse(), 'coop')
    }),
  )
  const places = (await Promise.all(runs)).map(
    (all, n) => all.get(customers[n]!) as { organizationId: string },
  )
  expect(new Set(places.map(({ organizationId }) => organizationId)).size).toBe(1)
  expect(await db.app`select from organization.organizations where organization_key = ${key}`).toHaveLength(1)
  // In one batch too, and each customer beside it has an organization of its own name.
  const batch = ['x', 'y'].map((end) => says(`both-${cus}`, `${cus}_${end}`))
  const both = await db.app.begin((tx) => linkCustomers(tx, [...batch, says(null, `${cus}_z`)], 'coop'))
  const ids = [...both.values()].map((place) => (place as { organizationId: string }).organizationId)
  expect(ids[0]).toBe(ids[1])
  expect(ids[2]).not.toBe(ids[0])
  expect(
    await db.app`
      select o.name from stripe.customers c join organization.organizations o using (organization_id)
      where c.stripe_customer_id = ${`${cus}_z`}
    `,
  ).toEqual([{ name: `${cus}_z` }])
})

test('a subscription before its checkout, or after it: the auto-provisioned organization ends with the same key', async () => {
  const keys = []
  for (const order of [
    [null, 'k1'],
    ['k2', null],
  ]) {
    cus = `cus_${++fresh}`
    for (const reference of order) await link(says(reference), 'coop')
    const [row] = await db.app`
      select organization_key from stripe.customers join organization.organizations using (organization_id)
      where stripe_customer_id = ${cus}
    `
    keys.push(row!.organizationKey)
  }
  expect(keys).toEqual(['k1', 'k2'])
  expect(await db.app`select from stripe.alarms where subject = ${cus}`).toHaveLength(0)
})

test('who gets linked wakes what waited for it, whichever way it waited, and has its subscriptions looked at again', async () => {
  const [own, named, typed, trail, other] = await Promise.all(
    [cus, cus, cus, cus, 'cus_other'].map((customer) => putEvent(db.app, { customer })),
  )
  await putMarker(db.app, own!, `customer:${cus}`)
  await putMarker(db.app, named!, 'organization:nowhere')
  await putMarker(db.app, typed!, 'org_type:club')
  await putMarker(db.app, trail!, 'trail:sub_1')
  await putMarker(db.app, other!, 'organization:nowhere')
  await db.app`
    insert into stripe.subscriptions (stripe_subscription_id, stripe_customer_id, unresolved)
    values (${`sub_${cus}`}, ${cus}, 'does_not_join'), (${`sub_${cus}_new`}, ${cus}, null)
  `
  await link(says((await organization()).organizationId))
  for (const event of [own!, named!, typed!]) expect(await dueAt(event)).toBeInstanceOf(Date)
  for (const event of [trail!, other!]) expect(await dueAt(event)).toBeNull()
  const looks = await db.app`
    select resolve_at from stripe.subscriptions where stripe_customer_id = ${cus} order by stripe_subscription_id
  `
  expect(looks).toEqual([{ resolveAt: expect.any(Date) }, { resolveAt: null }])
})

test('what another customer waits for is woken when auto-provisioning makes it', async () => {
  const event = await putEvent(db.app, { customer: 'cus_other' })
  await putMarker(db.app, event, `organization:made-${cus}`)
  await link(says(`made-${cus}`), 'coop')
  expect(await dueAt(event)).toBeInstanceOf(Date)
})

test('a waiting marker that is still being written when the customer is linked is woken all the same', async () => {
  const event = await putEvent(db.app, { customer: cus })
  const { organizationId } = await organization()
  let looked = () => {}
  const hasLooked = new Promise<void>((resolve) => {
    looked = resolve
  })
  const waiter = db.app.begin(async (tx) => {
    await linkCustomers(tx, [says()], null)
    looked()
    await new Promise((resolve) => setTimeout(resolve, 150))
    await putMarker(tx, event, `customer:${cus}`)
  })
  await hasLooked
  await Promise.all([waiter, link(says(organizationId))])
  expect(await dueAt(event)).toBeInstanceOf(Date)
})

test('batches that share customers in opposite order do not deadlock', async () => {
  for (const round of [1, 2, 3]) {
    const customers = Array.from({ length: 2000 }, (_, n) => `${cus}_${round}_${n}`)
    const batches = Array.from({ length: 8 }, (_, n) => {
      const wanted = customers.map((customer) => says(null, customer))
      return n % 2 ? wanted : wanted.reverse()
    })
    await Promise.all(batches.map((batch) => db.app.begin((tx) => linkCustomers(tx, batch, null))))
  }
  expect(
    await db.app`select from stripe.customers where stripe_customer_id like ${`${cus}\\_%`} and organization_id is null`,
  ).toHaveLength(6000)
})
