import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Enrollment, listEnrollments } from '../../src/entitlements/enrollments.ts'
import { explainOrganization } from '../../src/entitlements/explain-organization.ts'
import { organizationHistory } from '../../src/entitlements/history.ts'
import { reapplyDefaultsForPool } from '../../src/entitlements/reapply-defaults.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import {
  aGrant,
  aLadder,
  anOrganization,
  anOrgType,
  aSubscription,
  type Ladder,
  type Organization,
  settled,
  told,
} from './fixture.ts'

let db: TestDatabase
let core: Ladder
let extra: Ladder
let orgs: Organization[]
let subs: string[]

/** Three organizations on the ladder's rank 0; the first pays for pro (Stripe calls it sub_a) and has two customers. */
beforeAll(async () => {
  db = await testDatabase()
  core = await aLadder(db.app)
  extra = await aLadder(db.app)
  const type = await anOrgType(db.app, core)
  const unsorted = [1, 2, 3].map(() => anOrganization(db.app, type))
  orgs = (await Promise.all(unsorted)).sort((a, b) => (a.organizationId < b.organizationId ? -1 : 1))
  const why = { reason: 'A new organization', cause: { kind: 'organization', id: 'o' } } as const
  for (const { poolId } of orgs) await db.app.begin((tx) => reapplyDefaultsForPool(tx, poolId, why))
  const [first] = orgs as [Organization]
  await db.app`update organization.organizations set organization_key = 'acme' where organization_id = ${first.organizationId}`
  for (const [n, customer] of ['cus_later', 'cus_first'].entries()) {
    await db.app`insert into stripe.customers (stripe_customer_id, organization_id, linked_by, linked_at)
                 values (${customer}, ${first.organizationId}, 'metadata', now() - make_interval(days => ${n}))`
  }
  subs = [await aSubscription(db.app, first), await aSubscription(db.app, first)]
  await db.app`insert into stripe.subscriptions (stripe_subscription_id, subscription_id) values ('sub_a', ${subs[0]!})`
  await told(db.app, first, subs[0]!, core, 1)
  await told(db.app, first, subs[1]!, extra, 2, 'past_due')
})
afterAll(() => db.close())

describe('who stands where', () => {
  test('is a row for each organization and ladder with a live attachment, in the words of the catalog and of Stripe', async () => {
    const [first] = orgs as [Organization]
    const items = await listEnrollments(db.app, { organization: first.organizationId, limit: 10 })
    const expected = [
      {
        organization_id: first.organizationId,
        customer: 'cus_first',
        ladder: core.ladderKey,
        product: core.tiers[1]!.productKey,
        rank: 1,
        status: 'active',
        since: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        holder: { kind: 'subscription', id: 'sub_a' },
      },
      {
        organization_id: first.organizationId,
        customer: 'cus_first',
        ladder: extra.ladderKey,
        product: extra.tiers[2]!.productKey,
        rank: 2,
        status: 'past_due',
        since: expect.any(String),
        holder: { kind: 'subscription', id: subs[1] },
      },
    ].sort((a, b) => (a.ladder < b.ladder ? -1 : 1))
    expect(items).toEqual(expected)
  })

  test('is found by a customer, by an organization’s own key, by a ladder; a stranger has no rows', async () => {
    const found = async (wanted: object) =>
      (await listEnrollments(db.app, { limit: 10, ...wanted })).map(({ customer, rank }) => [customer, rank])
    expect(await found({ customer: 'cus_later', ladder: core.ladderKey })).toEqual([['cus_later', 1]])
    expect(await found({ organization: 'acme', ladder: extra.ladderKey })).toEqual([['cus_first', 2]])
    expect(await found({ ladder: core.ladderKey })).toEqual([
      ['cus_first', 1],
      [null, 0],
      [null, 0],
    ])
    for (const stranger of [
      { customer: 'cus_x' },
      { organization: 'x' },
      { ladder: 'x' },
      { tenantId: subs[0] },
    ]) {
      expect(await found(stranger)).toEqual([])
    }
    expect(await found({ tenantId: orgs[0]!.tenantId })).toHaveLength(4)
  })

  test('is read page by page, every row once', async () => {
    const seen: Enrollment[] = []
    for (;;) {
      const last = seen.at(-1)
      const after = last ? { organizationId: last.organization_id, ladder: last.ladder } : null
      const page = await listEnrollments(db.app, { limit: 1, after })
      if (page.length === 0) break
      seen.push(...page)
    }
    expect(seen).toEqual(await listEnrollments(db.app, { limit: 10 }))
    expect(seen).toHaveLength(4)
  })
})

test('R67 history tells type, ranks, actor by display name, reason, cause and time, in order', async () => {
  const [first] = orgs as [Organization]
  const history = (await organizationHistory(db.app, first.organizationId)).filter(
    ({ ladder }) => ladder === core.ladderKey,
  )
  expect(history).toEqual([
    {
      ladder: core.ladderKey,
      sequence: 1,
      type: 'initiate',
      from_rank: null,
      to_rank: 0,
      from_product: null,
      to_product: core.tiers[0]!.productKey,
      actor: 'system',
      actor_type: 'system',
      actor_id: null,
      reason: 'A new organization',
      cause: { kind: 'organization', id: 'o' },
      effective_at: expect.any(String),
    },
    expect.objectContaining({
      sequence: 2,
      type: 'upgrade',
      actor: 'webhook',
      cause: { kind: 'event', id: expect.any(String) },
    }),
  ])
  expect(history[0]!.effective_at <= history[1]!.effective_at).toBe(true)
})

test('an explanation tells the place, every claim with why it wins or does not, and the history', async () => {
  const [first] = orgs as [Organization]
  await aGrant(db.app, first, core.tiers[0]!.productId)
  await settled(db.app, first.poolId)
  const explained = await explainOrganization(db.app, first.organizationId)
  expect(explained).toMatchObject({
    organization: first.organizationId,
    name: 'Org',
    customers: ['cus_first', 'cus_later'],
  })
  expect(explained!.ladders.find(({ ladder }) => ladder === core.ladderKey)).toMatchObject({
    product: core.tiers[1]!.productKey,
    rank: 1,
    status: 'active',
    holder: { kind: 'subscription', id: 'sub_a' },
    claims: [
      {
        kind: 'subscription',
        id: 'sub_a',
        rank: 1,
        suspended: false,
        wins: true,
        why: 'the best live claim',
      },
      { kind: 'grant', product: core.tiers[0]!.productKey, wins: false, why: 'rank 0 is below rank 1' },
    ],
    history: [{ type: 'initiate' }, { type: 'upgrade', from_rank: 0, to_rank: 1 }],
  })
})

test('a ladder that was left is still explained, with its history and without a place; an unknown organization is null', async () => {
  const [first] = orgs as [Organization]
  await told(db.app, first, subs[1]!, extra, null, 'canceled')
  const explained = await explainOrganization(db.app, first.organizationId)
  expect(explained!.ladders.find(({ ladder }) => ladder === extra.ladderKey)).toMatchObject({
    product: null,
    rank: null,
    holder: null,
    claims: [],
    history: [{ type: 'initiate' }, { type: 'end' }],
  })
  expect(await explainOrganization(db.app, subs[0]!)).toBeNull()
})
