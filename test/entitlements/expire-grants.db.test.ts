import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { databaseClock, expireDueGrants, expireGrant } from '../../src/entitlements/expire-grants.ts'
import { giveFlatGrant } from '../../src/entitlements/flat-grants.ts'
import { issueGrant } from '../../src/entitlements/issue-grant.ts'
import { getLiveProvisions } from '../../src/entitlements/tiers.ts'
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

const actor = { type: 'operator' }
const reason = 'A trial'
const minutes = (n: number) => new Date(Date.now() + n * 60_000)
const here = () => place(db.app, org, ladder)
const give = (tier: number, validUntil: Date | null, to = org) =>
  db.app.begin((tx) =>
    issueGrant(tx, { ...to, product: ladder.tiers[tier]!.productKey, reason, validUntil, actor }),
  )

test('R45 the end of a trial is an end by the system, and the default again', async () => {
  const { grantId } = await give(1, minutes(10))
  expect((await expireGrant(db.app, grantId, minutes(9))).kind).toBe('not_due')
  expect(await expireGrant(db.app, grantId, minutes(11))).toMatchObject({
    kind: 'expired',
    moves: [
      { type: 'end', fromRank: 1, reason: 'The trial grant ran out', cause: { kind: 'grant', id: grantId } },
      { type: 'initiate', toRank: 0, byDefault: true },
    ],
  })
  expect((await expireGrant(db.app, grantId, minutes(11))).kind).toBe('already')
  expect((await expireGrant(db.app, randomUUID(), minutes(11))).kind).toBe('unknown')
  expect(await moves(db.app, org, ladder)).toEqual(['initiate -→0', 'upgrade 0→1', 'end 1→-', 'initiate -→0'])
})

test('R45 R35 without a default the end of a trial detaches', async () => {
  org = await founded(db.app, await anOrgType(db.app, null))
  const { grantId } = await give(1, minutes(10))
  expect((await expireGrant(db.app, grantId, minutes(11))).moves).toMatchObject([{ type: 'end' }])
  expect(await here()).toBeNull()
})

test('D19 the end of a trial whose place a payer took over moves nobody', async () => {
  const { grantId } = await give(1, minutes(10))
  const sub = await aSubscription(db.app, org)
  await told(db.app, org, sub, ladder, 1)
  expect(await expireGrant(db.app, grantId, minutes(11))).toEqual({ kind: 'expired', moves: [] })
  expect(await here()).toMatchObject({ rank: 1, holder: sub })
})

test('D23 the end of a trial above what is paid for passes the place down in one row', async () => {
  const sub = await aSubscription(db.app, org)
  await told(db.app, org, sub, ladder, 1)
  const { grantId } = await give(2, minutes(10))
  expect((await expireGrant(db.app, grantId, minutes(11))).moves).toMatchObject([
    { type: 'downgrade', toRank: 1 },
  ])
})

test('the sweep needs no queue: in batches it ends every grant that is due, add-ons too, and none that is not', async () => {
  const orgs = [org, ...(await Promise.all([1, 2, 3, 4].map(() => founded(db.app, orgType))))]
  for (const to of orgs) await give(1, minutes(10), to)
  await give(2, minutes(20), orgs[0])
  await give(2, null, orgs[1])
  const seats = await aProduct(db.app, 'addon')
  const addon = { ...orgs[2]!, product: seats.productKey, reason, validUntil: minutes(10), actor }
  await db.app.begin((tx) => giveFlatGrant(tx, addon))
  expect(await expireDueGrants(db.app, minutes(9), 2)).toMatchObject({ grants: 0 })
  const done = await expireDueGrants(db.app, minutes(11), 2)
  // The two that something better holds against end without a move; each of the others is an end and an initiate.
  expect(done).toEqual({ swept: true, grants: 6, ceilings: 0, moves: 6, failed: [] })
  const ranks = await Promise.all(orgs.map(async (it) => (await place(db.app, it, ladder))?.rank))
  expect(ranks).toEqual([2, 2, 0, 0, 0])
  expect((await getLiveProvisions(db.app, orgs[2]!.poolId)).map(({ rank }) => rank)).toEqual([0])
  expect(await expireDueGrants(db.app, minutes(11), 2)).toMatchObject({ grants: 0, moves: 0 })
  await expireDueGrants(db.app, minutes(21))
})

test('two sweeps at once end a grant once', async () => {
  for (const to of await Promise.all([1, 2, 3].map(() => founded(db.app, orgType))))
    await give(1, minutes(10), to)
  const swept = await Promise.all([1, 2, 3, 4].map(() => expireDueGrants(db.app, minutes(11), 1)))
  const again = await expireDueGrants(db.app, minutes(11))
  expect(swept.reduce((sum, { grants }) => sum + grants, again.grants)).toBe(3)
})

test('one that cannot be ended holds up nobody, and is tried again', async () => {
  const bad = await give(1, minutes(5))
  const good = await founded(db.app, orgType)
  await give(1, minutes(10), good)
  await db.owner`
    create function entitlements.planted() returns trigger language plpgsql as $$
    begin raise exception 'planted'; end $$`
  await db.owner`
    create trigger planted before update on entitlements.grants for each row
    when (old.valid_until < clock_timestamp() + interval '7 minutes') execute function entitlements.planted()`
  const swept = await expireDueGrants(db.app, minutes(11))
  expect(swept).toMatchObject({
    grants: 1,
    failed: [{ kind: 'grant', id: bad.grantId, error: { message: 'planted' } }],
  })
  expect(await place(db.app, good, ladder)).toMatchObject({ rank: 0 })
  await db.owner`drop trigger planted on entitlements.grants`
  expect(await expireDueGrants(db.app, minutes(11))).toMatchObject({ grants: 1, failed: [] })
})

test('the moment is the database’s own', async () => {
  expect(Math.abs((await databaseClock(db.app)).getTime() - Date.now())).toBeLessThan(5_000)
})
