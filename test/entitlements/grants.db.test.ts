import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { expireGrant } from '../../src/entitlements/expire-grants.ts'
import { extendGrant } from '../../src/entitlements/extend-grant.ts'
import { issueGrant } from '../../src/entitlements/issue-grant.ts'
import { getGrantLineage, listGrants } from '../../src/entitlements/list-grants.ts'
import { revokeGrant } from '../../src/entitlements/revoke-grant.ts'
import { verifyAudit } from '../../src/entitlements/verify-chain.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import {
  aLadder,
  anOrgType,
  aProduct,
  aSubscription,
  founded,
  type Ladder,
  moves,
  type Organization,
  place,
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
  org = await founded(db.app, orgType)
})
afterAll(async () => {
  expect((await verifyAudit(db.app)).violations).toEqual([])
  await db.close()
})

const ada = { type: 'operator', id: 'key_1', name: 'Ada' }
const reason = 'They asked'
const minutes = (n: number) => new Date(Date.now() + n * 60_000)
const here = () => place(db.app, org, ladder)
const history = () => moves(db.app, org, ladder)
const key = (tier: number) => ladder.tiers[tier]!.productKey

type More = { validUntil?: Date | null; reason?: string; tenantId?: string; organizationId?: string }
const issue = (product: string, more: More = {}) =>
  db.app.begin((tx) => issueGrant(tx, { ...org, product, reason, actor: ada, ...more }))
const revoke = (grantId: string, more: More = {}) =>
  db.app.begin((tx) => revokeGrant(tx, { tenantId: org.tenantId, grantId, reason, actor: ada, ...more }))
const extend = (more: More & { grantId?: string; ladder?: string } = {}) =>
  db.app.begin((tx) => extendGrant(tx, { ...org, reason, actor: ada, ...more }))

async function grant(grantId: string) {
  const [row] = await db.app`
    select grant_reason, reason, actor_type, actor_id, actor_name, valid_until, closed_reason, extends_grant_id
      from entitlements.grants where grant_id = ${grantId}`
  return row!
}

describe('issuing a grant', () => {
  test('R43 with an end is a trial, without one a manual grant; both go through Transition, as the operator’s own move', async () => {
    const end = minutes(60)
    const trial = await issue(key(1), { validUntil: end })
    expect(trial).toMatchObject({
      grantReason: 'trial',
      product: key(1),
      validUntil: end,
      places: [{ ladder: ladder.ladderKey, outcome: 'holds', product: key(1), rank: 1 }],
      moves: [{ type: 'upgrade', fromRank: 0, toRank: 1, cause: { kind: 'grant', id: trial.grantId } }],
      expiry: { grantId: trial.grantId, at: end },
    })
    expect(await grant(trial.grantId)).toMatchObject({
      grantReason: 'trial',
      reason,
      actorName: 'Ada',
      validUntil: end,
    })
    const manual = await issue(key(2))
    expect(manual).toMatchObject({ grantReason: 'manual', validUntil: null, expiry: null })
    expect(await here()).toEqual({ rank: 2, status: 'active', holder: manual.grantId })
    expect(await history()).toEqual(['initiate -→0', 'upgrade 0→1', 'upgrade 1→2'])
    const [last] = await db.app`
      select actor_type, actor_id, actor_name, reason, cause_kind, cause_id from entitlements.pool_provision_transitions
       where pool_id = ${org.poolId} order by sequence desc limit 1`
    expect(last).toEqual({
      actorType: 'operator',
      actorId: 'key_1',
      actorName: 'Ada',
      reason,
      causeKind: 'grant',
      causeId: manual.grantId,
    })
  })

  test('below what is paid for is accepted and held, and takes the place when the payment ends', async () => {
    const sub = await aSubscription(db.app, org)
    await told(db.app, org, sub, ladder, 2)
    const given = await issue(key(1))
    expect(given.moves).toEqual([])
    expect(given.places).toEqual([
      {
        ladder: ladder.ladderKey,
        outcome: 'held',
        product: key(2),
        rank: 2,
        holder: { kind: 'subscription', id: sub },
        because: `${key(2)} is paid for`,
      },
    ])
    expect(await told(db.app, org, sub, ladder, null, 'canceled')).toMatchObject([
      { type: 'downgrade', toRank: 1 },
    ])
    expect((await here())!.holder).toBe(given.grantId)
  })

  test('of a product on several ladders moves each', async () => {
    const other = await aLadder(db.app)
    await db.app`insert into billing.plan_ladder_tiers (plan_ladder_id, product_id, rank)
                 values (${other.planLadderId}, ${ladder.tiers[2]!.productId}, 9)`
    const given = await issue(key(2))
    expect(given.moves.map(({ type }) => type).sort()).toEqual(['initiate', 'upgrade'])
    expect([(await here())?.rank, (await place(db.app, org, other))?.rank]).toEqual([2, 9])
    expect((await revoke(given.grantId)).moves.map(({ type }) => type).sort()).toEqual([
      'end',
      'end',
      'initiate',
    ])
    await db.app`delete from billing.plan_ladder_tiers where plan_ladder_id = ${other.planLadderId} and rank = 9`
  })

  test('D20 on the present tier is refused, whoever holds it, and points to Extend', async () => {
    const refusal = { code: 'already_on_tier', status: 409, fix: expect.stringContaining('Extend') }
    await expect(issue(key(0))).rejects.toMatchObject(refusal)
    await issue(key(1))
    await expect(issue(key(1), { validUntil: minutes(9) })).rejects.toMatchObject(refusal)
    await told(db.app, org, await aSubscription(db.app, org), ladder, 2)
    await expect(issue(key(2))).rejects.toMatchObject(refusal)
  })

  test('R52 of what is no plan is refused and pointed to the Grants tab; D11 so is what is not published', async () => {
    const seats = await aProduct(db.app, 'addon')
    await expect(issue(seats.productKey)).rejects.toMatchObject({
      code: 'product_not_plan',
      status: 422,
      message: expect.stringContaining('Enrollment'),
      fix: expect.stringContaining('Grants tab'),
    })
    await expect(issue((await aProduct(db.app)).productKey)).rejects.toMatchObject({
      code: 'product_not_plan',
    })
    const set = (status: string) =>
      db.app`update billing.products set lifecycle_status = ${status} where product_key = ${key(2)}`
    for (const status of ['draft', 'retired']) {
      await set(status)
      await expect(issue(key(2))).rejects.toMatchObject({ code: 'product_not_published', status: 422 })
    }
    await set('published')
    await expect(issue('nothing')).rejects.toMatchObject({ code: 'product_unknown', status: 404 })
  })

  test('asks for a reason, an end that is ahead, and an organization of the tenant', async () => {
    await expect(issue(key(1), { reason: ' ' })).rejects.toMatchObject({ code: 'reason_missing' })
    await expect(issue(key(1), { validUntil: minutes(-1) })).rejects.toMatchObject({
      code: 'valid_until_past',
    })
    for (const elsewhere of [
      { tenantId: randomUUID() },
      { organizationId: randomUUID() },
      { organizationId: 'x' },
    ]) {
      await expect(issue(key(1), elsewhere)).rejects.toMatchObject({
        code: 'organization_unknown',
        status: 404,
      })
    }
    expect(await history()).toEqual(['initiate -→0'])
  })

  test('R51 takes the pool’s lock before it looks: parallel issues come one after the other, and one of two alike is refused', async () => {
    const asked = await Promise.allSettled([
      issue(key(1)),
      issue(key(1)),
      issue(key(2)),
      issue(key(1)),
      issue(key(2)),
    ])
    const refused = asked.filter((it) => it.status === 'rejected').map((it) => it.reason.code)
    expect(refused.length).toBeGreaterThanOrEqual(1)
    expect(new Set(refused)).toEqual(new Set(['already_on_tier']))
    expect((await here())!.rank).toBe(2)
    expect((await history()).at(-1)).toMatch(/^upgrade \d→2$/)
  })

  test('R51 waits for whoever has the pool, and sees what that one did', async () => {
    const order: string[] = []
    let second: Promise<unknown> | undefined
    await db.app.begin(async (tx) => {
      await issueGrant(tx, { ...org, product: key(1), reason, actor: ada })
      second = issue(key(1)).catch((error) => order.push(error.code))
      await new Promise((resolve) => setTimeout(resolve, 150))
      order.push('first')
    })
    await second
    expect(order).toEqual(['first', 'already_on_tier'])
  })
})

describe('revoking a grant', () => {
  test('R46 closes it, ends its provision, writes an end, and re-applies the default', async () => {
    const { grantId } = await issue(key(2))
    expect(await revoke(grantId)).toMatchObject({
      kind: 'revoked',
      moves: [
        { type: 'end', fromRank: 2, toRank: null, byDefault: false },
        { type: 'initiate', toRank: 0, byDefault: true },
      ],
    })
    expect((await grant(grantId)).closedReason).toBe('revoked')
    const provisions =
      await db.app`select status from entitlements.pool_provisions where grant_id = ${grantId}`
    expect(provisions).toEqual([{ status: 'ended' }])
    expect(await here()).toMatchObject({ rank: 0 })
    expect(await history()).toEqual(['initiate -→0', 'upgrade 0→2', 'end 2→-', 'initiate -→0'])
  })

  test('D23 passes the place to a claim that is left, in one row', async () => {
    const sub = await aSubscription(db.app, org)
    await told(db.app, org, sub, ladder, 1)
    const { grantId } = await issue(key(2))
    expect((await revoke(grantId)).moves).toMatchObject([{ type: 'downgrade', fromRank: 2, toRank: 1 }])
    expect((await here())!.holder).toBe(sub)
  })

  test('D23 acts on the place only if this grant holds it, and twice is once', async () => {
    const sub = await aSubscription(db.app, org)
    await told(db.app, org, sub, ladder, 2)
    const { grantId } = await issue(key(1))
    expect(await revoke(grantId)).toMatchObject({ kind: 'revoked', moves: [] })
    expect(await revoke(grantId)).toMatchObject({ kind: 'already', moves: [] })
    expect(await history()).toEqual(['initiate -→0', 'upgrade 0→2'])
  })

  test('is refused for a default, and for a grant of another organization or tenant', async () => {
    await expect(revoke((await here())!.holder)).rejects.toMatchObject({
      code: 'grant_is_default',
      status: 409,
    })
    const { grantId } = await issue(key(1))
    const other = await founded(db.app, orgType)
    for (const elsewhere of [{ tenantId: randomUUID() }, { organizationId: other.organizationId }]) {
      await expect(revoke(grantId, elsewhere)).rejects.toMatchObject({ code: 'grant_unknown', status: 404 })
    }
    await expect(revoke('x')).rejects.toMatchObject({ code: 'grant_unknown' })
    expect((await here())!.holder).toBe(grantId)
  })
})

describe('extending', () => {
  test('R27 R47 makes a new grant that names the prior, closes that, and stands by a new provision on the same tier', async () => {
    const prior = await issue(key(1), { validUntil: minutes(60) })
    const before = await here()
    const given = await extend({ validUntil: minutes(120) })
    expect(given).toMatchObject({
      grantReason: 'extension',
      extendsGrantId: prior.grantId,
      places: [{ outcome: 'holds', rank: 1 }],
      moves: [{ type: 'extend', fromRank: 1, toRank: 1, reason }],
      expiry: { grantId: given.grantId },
    })
    expect(await here()).toMatchObject({ rank: 1, holder: given.grantId })
    expect(before!.holder).toBe(prior.grantId)
    expect((await grant(prior.grantId)).closedReason).toBe('extended')
    expect(await history()).toEqual(['initiate -→0', 'upgrade 0→1', 'extend 1→1'])
  })

  test('R48 the prior’s expiry ends nothing any more, the extension’s own does; without an end it stays open', async () => {
    const prior = await issue(key(1), { validUntil: minutes(60) })
    const given = await extend({ validUntil: minutes(120) })
    expect((await expireGrant(db.app, prior.grantId, minutes(61))).kind).toBe('already')
    expect(await here()).toMatchObject({ rank: 1, holder: given.grantId })
    expect((await expireGrant(db.app, given.grantId, minutes(61))).kind).toBe('not_due')
    expect((await expireGrant(db.app, given.grantId, minutes(121))).moves).toMatchObject([
      { type: 'end', fromRank: 1 },
      { type: 'initiate', toRank: 0 },
    ])
    await issue(key(2), { validUntil: minutes(60) })
    const open = await extend()
    expect(open).toMatchObject({ validUntil: null, expiry: null })
    expect((await expireGrant(db.app, open.grantId, minutes(99_999))).kind).toBe('not_due')
  })

  test('a subscription’s place is carried on by a grant without a prior, and the subscription is not closed', async () => {
    const sub = await aSubscription(db.app, org)
    await told(db.app, org, sub, ladder, 1)
    const given = await extend({ validUntil: minutes(60) })
    expect(given).toMatchObject({ extendsGrantId: null, moves: [{ type: 'extend', fromRank: 1, toRank: 1 }] })
    await told(db.app, org, sub, ladder, 1)
    expect((await here())!.holder).toBe(given.grantId)
    await told(db.app, org, sub, ladder, null, 'canceled')
    expect(await here()).toMatchObject({ rank: 1, holder: given.grantId })
    await expireGrant(db.app, given.grantId, minutes(61))
    expect(await here()).toMatchObject({ rank: 0 })
  })

  test('saves the place of a subscription that is unpaid, and gives it back when it pays', async () => {
    const sub = await aSubscription(db.app, org)
    await told(db.app, org, sub, ladder, 1, 'unpaid')
    const given = await extend({ validUntil: minutes(60) })
    expect(await here()).toEqual({ rank: 1, status: 'active', holder: given.grantId })
    expect(await told(db.app, org, sub, ladder, 1)).toMatchObject([{ type: 'extend' }])
    expect((await expireGrant(db.app, given.grantId, minutes(61))).moves).toEqual([])
    expect((await here())!.holder).toBe(sub)
  })

  test('takes the place over even where the clock was put back since the subscription claimed it', async () => {
    const sub = await aSubscription(db.app, org)
    await told(db.app, org, sub, ladder, 1)
    await db.app`update entitlements.subscription_claims set claimed_at = ${minutes(5)} where subscription_id = ${sub}`
    const given = await extend()
    expect((await here())!.holder).toBe(given.grantId)
  })

  test('the default’s place is carried on too, and closes that default', async () => {
    const byDefault = (await here())!.holder
    const given = await extend({ validUntil: minutes(60) })
    expect(given).toMatchObject({
      extendsGrantId: byDefault,
      moves: [{ type: 'extend', fromRank: 0, toRank: 0 }],
    })
    expect((await grant(byDefault)).closedReason).toBe('extended')
  })

  test('a grant that is held goes on being held', async () => {
    const sub = await aSubscription(db.app, org)
    await told(db.app, org, sub, ladder, 2)
    const held = await issue(key(1), { validUntil: minutes(60) })
    const given = await extend({ grantId: held.grantId })
    expect(given).toMatchObject({ extendsGrantId: held.grantId, moves: [], places: [{ outcome: 'held' }] })
    expect((await grant(held.grantId)).closedReason).toBe('extended')
    await told(db.app, org, sub, ladder, null, 'canceled')
    expect((await here())!.holder).toBe(given.grantId)
  })

  test('of one ladder leaves another alone, and asks which when there are several', async () => {
    const other = await aLadder(db.app)
    const sub = await aSubscription(db.app, org)
    await told(db.app, org, sub, other, 1)
    await expect(extend()).rejects.toMatchObject({ code: 'ladder_needed', status: 422 })
    await expect(extend({ ladder: 'nothing' })).rejects.toMatchObject({ code: 'ladder_unknown', status: 404 })
    expect((await extend({ ladder: other.ladderKey })).places).toMatchObject([{ ladder: other.ladderKey }])
    expect(await history()).toEqual(['initiate -→0'])
  })

  test('is refused without an active place, for a grant that has ended, and without a reason', async () => {
    const nowhere = await founded(db.app, await anOrgType(db.app, null))
    const { organizationId } = nowhere
    await expect(extend({ organizationId })).rejects.toMatchObject({ code: 'nothing_to_extend', status: 409 })
    const { grantId } = await issue(key(1), { validUntil: minutes(60) })
    await expect(extend({ grantId, reason: '' })).rejects.toMatchObject({ code: 'reason_missing' })
    await expect(extend({ grantId, validUntil: minutes(-1) })).rejects.toMatchObject({
      code: 'valid_until_past',
    })
    await extend({ grantId })
    await expect(extend({ grantId })).rejects.toMatchObject({ code: 'grant_closed', status: 409 })
    await expect(extend({ grantId: randomUUID() })).rejects.toMatchObject({
      code: 'grant_unknown',
      status: 404,
    })
    const { organizationId: other } = await founded(db.app, orgType)
    await expect(extend({ grantId, organizationId: other })).rejects.toMatchObject({ code: 'grant_unknown' })
  })
})

describe('what is told of grants', () => {
  test('R49 a grant’s lineage is its ancestors in the order of the walk', async () => {
    const first = await issue(key(1), { validUntil: minutes(10) })
    const second = await extend({ validUntil: minutes(20) })
    const third = await extend({ validUntil: minutes(30) })
    const lineage = await getGrantLineage(db.app, { tenantId: org.tenantId, grantId: third.grantId })
    expect(lineage!.grant.grant_id).toBe(third.grantId)
    expect(lineage!.ancestors.map((it) => [it.grant_id, it.closed_reason])).toEqual([
      [second.grantId, 'extended'],
      [first.grantId, 'extended'],
    ])
    const first_ = await getGrantLineage(db.app, { tenantId: org.tenantId, grantId: first.grantId })
    expect(first_!.ancestors).toEqual([])
    expect(await getGrantLineage(db.app, { tenantId: randomUUID(), grantId: third.grantId })).toBeNull()
    expect(
      await getGrantLineage(db.app, { ...org, organizationId: randomUUID(), grantId: third.grantId }),
    ).toBeNull()
    expect(await getGrantLineage(db.app, { tenantId: org.tenantId, grantId: 'x' })).toBeNull()
  })

  test('an organization’s grants are listed newest first, live ones alone unless the past is asked for', async () => {
    const trial = await issue(key(1), { validUntil: minutes(10) })
    const manual = await issue(key(2))
    await revoke(manual.grantId)
    const live = await listGrants(db.app, org)
    expect(live).toMatchObject([
      {
        grant_id: trial.grantId,
        product: key(1),
        kind: 'plan',
        grant_reason: 'trial',
        actor: 'Ada',
        live: true,
        holds: [ladder.ladderKey],
      },
    ])
    const all = await listGrants(db.app, { ...org, past: true })
    expect(all.map((it) => [it.grant_reason, it.closed_reason])).toEqual([
      ['manual', 'revoked'],
      ['trial', null],
      ['default', 'superseded'],
    ])
    expect(await listGrants(db.app, { ...org, tenantId: randomUUID() })).toEqual([])
  })
})
