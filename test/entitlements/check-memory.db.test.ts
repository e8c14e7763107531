import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type CheckMemory, createCheckMemory } from '../../src/entitlements/check-memory.ts'
import { giveFlatGrant } from '../../src/entitlements/flat-grants.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { about, anAddon, includes, listeners, pause, until } from './check-fixture.ts'
import {
  aLadder,
  anOrganization,
  anOrgType,
  aSubscription,
  type Ladder,
  type Organization,
  putSubscriptionClaims,
  told,
} from './fixture.ts'

let db: TestDatabase
let ladder: Ladder
let orgTypeId: string
let acme: Organization
let subscription: string
let memory: CheckMemory

beforeAll(async () => {
  db = await testDatabase()
  ladder = await aLadder(db.owner)
  const [free, pro, team] = ladder.tiers as [
    Ladder['tiers'][number],
    Ladder['tiers'][number],
    Ladder['tiers'][number],
  ]
  await includes(db.owner, free, { seats: 1, api: false })
  await includes(db.owner, pro, { seats: 10, api: true })
  await includes(db.owner, team, { seats: 'unlimited', api: true })
  orgTypeId = await anOrgType(db.owner, ladder)
})
beforeEach(async () => {
  acme = await anOrganization(db.owner, orgTypeId)
  subscription = await aSubscription(db.owner, acme)
  await told(db.app, acme, subscription, ladder, 1)
  memory = createCheckMemory(db.app)
  await until(() => known('seats'))
})
afterEach(() => memory.close())
afterAll(() => db.close())

const ask = (feature: string, organization = acme) => memory.check(about(organization), feature)
const recall = (feature: string, { tenantId, organizationId } = acme) =>
  memory.recall(tenantId, 'organization', organizationId, feature)
/** Whether memory answers by itself; asking the other way brings it there. */
const known = async (feature: string, organization = acme) => {
  await ask(feature, organization)
  return recall(feature, organization) !== null
}
const pro = () => `tier:${ladder.tiers[1]!.productKey}`

describe('what is asked', () => {
  test('both ways answer the same, and say for which moment', async () => {
    const asked = await ask('seats')
    expect(asked).toEqual({
      allowed: true,
      limit: 10,
      because: pro(),
      as_of: expect.stringMatching(/^\d{4}-.*Z$/),
    })
    const recalled = JSON.parse(recall('seats')!)
    expect(recalled).toEqual({ ...asked, as_of: recalled.as_of })
    for (const { as_of } of [asked!, recalled]) {
      expect(Date.now() - Date.parse(as_of)).toBeLessThanOrEqual(1_000)
      expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(as_of))
    }
    expect(JSON.parse(recall('teleport')!)).toMatchObject({ allowed: false, because: 'not_included' })
  })

  test('an organization is known by its id, by its key and by its customers, within its tenant', async () => {
    await db.owner`update organization.organizations set organization_key = 'acme' where organization_id = ${acme.organizationId}`
    await db.owner`
      insert into stripe.customers (stripe_customer_id, organization_id, linked_by, linked_at)
      values ('cus_acme', ${acme.organizationId}, 'operator', now())`
    const [other] = await db.owner<{ tenantId: string }[]>`
      insert into organization.tenants (tenant_key, name) values ('other', 'Other') returning tenant_id`
    for (const [by, name] of [
      ['organization', acme.organizationId],
      ['organization', acme.organizationId.toUpperCase()],
      ['organization', 'acme'],
      ['customer', 'cus_acme'],
    ] as const) {
      expect(await memory.check({ tenantId: acme.tenantId, by, name }, 'seats')).toMatchObject({ limit: 10 })
      await until(() => memory.recall(acme.tenantId, by, name, 'seats') !== null)
      expect(await memory.check({ tenantId: other!.tenantId, by, name }, 'seats')).toBeNull()
      expect(memory.recall(other!.tenantId, by, name, 'seats')).toBeNull()
    }
    for (const name of ['nobody', 'cus_acme', '00000000-0000-4000-8000-000000000000'])
      expect(await memory.check({ tenantId: acme.tenantId, by: 'organization', name }, 'seats')).toBeNull()
  })

  test('unpaid and paused are suspended, past due is not, and a payment lifts it', async () => {
    for (const status of ['unpaid', 'paused', 'past_due', 'active']) {
      await told(db.app, acme, subscription, ladder, 1, status)
      const allowed = status === 'past_due' || status === 'active'
      const because = allowed ? pro() : 'suspended'
      await until(async () => (await ask('api'))!.because === because, 10_000)
      expect(await ask('seats')).toMatchObject({ allowed, because })
    }
  })

  test('add-ons of a subscription and of operators add up, each times its quantity', async () => {
    const seats = await anAddon(db.owner, { seats: 5 })
    const { poolId, tenantId, organizationId } = acme
    await db.app.begin(async (tx) => {
      const tiers = [{ planLadderId: ladder.planLadderId, productId: ladder.tiers[1]!.productId }]
      const addons = [{ productId: seats.productId, quantity: 2 }]
      await putSubscriptionClaims(tx, [
        { subscriptionId: subscription, poolId, tenantId, status: 'active', tiers, addons },
      ])
      const given = { quantity: 3, reason: 'a present', actor: { type: 'operator' } }
      await giveFlatGrant(tx, { tenantId, organizationId, product: seats.productKey, ...given })
    })
    await until(async () => (await ask('seats'))!.limit === 35, 10_000)
    expect(await ask('seats')).toMatchObject({ allowed: true, because: pro() })
  })
})

describe('what changes', () => {
  test('a customer that goes to another organization is asked about anew', async () => {
    const other = await anOrganization(db.owner, orgTypeId)
    await db.owner`
      insert into stripe.customers (stripe_customer_id, organization_id, linked_by, linked_at)
      values ('cus_goes', ${acme.organizationId}, 'operator', now())`
    const asked = { tenantId: acme.tenantId, by: 'customer', name: 'cus_goes' } as const
    await memory.check(asked, 'seats')
    await until(() => memory.recall(acme.tenantId, 'customer', 'cus_goes', 'seats') !== null)
    await db.owner`
      update stripe.customers set organization_id = ${other.organizationId} where stripe_customer_id = 'cus_goes'`
    await until(async () => (await memory.check(asked, 'seats'))!.because === 'not_included', 10_000)
  })

  test('a product that includes something else now does so for everybody', async () => {
    await db.owner`
      update entitlements.entitlement_set_features set value = '11'
      where feature_key = 'seats' and entitlement_set_id = (
        select entitlement_set_id from entitlements.entitlement_sets where product_id = ${ladder.tiers[1]!.productId})`
    await until(async () => (await ask('seats'))!.limit === 11, 10_000)
    await includes(db.owner, ladder.tiers[1]!, { seats: 10 })
    await until(async () => (await ask('seats'))!.limit === 10, 10_000)
  })

  test('an add-on with an end is over at its end, though nobody tells', async () => {
    const seats = await anAddon(db.owner, { desks: 2 })
    const validUntil = new Date(Date.now() + 4_000)
    const given = { reason: 'for a moment', actor: { type: 'operator' }, validUntil }
    await db.app.begin((tx) => giveFlatGrant(tx, { ...acme, product: seats.productKey, ...given }))
    await until(async () => (await ask('desks'))!.allowed && recall('desks') !== null, 3_500)
    await until(async () => {
      const before = Date.now()
      const { allowed } = (await ask('desks'))!
      if (allowed) expect(before).toBeLessThan(validUntil.getTime() + 100)
      return !allowed
    }, 15_000)
    expect(Date.now()).toBeGreaterThanOrEqual(validUntil.getTime())
  })

  test('one transaction over many pools tells each once, and all together at its commit', async () => {
    const heard: string[] = []
    const { unlisten } = await db.app.listen('stepladder_entitlements', (payload) => heard.push(payload))
    const many: Organization[] = []
    for (let n = 0; n < 20; n++) many.push(await anOrganization(db.owner, orgTypeId))
    await db.app.begin(async (tx) => {
      for (const { poolId, tenantId, organizationId } of many) {
        const id = await aSubscription(tx, { poolId, tenantId, organizationId })
        const claims = { subscriptionId: id, poolId, tenantId, status: 'active', tiers: [], addons: [] }
        const addons = [{ productId: (await anAddonOnce()).productId, quantity: 1 }]
        await putSubscriptionClaims(tx, [{ ...claims, addons }])
        await putSubscriptionClaims(tx, [{ ...claims, status: 'past_due', addons }])
      }
      expect(heard.filter((payload) => payload !== '*')).toEqual([])
    })
    await until(() => heard.filter((payload) => payload !== '*').length >= 20)
    await pause(50)
    expect(heard.filter((payload) => payload !== '*').sort()).toEqual(many.map(({ poolId }) => poolId).sort())
    await unlisten()
  })
})

let addon: Promise<{ productId: string; productKey: string }> | null = null
function anAddonOnce() {
  addon ??= anAddon(db.owner, { seats: 1 })
  return addon
}

describe('when it cannot know', () => {
  test('a killed listener is never a second behind: the database is read until changes are heard again', async () => {
    const [pid] = await listeners(db.app)
    await db.app`select pg_terminate_backend(${pid!})`
    await told(db.app, acme, subscription, ladder, 2)
    const changed = performance.now()
    await until(async () => {
      const before = performance.now()
      const { limit } = (await ask('seats'))!
      if (limit !== 'unlimited') expect(before - changed).toBeLessThan(1_000)
      return limit === 'unlimited'
    }, 10_000)
    await until(() => known('seats'))
    expect(JSON.parse(recall('seats')!).limit).toBe('unlimited')
  })

  test('a frozen listener is believed for less than a second, and not by a moment longer', async () => {
    const [pid] = await listeners(db.app)
    process.kill(pid!, 'SIGSTOP')
    try {
      await told(db.app, acme, subscription, ladder, 2)
      const changed = performance.now()
      let last = recall('seats')
      while (performance.now() - changed < 1_500) {
        const before = performance.now()
        last = recall('seats')
        if (last !== null && JSON.parse(last).limit !== 'unlimited')
          expect(before - changed).toBeLessThan(1_000)
        await pause(10)
      }
      expect(last === null || JSON.parse(last).limit === 'unlimited').toBe(true)
      expect(await ask('seats')).toMatchObject({ limit: 'unlimited' })
      await until(() => known('seats'), 8_000)
    } finally {
      process.kill(pid!, 'SIGCONT')
    }
  })

  test('what was remembered before a gap in hearing is not believed after it', async () => {
    const [pid] = await listeners(db.app)
    await db.app`select pg_terminate_backend(${pid!})`
    await until(() => recall('seats') === null)
    expect(await listeners(db.app)).toEqual([])
    await told(db.app, acme, subscription, ladder, 2)
    await until(async () => (await listeners(db.app)).length === 1)
    // Long enough for it to be proved again that changes are heard; nobody has asked in between.
    await pause(700)
    expect(recall('seats')).toBeNull()
    await until(() => known('seats'))
    expect(JSON.parse(recall('seats')!).limit).toBe('unlimited')
  })

  test('at most so many pools are remembered: the bound is kept by forgetting', async () => {
    const small = createCheckMemory(db.app, { most: 10 })
    try {
      const many = [acme]
      for (let n = 0; n < 30; n++) many.push(await anOrganization(db.owner, orgTypeId))
      await until(async () => {
        await small.check(about(acme), 'seats')
        return small.recall(acme.tenantId, 'organization', acme.organizationId, 'seats') !== null
      })
      for (const one of many) await small.check(about(one), 'seats')
      const kept = many.filter(
        ({ tenantId, organizationId }) =>
          small.recall(tenantId, 'organization', organizationId, 'seats') !== null,
      )
      expect(kept.length).toBeGreaterThan(0)
      expect(kept.length).toBeLessThanOrEqual(10)
    } finally {
      await small.close()
    }
  })
})
