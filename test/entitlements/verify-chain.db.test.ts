import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Tx } from '../../src/db/types.ts'
import { reapplyDefaultsForPool } from '../../src/entitlements/reapply-defaults.ts'
import { verifyAudit } from '../../src/entitlements/verify-chain.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import {
  aLadder,
  anOrganization,
  anOrgType,
  aSubscription,
  type Ladder,
  type Organization,
  told,
} from './fixture.ts'

let db: TestDatabase
let ladder: Ladder
let org: Organization
beforeAll(async () => {
  db = await testDatabase()
  ladder = await aLadder(db.app)
})
afterAll(() => db.close())

/** Five rows of history: initiate, upgrade, downgrade, end, initiate. */
beforeEach(async () => {
  org = await anOrganization(db.app, await anOrgType(db.app, ladder))
  const why = { reason: 'A new organization', cause: { kind: 'organization', id: 'o' } } as const
  await db.app.begin((tx) => reapplyDefaultsForPool(tx, org.poolId, why))
  const sub = await aSubscription(db.app, org)
  for (const tier of [2, 1, null]) await told(db.app, org, sub, ladder, tier)
})

/** What only an owner who takes the triggers off can do; found, and then undone. */
async function planted(plant: (tx: Tx) => PromiseLike<unknown>) {
  const undo = new Error('undo')
  let found: Awaited<ReturnType<typeof verifyAudit>>['violations'] = []
  const work = db.owner.begin(async (tx) => {
    await tx`alter table entitlements.pool_provision_transitions disable trigger user`
    await tx`alter table entitlements.pool_provisions disable trigger user`
    await plant(tx)
    found = (await verifyAudit(tx)).violations
    throw undo
  })
  await work.catch((error) => {
    if (error !== undo) throw error
  })
  return found
}

const row = (sequence: number) => ({ pool_id: org.poolId, ladder: ladder.ladderKey, sequence })

/** Gives a row the hash that its altered columns would have, as a careful forger would. */
async function rehash(tx: Tx, sequence: number) {
  await tx`update entitlements.pool_provision_transitions t set hash = entitlements.transition_hash(t)
            where pool_id = ${org.poolId} and sequence = ${sequence}`
}

test('what the system itself wrote has no violation, and every row of it was looked at', async () => {
  const [count] = await db.app`select count(*) as rows from entitlements.pool_provision_transitions`
  expect(count!.rows).toBeGreaterThanOrEqual(5)
  expect(await verifyAudit(db.app)).toEqual({ checked: count!.rows, violations: [] })
})

const alterations: Record<string, (tx: Tx) => PromiseLike<unknown>> = {
  reason: (tx) => tx`update entitlements.pool_provision_transitions set reason = 'x' where ${second(tx)}`,
  actor: (tx) => tx`update entitlements.pool_provision_transitions set actor_name = 'x' where ${second(tx)}`,
  cause: (tx) => tx`update entitlements.pool_provision_transitions set cause_id = 'x' where ${second(tx)}`,
  time: (tx) => tx`
    update entitlements.pool_provision_transitions set effective_at = effective_at + interval '1 microsecond' where ${second(tx)}`,
}
const second = (tx: Tx) => tx`pool_id = ${org.poolId} and sequence = 2`

test.each(Object.keys(alterations))('an altered %s is found by its hash', async (column) => {
  expect(await planted(alterations[column]!)).toEqual([
    {
      kind: 'hash',
      ...row(2),
      detail: 'history row 2 was altered: its hash does not follow from its columns',
    },
  ])
})

test('an altered row with a forged hash is found by the row after it', async () => {
  const found = await planted(async (tx) => {
    await tx`update entitlements.pool_provision_transitions set reason = 'x' where pool_id = ${org.poolId} and sequence = 2`
    await rehash(tx, 2)
  })
  expect(found).toEqual([
    { kind: 'link', ...row(3), detail: 'history row 3 does not carry the hash of the row before it' },
  ])
})

test('a row taken out leaves a jump, a broken link and a step from nowhere', async () => {
  const found = await planted(
    (tx) =>
      tx`delete from entitlements.pool_provision_transitions where pool_id = ${org.poolId} and sequence = 3`,
  )
  expect(found.map(({ kind, sequence }) => `${kind} ${sequence}`).sort()).toEqual([
    'link 4',
    'sequence 4',
    'step 4',
  ])
})

test('the last row taken out is found by where the pool stands', async () => {
  const found = await planted(
    (tx) =>
      tx`delete from entitlements.pool_provision_transitions where pool_id = ${org.poolId} and sequence = 5`,
  )
  expect(found).toEqual([
    { kind: 'place', ...row(4), detail: 'history ends with leaving the ladder, and the pool stands on it' },
  ])
})

test('a whole history taken out is found as well', async () => {
  const found = await planted(
    (tx) => tx`delete from entitlements.pool_provision_transitions where pool_id = ${org.poolId}`,
  )
  expect(found).toMatchObject([
    { kind: 'place', detail: 'a pool stands on this ladder, and history does not know it' },
  ])
})

test('a place taken away without history is found', async () => {
  const found = await planted(async (tx) => {
    await tx`update entitlements.pool_provision_ladders set status = 'ended', ended_at = clock_timestamp()
              where pool_id = ${org.poolId} and ended_at is null`
    await tx`update entitlements.pool_provisions set status = 'ended', ended_at = a.ended_at
               from entitlements.pool_provision_ladders a
              where a.provision_id = pool_provisions.provision_id and a.pool_id = ${org.poolId} and pool_provisions.ended_at is null`
  })
  expect(found).toEqual([
    { kind: 'place', ...row(5), detail: 'history ends with a provision that is not attached any more' },
  ])
})

test('a move called by another name, correctly hashed, is found by its ranks', async () => {
  const found = await planted(async (tx) => {
    await tx`update entitlements.pool_provision_transitions set transition_type = 'extend' where pool_id = ${org.poolId} and sequence = 2`
    await rehash(tx, 2)
  })
  expect(found.map(({ kind, sequence }) => `${kind} ${sequence}`).sort()).toEqual(['link 3', 'step 2'])
})

test('D25 one event that moved a pool twice is found, and the default re-applied after its end is not counted', async () => {
  const found = await planted(async (tx) => {
    await tx`update entitlements.pool_provision_transitions set cause_id = 'evt_same' where pool_id = ${org.poolId} and sequence in (2, 3)`
  })
  expect(found).toContainEqual({
    kind: 'cause_twice',
    ...row(3),
    detail: 'event evt_same moved the pool 2 times',
  })
})

test('R14 an attachment that is no copy of its provision is found', async () => {
  const found = await planted(
    (tx) =>
      tx`update entitlements.pool_provisions set status = 'past_due' where pool_id = ${org.poolId} and ended_at is null`,
  )
  expect(found).toMatchObject([{ kind: 'copy', pool_id: org.poolId, sequence: null }])
})

test('R17 two live provisions on one ladder are found, whatever happened to the constraint', async () => {
  const found = await planted(
    (tx) => tx`update entitlements.pool_provisions set status = 'active', ended_at = null
                where provision_id = (select to_provision_id from entitlements.pool_provision_transitions
                                       where pool_id = ${org.poolId} and sequence = 3)`,
  )
  expect(found.map(({ kind }) => kind).sort()).toEqual(['copy', 'two_live'])
})
