import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { expireGrant } from '../../src/entitlements/expire-grants.ts'
import { giveFlatGrant } from '../../src/entitlements/flat-grants.ts'
import { revokeGrant } from '../../src/entitlements/revoke-grant.ts'
import type { SubscriptionClaims } from '../../src/entitlements/subscription-claims.ts'
import { getDefaultPool, getLiveProvisions, getTierByLadderRank } from '../../src/entitlements/tiers.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import {
  aLadder,
  anOrganization,
  anOrgType,
  aProduct,
  aSubscription,
  type Ladder,
  type Organization,
  place,
  putSubscriptionClaims,
  short,
  told,
} from './fixture.ts'

let db: TestDatabase
let ladder: Ladder
let other: Ladder
let seats: string
let org: Organization
let sub: string
beforeAll(async () => {
  db = await testDatabase()
  ladder = await aLadder(db.app)
  other = await aLadder(db.app)
  seats = (await aProduct(db.app, 'addon', `seats-${short()}`)).productId
})
beforeEach(async () => {
  org = await anOrganization(db.app, await anOrgType(db.app, null))
  sub = await aSubscription(db.app, org)
})
afterAll(() => db.close())

const tier = (on: Ladder, n: number) => ({ planLadderId: on.planLadderId, productId: on.tiers[n]!.productId })

async function put(more: Partial<SubscriptionClaims>) {
  const { poolId, tenantId } = org
  const row = { subscriptionId: sub, poolId, tenantId, status: 'active', tiers: [], addons: [], ...more }
  return db.app.begin((tx) => putSubscriptionClaims(tx, [row]))
}

async function claimed() {
  return db.app<{ productId: string; status: string; claimedAt: string }[]>`
    select product_id, status, claimed_at::text from entitlements.subscription_claims
     where subscription_id = ${sub} order by product_id = ${ladder.tiers[1]!.productId} desc`
}

const held = async () =>
  (await getLiveProvisions(db.app, org.poolId)).map(({ productId, quantity, status }) => ({
    productId,
    quantity,
    status,
  }))

describe('what a subscription claims', () => {
  test('is one tier on each ladder that its prices mean, and is gone when it ends', async () => {
    expect(await put({ tiers: [tier(ladder, 1), tier(other, 2)] })).toEqual([sub])
    expect((await claimed()).map(({ productId }) => productId)).toEqual([
      tier(ladder, 1).productId,
      tier(other, 2).productId,
    ])
    expect(await put({ tiers: [tier(other, 2)] })).toEqual([sub])
    expect(await claimed()).toHaveLength(1)
    await put({ status: 'canceled' })
    expect(await claimed()).toEqual([])
  })

  test('told again is not written again: a renewal changes nothing and is not said to', async () => {
    const everything = { tiers: [tier(ladder, 1)], addons: [{ productId: seats, quantity: 2 }] }
    await put(everything)
    const before =
      await db.app`select xmin, ctid, * from entitlements.subscription_claims where subscription_id = ${sub}`
    expect(await put(everything)).toEqual([])
    expect(
      await db.app`select xmin, ctid, * from entitlements.subscription_claims where subscription_id = ${sub}`,
    ).toEqual(before)
  })

  test('begins anew with another product and with the return from suspension, and not with a late payment', async () => {
    const begun = async (more: Partial<SubscriptionClaims>) => {
      await put(more)
      return (await claimed())[0]!.claimedAt
    }
    const first = await begun({ tiers: [tier(ladder, 1)] })
    expect(await begun({ tiers: [tier(ladder, 1)], status: 'past_due' })).toBe(first)
    expect(await begun({ tiers: [tier(ladder, 1)], status: 'unpaid' })).toBe(first)
    const back = await begun({ tiers: [tier(ladder, 1)] })
    expect(back > first).toBe(true)
    expect((await begun({ tiers: [tier(ladder, 2)] })) > back).toBe(true)
  })

  test('on two ladders moves the pool on both', async () => {
    await told(db.app, org, sub, ladder, 1)
    const second = await aSubscription(db.app, org)
    await told(db.app, org, second, other, 2)
    expect([(await place(db.app, org, ladder))!.rank, (await place(db.app, org, other))!.rank]).toEqual([
      1, 2,
    ])
  })
})

describe('R31 add-ons of a subscription', () => {
  test('come and go with it, with the sum of their items’ quantities and its status', async () => {
    await put({
      addons: [
        { productId: seats, quantity: 2 },
        { productId: seats, quantity: 3 },
      ],
    })
    expect(await held()).toEqual([{ productId: seats, quantity: 5, status: 'active' }])
    await put({ status: 'past_due', addons: [{ productId: seats, quantity: 1 }] })
    expect(await held()).toEqual([{ productId: seats, quantity: 1, status: 'past_due' }])
    await put({ addons: [{ productId: seats, quantity: 0 }] })
    expect(await held()).toEqual([])
    await put({ addons: [{ productId: seats, quantity: 1 }] })
    await put({ status: 'canceled' })
    expect(await held()).toEqual([])
  })

  test('of two subscriptions stack', async () => {
    await put({ addons: [{ productId: seats, quantity: 1 }] })
    sub = await aSubscription(db.app, org)
    await put({ addons: [{ productId: seats, quantity: 4 }] })
    expect((await held()).map(({ quantity }) => quantity)).toEqual([1, 4])
  })
})

describe('R31 flat grants', () => {
  const actor = { type: 'operator', id: 'op', name: 'Ada' }
  const reason = 'kindness'
  const give = (product = seats, more: { tenantId?: string; quantity?: number; validUntil?: Date } = {}) =>
    db.app.begin((tx) => giveFlatGrant(tx, { ...org, product, reason, actor, ...more }))

  test('of one product stack, and are taken back one by one', async () => {
    const [first] = [await give(), await give(seats, { quantity: 3 })]
    expect((await held()).map(({ quantity }) => quantity)).toEqual([1, 3])
    const revoke = () =>
      db.app.begin((tx) => revokeGrant(tx, { tenantId: org.tenantId, grantId: first.grantId, reason, actor }))
    expect(await revoke()).toEqual({
      kind: 'revoked',
      grantId: first.grantId,
      organizationId: org.organizationId,
      moves: [],
    })
    expect((await revoke()).kind).toBe('already')
    expect(await held()).toHaveLength(1)
    const history =
      await db.app`select 1 from entitlements.pool_provision_transitions where pool_id = ${org.poolId}`
    expect(history).toEqual([])
  })

  test('with an end are gone when it has come', async () => {
    const given = await give(seats, { validUntil: new Date(Date.now() + 60_000) })
    expect(given.expiry).toEqual({ grantId: given.grantId, at: given.validUntil })
    expect((await expireGrant(db.app, given.grantId, new Date())).kind).toBe('not_due')
    expect((await expireGrant(db.app, given.grantId, new Date(Date.now() + 61_000))).kind).toBe('expired')
    expect(await held()).toEqual([])
  })

  test('R52 are refused for a tier of a ladder, naming Enrollment, and for what is not there or not to be given', async () => {
    const draft = await aProduct(db.app, 'addon')
    await db.app`update billing.products set lifecycle_status = 'draft' where product_id = ${draft.productId}`
    const untyped = await aProduct(db.app)
    await expect(give(tier(ladder, 1).productId)).rejects.toMatchObject({
      code: 'product_is_plan',
      status: 422,
      fix: expect.stringContaining('Enrollment'),
    })
    await expect(give('nothing')).rejects.toMatchObject({ code: 'product_unknown', status: 404 })
    await expect(give(draft.productKey)).rejects.toMatchObject({ code: 'product_not_published' })
    await expect(give(untyped.productKey)).rejects.toMatchObject({ code: 'product_without_kind' })
    await expect(give(seats, { quantity: 0 })).rejects.toMatchObject({ code: 'quantity_invalid' })
    await expect(give(seats, { tenantId: org.poolId })).rejects.toMatchObject({
      code: 'organization_unknown',
    })
  })
})

test('R37 a tier is found by ladder and rank, a pool by its organization, and what it holds by the pool', async () => {
  const { planLadderId, ladderKey, tiers } = ladder
  expect(await getTierByLadderRank(db.app, planLadderId, 1)).toEqual({
    planLadderId,
    ladderKey,
    rank: 1,
    ...tiers[1],
  })
  expect(await getTierByLadderRank(db.app, planLadderId, 9)).toBeNull()
  expect(await getDefaultPool(db.app, org.organizationId)).toEqual(org)
  expect(await getDefaultPool(db.app, org.poolId)).toBeNull()
  await told(db.app, org, sub, ladder, 1)
  expect(await getLiveProvisions(db.app, org.poolId)).toMatchObject([
    { ...tiers[1], planLadderId, rank: 1, subscriptionId: sub, grantId: null, status: 'active', quantity: 1 },
  ])
})
