import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { reapplyDefaultsForPool } from '../../src/entitlements/reapply-defaults.ts'
import { settlePools } from '../../src/entitlements/settle-pools.ts'
import { transition } from '../../src/entitlements/transition.ts'
import { verifyAudit } from '../../src/entitlements/verify-chain.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import {
  aGrant,
  aLadder,
  anOrganization,
  anOrgType,
  aSubscription,
  byEvent,
  type Ladder,
  moves,
  type Organization,
  place,
  settled,
  told,
} from './fixture.ts'

let db: TestDatabase
let ladder: Ladder
let orgType: string
let org: Organization
beforeAll(async () => {
  db = await testDatabase()
  ladder = await aLadder(db.app)
  orgType = await anOrgType(db.app, ladder)
})
beforeEach(async () => {
  org = await founded(orgType)
})
afterAll(async () => {
  // Whatever these tests did, the history is whole.
  expect((await verifyAudit(db.app)).violations).toEqual([])
  await db.close()
})

const founding = { reason: 'A new organization', cause: { kind: 'organization', id: 'o' } } as const

/** R38: what creating an organization ends with. */
async function founded(type: string): Promise<Organization> {
  const made = await anOrganization(db.app, type)
  await db.app.begin((tx) => reapplyDefaultsForPool(tx, made.poolId, founding))
  return made
}

const here = () => place(db.app, org, ladder)
const history = () => moves(db.app, org, ladder)
const minutes = (n: number) => new Date(Date.now() + n * 60_000)

async function closed(grantId: string) {
  const [row] = await db.app`select closed_reason from entitlements.grants where grant_id = ${grantId}`
  return row!.closedReason
}

describe('defaults', () => {
  test('R38 a new organization stands on rank 0 of its type’s ladder, by a default grant with an attachment', async () => {
    const standing = await here()
    expect(standing).toMatchObject({ rank: 0, status: 'active' })
    const [grant] =
      await db.app`select grant_reason, actor_type from entitlements.grants where grant_id = ${standing!.holder}`
    expect(grant).toEqual({ grantReason: 'default', actorType: 'system' })
    expect(await history()).toEqual(['initiate -→0'])
  })

  test('R35 a type without a default gives nothing, at founding and after an end, without error', async () => {
    org = await founded(await anOrgType(db.app, null))
    expect(await here()).toBeNull()
    const sub = await aSubscription(db.app, org)
    await told(db.app, org, sub, ladder, 1)
    await told(db.app, org, sub, ladder, null, 'canceled')
    expect(await here()).toBeNull()
    expect(await history()).toEqual(['initiate -→1', 'end 1→-'])
  })

  test('R33 R39 rank 0 is looked up when it is used: after a swap the next organization gets the new product, an old one keeps its own', async () => {
    const swapped = await aLadder(db.app)
    const type = await anOrgType(db.app, swapped)
    const old = await founded(type)
    await db.app.begin(async (tx) => {
      await tx`set constraints billing.plan_ladder_tiers_rank_unique deferred`
      await tx`update billing.plan_ladder_tiers set rank = 1 - rank where plan_ladder_id = ${swapped.planLadderId} and rank < 2`
    })
    const young = await founded(type)
    const product = async ({ poolId }: Organization) =>
      (
        await db.app`select product_id from entitlements.pool_provisions where pool_id = ${poolId} and ended_at is null`
      )[0]
    expect(await product(young)).toEqual({ productId: swapped.tiers[1]!.productId })
    await settled(db.app, old.poolId)
    expect(await product(old)).toEqual({ productId: swapped.tiers[0]!.productId })
  })

  test('R39 another default on the type moves new organizations only; R35 leaving the old ladder attaches the new one’s rank 0', async () => {
    const next = await aLadder(db.app)
    const type = await anOrgType(db.app, ladder)
    org = await founded(type)
    await db.app`update organization.org_types set default_plan_ladder_id = ${next.planLadderId} where org_type_id = ${type}`
    await settled(db.app, org.poolId)
    expect([(await here())?.rank, await place(db.app, org, next)]).toEqual([0, null])
    expect(await place(db.app, await founded(type), next)).toMatchObject({ rank: 0 })

    const sub = await aSubscription(db.app, org)
    await told(db.app, org, sub, ladder, 1)
    await told(db.app, org, sub, ladder, null, 'canceled')
    expect(await here()).toBeNull()
    expect(await place(db.app, org, next)).toMatchObject({ rank: 0 })
  })

  test('R36 D23 re-applying is nothing on a ladder with a live attachment, and what replaces a default closes it', async () => {
    const first = (await here())!.holder
    expect(await db.app.begin((tx) => reapplyDefaultsForPool(tx, org.poolId, founding))).toEqual([])
    await told(db.app, org, await aSubscription(db.app, org), ladder, 1)
    expect(await closed(first)).toBe('superseded')
    expect(await db.app.begin((tx) => reapplyDefaultsForPool(tx, org.poolId, founding))).toEqual([])
    expect(await history()).toEqual(['initiate -→0', 'upgrade 0→1'])
  })
})

test('a default claims its own place alone: on another ladder where its product is a tier it claims nothing', async () => {
  const other = await aLadder(db.app)
  await db.app`insert into billing.plan_ladder_tiers (plan_ladder_id, product_id, rank)
               values (${other.planLadderId}, ${ladder.tiers[0]!.productId}, 9)`
  try {
    expect(await settled(db.app, org.poolId)).toEqual([])
    expect(await place(db.app, org, other)).toBeNull()
  } finally {
    await db.app`delete from billing.plan_ladder_tiers where plan_ladder_id = ${other.planLadderId} and rank = 9`
  }
})

describe('the end of the last claim', () => {
  test('R25 D23 writes an end and an initiate of its own by the system, its reason naming the end', async () => {
    const sub = await aSubscription(db.app, org)
    await told(db.app, org, sub, ladder, 2)
    const settledMoves = await told(db.app, org, sub, ladder, null, 'canceled')
    expect(settledMoves).toMatchObject([
      { type: 'end', fromRank: 2, toRank: null, byDefault: false },
      { type: 'initiate', fromRank: null, toRank: 0, byDefault: true },
    ])
    const rows = await db.app`
      select actor_type, reason, cause_id from entitlements.pool_provision_transitions
       where pool_id = ${org.poolId} order by sequence desc limit 2`
    expect(rows).toEqual([
      {
        actorType: 'system',
        reason: 'Default re-applied after the end: customer.subscription.updated',
        causeId: rows[1]!.causeId,
      },
      {
        actorType: 'webhook',
        reason: 'customer.subscription.updated',
        causeId: expect.stringMatching(/^evt_/),
      },
    ])
    expect(await history()).toEqual(['initiate -→0', 'upgrade 0→2', 'end 2→-', 'initiate -→0'])
  })

  test('R25 a downgrade hands the pool to the re-applying of defaults too, which finds the ladder taken', async () => {
    const sub = await aSubscription(db.app, org)
    await told(db.app, org, sub, ladder, 2)
    expect(await told(db.app, org, sub, ladder, 1)).toMatchObject([{ type: 'downgrade', byDefault: false }])
    expect(await history()).toEqual(['initiate -→0', 'upgrade 0→2', 'downgrade 2→1'])
  })

  test('R25 a downgrade gives an organization the default that its type was given since', async () => {
    const type = await anOrgType(db.app, null)
    org = await founded(type)
    const sub = await aSubscription(db.app, org)
    await told(db.app, org, sub, ladder, 2)
    const since = await aLadder(db.app)
    await db.app`update organization.org_types set default_plan_ladder_id = ${since.planLadderId} where org_type_id = ${type}`
    expect(await told(db.app, org, sub, ladder, 1)).toMatchObject([
      { type: 'downgrade', planLadderId: ladder.planLadderId, byDefault: false },
      { type: 'initiate', planLadderId: since.planLadderId, byDefault: true },
    ])
  })

  test('D23 with another claim alive passes the place to it in one row', async () => {
    const [high, low] = [await aSubscription(db.app, org), await aSubscription(db.app, org)]
    await told(db.app, org, high, ladder, 2)
    expect(await told(db.app, org, low, ladder, 1)).toEqual([])
    expect(await told(db.app, org, high, ladder, null, 'canceled')).toMatchObject([
      { type: 'downgrade', toRank: 1 },
    ])
    expect((await here())?.holder).toBe(low)
  })
})

describe('subscriptions and operators', () => {
  test('R23 R55 a subscription goes up and down with its price, one row each', async () => {
    const sub = await aSubscription(db.app, org)
    for (const tier of [1, 2, 1]) await told(db.app, org, sub, ladder, tier)
    expect(await history()).toEqual(['initiate -→0', 'upgrade 0→1', 'upgrade 1→2', 'downgrade 2→1'])
  })

  test('R26 the same told twice moves once', async () => {
    const sub = await aSubscription(db.app, org)
    await told(db.app, org, sub, ladder, 1)
    expect(await told(db.app, org, sub, ladder, 1)).toEqual([])
    expect(await history()).toEqual(['initiate -→0', 'upgrade 0→1'])
  })

  test('R32 D17 past due, unpaid and back are written beside the place and make no history', async () => {
    const sub = await aSubscription(db.app, org)
    await told(db.app, org, sub, ladder, 1, 'trialing')
    for (const status of ['active', 'past_due', 'unpaid', 'paused', 'active']) {
      expect(await told(db.app, org, sub, ladder, 1, status)).toEqual([])
      expect(await here()).toEqual({ rank: 1, status, holder: sub })
    }
    expect(await history()).toEqual(['initiate -→0', 'upgrade 0→1'])
  })

  test('D19 a payer takes over from a trial at the same rank, and the trial’s end then moves nobody', async () => {
    const trial = await aGrant(db.app, org, ladder.tiers[1]!.productId, 'trial', minutes(60))
    await settled(db.app, org.poolId)
    const sub = await aSubscription(db.app, org)
    expect(await told(db.app, org, sub, ladder, 1)).toMatchObject([
      { type: 'extend', fromRank: 1, toRank: 1 },
    ])
    await db.app`update entitlements.grants set valid_until = ${minutes(-1)} where grant_id = ${trial}`
    expect(await settled(db.app, org.poolId)).toEqual([])
    expect(await here()).toMatchObject({ rank: 1, holder: sub })
  })

  test('a webhook never takes away what an operator gave', async () => {
    const given = await aGrant(db.app, org, ladder.tiers[2]!.productId)
    await settled(db.app, org.poolId)
    const sub = await aSubscription(db.app, org)
    await told(db.app, org, sub, ladder, 1)
    await told(db.app, org, sub, ladder, null, 'canceled')
    expect(await here()).toMatchObject({ rank: 2, holder: given })
    expect(await history()).toEqual(['initiate -→0', 'upgrade 0→2'])
  })

  test('an extension given on the tier that a subscription holds takes over, and a renewal does not take it back', async () => {
    const sub = await aSubscription(db.app, org)
    await told(db.app, org, sub, ladder, 1)
    const extension = await aGrant(db.app, org, ladder.tiers[1]!.productId, 'extension')
    expect(await settled(db.app, org.poolId)).toMatchObject([{ type: 'extend' }])
    expect(await told(db.app, org, sub, ladder, 1)).toEqual([])
    expect(await here()).toMatchObject({ rank: 1, holder: extension })
  })

  test('a suspended subscription gives way to one that pays less, and has its place back when it pays', async () => {
    const [high, low] = [await aSubscription(db.app, org), await aSubscription(db.app, org)]
    await told(db.app, org, high, ladder, 2)
    await told(db.app, org, low, ladder, 1)
    expect(await told(db.app, org, high, ladder, 2, 'unpaid')).toMatchObject([
      { type: 'downgrade', toRank: 1 },
    ])
    expect(await told(db.app, org, high, ladder, 2)).toMatchObject([{ type: 'upgrade', toRank: 2 }])
  })
})

describe('the cause that is told', () => {
  test('of a grant that ran out unnoticed is the grant and not the event that passed by, and the grant is closed', async () => {
    const trial = await aGrant(db.app, org, ladder.tiers[2]!.productId, 'trial', minutes(60))
    await settled(db.app, org.poolId)
    await db.app`update entitlements.grants set valid_until = ${minutes(-1)} where grant_id = ${trial}`
    const sub = await aSubscription(db.app, org)
    expect(await told(db.app, org, sub, ladder, 1)).toMatchObject([
      {
        type: 'downgrade',
        toRank: 1,
        cause: { kind: 'grant', id: trial },
        reason: 'The trial grant ran out',
      },
    ])
    expect(await closed(trial)).toBe('expired')
  })

  test('is the event when the subscription would have won against the living grant as well', async () => {
    const trial = await aGrant(db.app, org, ladder.tiers[1]!.productId, 'trial', minutes(60))
    await settled(db.app, org.poolId)
    await db.app`update entitlements.grants set valid_until = ${minutes(-1)} where grant_id = ${trial}`
    const sub = await aSubscription(db.app, org)
    expect(await told(db.app, org, sub, ladder, 2)).toMatchObject([
      { type: 'upgrade', cause: { kind: 'event' } },
    ])
  })

  test('D25 among several of one pool is the one whose claim moved it, and the pool moves once', async () => {
    const [high, low] = [await aSubscription(db.app, org), await aSubscription(db.app, org)]
    const { poolId, tenantId } = org
    const claim = (subscriptionId: string, tier: number) =>
      db.app`insert into entitlements.subscription_claims (subscription_id, plan_ladder_id, pool_id, tenant_id, product_id, status)
             values (${subscriptionId}, ${ladder.planLadderId}, ${poolId}, ${tenantId}, ${ladder.tiers[tier]!.productId}, 'active')`
    await claim(high, 2)
    await claim(low, 1)
    const moved = await db.app.begin((tx) =>
      settlePools(tx, [byEvent(poolId, high, 'evt_high'), byEvent(poolId, low, 'evt_low')]),
    )
    expect(moved).toMatchObject([{ type: 'upgrade', toRank: 2, cause: { id: 'evt_high' } }])
  })
})

describe('R30 a caller’s transaction', () => {
  test('that fails after settling leaves neither place nor history', async () => {
    const sub = await aSubscription(db.app, org)
    const { poolId, tenantId } = org
    const work = db.app.begin(async (tx) => {
      await tx`insert into entitlements.subscription_claims (subscription_id, plan_ladder_id, pool_id, tenant_id, product_id, status)
               values (${sub}, ${ladder.planLadderId}, ${poolId}, ${tenantId}, ${ladder.tiers[1]!.productId}, 'active')`
      expect(await settlePools(tx, [byEvent(poolId, sub)])).toHaveLength(1)
      throw new Error('the marker could not be written')
    })
    await expect(work).rejects.toThrow('the marker')
    expect(await history()).toEqual(['initiate -→0'])
  })

  test('may settle the same pools as another at once, in any order, and both are true at the end', async () => {
    const orgs = await Promise.all(Array.from({ length: 20 }, () => founded(orgType)))
    const subs = await Promise.all(orgs.map((one) => aSubscription(db.app, one)))
    const all = orgs.map((one, n) => ({ one, sub: subs[n]! }))
    const work = (list: typeof all, tier: number) =>
      list.map(({ one, sub }) => told(db.app, one, sub, ladder, tier))
    await Promise.all([...work(all, 1), ...work([...all].reverse(), 2)])
    for (const { one, sub } of all) {
      const [claim] = await db.app`
        select t.rank from entitlements.subscription_claims c join billing.plan_ladder_tiers t using (plan_ladder_id, product_id)
         where c.subscription_id = ${sub}`
      expect((await place(db.app, one, ladder))!.rank).toBe(claim!.rank)
    }
  })
})

test('R22 R28 Transition by itself takes a pool, a target and any actor, and leaving delegates to the defaults (R25)', async () => {
  const grantId = await aGrant(db.app, org, ladder.tiers[1]!.productId)
  const why = {
    planLadderId: ladder.planLadderId,
    reason: 'by hand',
    cause: { kind: 'grant', id: grantId },
  } as const
  const operator = { type: 'operator', id: 'op_1', name: 'Ada' }
  const to = { productId: ladder.tiers[1]!.productId, source: { kind: 'grant', id: grantId } } as const
  await db.app.begin((tx) => transition(tx, org.poolId, to, operator, why))
  await db.app`update entitlements.grants set closed_at = clock_timestamp(), closed_reason = 'revoked' where grant_id = ${grantId}`
  const left = await db.app.begin((tx) => transition(tx, org.poolId, null, operator, why))
  expect(left.map(({ type }) => type)).toEqual(['end', 'initiate'])
  expect(await here()).toMatchObject({ rank: 0 })
})
