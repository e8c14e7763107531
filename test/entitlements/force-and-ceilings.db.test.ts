import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { liftCeiling, listCeilings, paidAboveCeilings } from '../../src/entitlements/ceilings.ts'
import { expireDueGrants } from '../../src/entitlements/expire-grants.ts'
import { explainOrganization } from '../../src/entitlements/explain-organization.ts'
import { forceTransition } from '../../src/entitlements/force-transition.ts'
import { issueGrant } from '../../src/entitlements/issue-grant.ts'
import { revokeGrant } from '../../src/entitlements/revoke-grant.ts'
import { verifyAudit } from '../../src/entitlements/verify-chain.ts'
import { alarmAboutCeilings } from '../../src/processes/sweep-grants.ts'
import { openAlarms } from '../../src/stripe/alarms.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import {
  aLadder,
  anOrgType,
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
let sub: string
beforeAll(async () => {
  db = await testDatabase()
  ladder = await aLadder(db.app)
  orgType = await anOrgType(db.app, ladder)
})
beforeEach(async () => {
  org = await founded(db.app, orgType)
  sub = await aSubscription(db.app, org)
})
afterAll(async () => {
  expect((await verifyAudit(db.app)).violations).toEqual([])
  await db.close()
})

const ada = { type: 'operator', id: 'key_1', name: 'Ada' }
const reason = 'Agreed with them'
const minutes = (n: number) => new Date(Date.now() + n * 60_000)
const here = () => place(db.app, org, ladder)
const history = () => moves(db.app, org, ladder)
const key = (tier: number) => ladder.tiers[tier]!.productKey

type More = { validUntil?: Date; reason?: string; ladder?: string; tenantId?: string }
const force = (mode: 'at_least' | 'at_most', product: string, more: More = {}) =>
  db.app.begin((tx) =>
    forceTransition(tx, { ...org, ladder: ladder.ladderKey, product, mode, reason, actor: ada, ...more }),
  )
async function atMost(tier: number, more: More = {}) {
  const forced = await force('at_most', key(tier), more)
  if (forced.mode !== 'at_most') throw new Error('at most was asked')
  return forced
}
const lift = (ceilingId: string, more: Partial<Organization> = {}) =>
  db.app.begin((tx) => liftCeiling(tx, { ...org, ceilingId, reason, actor: ada, ...more }))

describe('at least', () => {
  test('is an operator’s grant: it lifts the place, and no webhook takes it away', async () => {
    await told(db.app, org, sub, ladder, 1)
    const forced = await force('at_least', key(2))
    expect(forced).toMatchObject({
      mode: 'at_least',
      grantReason: 'manual',
      moves: [{ type: 'upgrade', toRank: 2 }],
    })
    await told(db.app, org, sub, ladder, null, 'canceled')
    expect(await here()).toMatchObject({ rank: 2, holder: 'grantId' in forced && forced.grantId })
    expect(await force('at_least', key(1), { validUntil: minutes(5) })).toMatchObject({
      grantReason: 'trial',
      places: [{ outcome: 'held' }],
    })
  })

  test('moves the named ladder alone, even where the product is a tier of another too', async () => {
    const [one, other] = [await aLadder(db.app), await aLadder(db.app)]
    const { productId, productKey } = one.tiers[2]!
    await db.app`insert into billing.plan_ladder_tiers (plan_ladder_id, product_id, rank) values (${other.planLadderId}, ${productId}, 9)`
    await force('at_least', productKey, { ladder: one.ladderKey })
    expect([(await place(db.app, org, one))?.rank, await place(db.app, org, other)]).toEqual([2, null])
  })

  test('is refused on the present tier, above a ceiling, and for what is no tier of that ladder', async () => {
    const other = await aLadder(db.app)
    await expect(force('at_least', key(0))).rejects.toMatchObject({ code: 'already_on_tier' })
    await expect(force('at_least', other.tiers[1]!.productKey)).rejects.toMatchObject({
      code: 'product_not_on_ladder',
      status: 422,
    })
    await expect(force('at_least', key(1), { ladder: 'nothing' })).rejects.toMatchObject({
      code: 'ladder_unknown',
      status: 404,
    })
    const { ceilingId } = await atMost(1)
    await expect(force('at_least', key(2))).rejects.toMatchObject({
      code: 'ceiling_below',
      fix: expect.stringContaining(ceilingId),
    })
    expect(await force('at_least', key(1))).toMatchObject({ moves: [{ toRank: 1 }] })
  })
})

describe('at most', () => {
  test('lowers a payer’s place as the operator’s own move, lists it, and gives the place back when it is lifted', async () => {
    await told(db.app, org, sub, ladder, 2)
    const forced = await atMost(1)
    expect(forced).toMatchObject({
      product: key(1),
      replacedCeilingId: null,
      moves: [
        { type: 'downgrade', fromRank: 2, toRank: 1, cause: { kind: 'ceiling', id: forced.ceilingId } },
      ],
      paidAbove: [{ ceilingId: forced.ceilingId, pays: key(2), stands: key(1), subscription: sub }],
    })
    expect(await here()).toEqual({ rank: 1, status: 'active', holder: sub })
    expect(await lift(forced.ceilingId)).toMatchObject({
      kind: 'lifted',
      moves: [{ type: 'upgrade', toRank: 2 }],
    })
    expect(await lift(forced.ceilingId)).toMatchObject({ kind: 'already', moves: [] })
    const actors = await db.app`
      select actor_name, cause_kind from entitlements.pool_provision_transitions where pool_id = ${org.poolId} order by sequence offset 2`
    expect(actors).toEqual(Array(2).fill({ actorName: 'Ada', causeKind: 'ceiling' }))
    expect(await paidAboveCeilings(db.app, { tenantId: org.tenantId })).toEqual([])
  })

  test('is not lifted by any webhook: renewals, upgrades, suspension and return stay under it', async () => {
    await told(db.app, org, sub, ladder, 1)
    await atMost(1)
    for (const [tier, status] of [
      [2, 'active'],
      [2, 'past_due'],
      [2, 'unpaid'],
      [2, 'active'],
    ] as const) {
      await told(db.app, org, sub, ladder, tier, status)
      expect(await here()).toMatchObject({ rank: 1, status })
    }
    const second = await aSubscription(db.app, org)
    await told(db.app, org, second, ladder, 2)
    await told(db.app, org, sub, ladder, null, 'canceled')
    expect(await here()).toMatchObject({ rank: 1, holder: second })
  })

  test('lowers an operator’s grant too, which is neither closed nor forgotten', async () => {
    const given = await db.app.begin((tx) => issueGrant(tx, { ...org, product: key(2), reason, actor: ada }))
    const { ceilingId, paidAbove } = await atMost(0)
    expect(paidAbove).toEqual([])
    expect(await here()).toMatchObject({ rank: 0, holder: given.grantId })
    await lift(ceilingId)
    expect(await here()).toMatchObject({ rank: 2, holder: given.grantId })
    expect(await history()).toEqual(['initiate -→0', 'upgrade 0→2', 'downgrade 2→0', 'upgrade 0→2'])
  })

  test('a grant given above it is accepted, lowered, and told so', async () => {
    await atMost(1)
    const given = await db.app.begin((tx) => issueGrant(tx, { ...org, product: key(2), reason, actor: ada }))
    expect(given.places).toEqual([
      {
        ladder: ladder.ladderKey,
        outcome: 'holds',
        product: key(1),
        rank: 1,
        holder: { kind: 'grant', id: given.grantId },
        because: `a ceiling lowers it to ${key(1)}`,
      },
    ])
  })

  test('above the place moves nobody; another one on the ladder replaces it', async () => {
    await told(db.app, org, sub, ladder, 1)
    const first = await atMost(2)
    expect(first.moves).toEqual([])
    const second = await atMost(0)
    expect(second).toMatchObject({
      replacedCeilingId: first.ceilingId,
      moves: [{ type: 'downgrade', toRank: 0 }],
    })
    const third = await atMost(1)
    expect(third.moves).toMatchObject([{ type: 'upgrade', toRank: 1 }])
    expect((await listCeilings(db.app, org)).map((it) => it.ceiling_id)).toEqual([third.ceilingId])
    const past = await listCeilings(db.app, { ...org, past: true })
    expect(past.map((it) => it.lifted_how)).toEqual([null, 'replaced', 'replaced'])
    expect(past[2]).toMatchObject({ lifted_by: 'Ada', live: false, product: key(2) })
    expect(await listCeilings(db.app, { ...org, tenantId: randomUUID() })).toEqual([])
  })

  test('ends by its own end: the sweep lifts it, and history names the system and the ceiling', async () => {
    await told(db.app, org, sub, ladder, 2)
    const { ceilingId } = await atMost(1, { validUntil: minutes(30) })
    expect(await expireDueGrants(db.app, minutes(29))).toMatchObject({ ceilings: 0, moves: 0 })
    expect(await expireDueGrants(db.app, minutes(31))).toMatchObject({ ceilings: 1, moves: 1, failed: [] })
    expect(await here()).toMatchObject({ rank: 2, holder: sub })
    const [last] = await db.app`
      select actor_type, reason, cause_kind, cause_id from entitlements.pool_provision_transitions
       where pool_id = ${org.poolId} order by sequence desc limit 1`
    expect(last).toEqual({
      actorType: 'system',
      reason: 'The ceiling ran out',
      causeKind: 'ceiling',
      causeId: ceilingId,
    })
    expect((await listCeilings(db.app, { ...org, past: true }))[0]).toMatchObject({
      lifted_how: 'expired',
      lifted_by: 'system',
    })
  })

  test('that ran out unnoticed decides nothing; when an event passes by, history names the ceiling and not the event', async () => {
    await told(db.app, org, sub, ladder, 2)
    const { ceilingId } = await atMost(1, { validUntil: minutes(30) })
    await db.owner`update entitlements.ceilings set valid_until = clock_timestamp() where ceiling_id = ${ceilingId}`
    expect(await told(db.app, org, sub, ladder, 2, 'past_due')).toMatchObject([
      { type: 'upgrade', toRank: 2, cause: { kind: 'ceiling', id: ceilingId } },
    ])
    expect((await listCeilings(db.app, { ...org, past: true }))[0]!.lifted_how).toBe('expired')
  })

  test('is refused without a reason, with an end that has passed, and to be lifted by a stranger', async () => {
    await expect(force('at_most', key(1), { reason: '' })).rejects.toMatchObject({ code: 'reason_missing' })
    await expect(force('at_most', key(1), { validUntil: minutes(-1) })).rejects.toMatchObject({
      code: 'valid_until_past',
    })
    await expect(force('at_most', key(1), { tenantId: randomUUID() })).rejects.toMatchObject({
      code: 'organization_unknown',
    })
    const { ceilingId } = await atMost(1)
    const other = await founded(db.app, orgType)
    await expect(lift(ceilingId, other)).rejects.toMatchObject({ code: 'ceiling_unknown', status: 404 })
    await expect(lift(randomUUID())).rejects.toMatchObject({ code: 'ceiling_unknown' })
    await expect(lift('x')).rejects.toMatchObject({ code: 'ceiling_unknown' })
  })

  test('is told by explain', async () => {
    await told(db.app, org, sub, ladder, 2)
    const { ceilingId } = await atMost(1)
    const { ladders } = (await explainOrganization(db.app, org.organizationId))!
    expect(ladders).toMatchObject([
      {
        product: key(1),
        ceiling: { id: ceilingId, product: key(1), rank: 1 },
        claims: [{ product: key(2), wins: true }],
      },
    ])
  })

  test('a payer above it is an alarm, raised once, and cleared when nobody is any more', async () => {
    await told(db.app, org, sub, ladder, 1)
    const { ceilingId } = await atMost(1)
    const alarms = async () => {
      await alarmAboutCeilings(db.app)
      const open = await openAlarms(db.app)
      return open.filter(({ subject }) => subject === `ceiling:${ceilingId}`)
    }
    expect(await alarms()).toEqual([])
    await told(db.app, org, sub, ladder, 2)
    expect([await alarms(), await alarms()]).toMatchObject([
      [{ kind: 'paid_above_ceiling', times: 1, detail: expect.stringContaining(org.organizationId) }],
      [{ times: 1 }],
    ])
    await told(db.app, org, sub, ladder, 2, 'unpaid')
    expect(await alarms()).toEqual([])
    await told(db.app, org, sub, ladder, 2)
    expect(await alarms()).toHaveLength(1)
    await lift(ceilingId)
    expect(await alarms()).toEqual([])
  })
})

test('revoking one decision does not claim another’s move: a grant that ran out unnoticed is told as the cause', async () => {
  const give = (product: string, validUntil?: Date) =>
    db.app.begin((tx) =>
      issueGrant(tx, { ...org, product, reason, actor: ada, ...(validUntil && { validUntil }) }),
    )
  const held = await give(key(1))
  const trial = await give(key(2), minutes(60))
  await db.owner`update entitlements.grants set valid_until = clock_timestamp() where grant_id = ${trial.grantId}`
  const revoked = await db.app.begin((tx) =>
    revokeGrant(tx, { tenantId: org.tenantId, grantId: held.grantId, reason, actor: ada }),
  )
  expect(revoked.moves).toMatchObject([
    { type: 'end', cause: { kind: 'grant', id: trial.grantId }, reason: 'The trial grant ran out' },
    { type: 'initiate' },
  ])
})
