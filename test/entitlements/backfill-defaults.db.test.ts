import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Db } from '../../src/db/types.ts'
import { type BackfillOutcome, backfillDefaults } from '../../src/entitlements/backfill-defaults.ts'
import { reapplyDefaults } from '../../src/entitlements/reapply-defaults.ts'
import { settlePools } from '../../src/entitlements/settle-pools.ts'
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
  short,
  told,
} from './fixture.ts'

let db: TestDatabase
let app: Db
let ladder: Ladder
let orgTypeId: string
let orgType: string
beforeAll(async () => {
  db = await testDatabase()
  app = db.app
})
afterAll(async () => {
  expect((await verifyAudit(app)).violations).toEqual([])
  await db.close()
})
beforeEach(async () => {
  ladder = await aLadder(db.owner)
  orgTypeId = await anOrgType(db.owner, ladder)
  orgType = await keyOf(orgTypeId)
})

async function keyOf(id: string) {
  const [row] = await app<
    { key: string }[]
  >`select org_type_key as key from organization.org_types where org_type_id = ${id}`
  return row!.key
}
async function startOn(to: Ladder | null) {
  await db.owner`update organization.org_types set default_plan_ladder_id = ${to?.planLadderId ?? null} where org_type_id = ${orgTypeId}`
}
const olga = { type: 'operator', id: 'key_1', name: 'Olga' }

async function backfill(batch = 2, after: string | null = null): Promise<BackfillOutcome[]> {
  const outcomes: BackfillOutcome[] = []
  for await (const outcome of backfillDefaults(app, { orgType, tenantId: null, actor: olga, after }, batch))
    outcomes.push(outcome)
  return outcomes
}
const of = (outcomes: BackfillOutcome[], { organizationId }: Organization) =>
  outcomes.find((outcome) => outcome.organizationId === organizationId)

test('R40, R41: who stands nowhere is put on rank 0, whoever stands there or higher is skipped, and a failure holds up nobody', async () => {
  const [nowhere, there, higher, paying, broken] = (await Promise.all(
    Array.from({ length: 5 }, () => anOrganization(db.owner, orgTypeId)),
  )) as [Organization, Organization, Organization, Organization, Organization]
  await startOn(ladder)
  await app.begin(async (tx) => {
    await reapplyDefaults(
      tx,
      new Map([[there.poolId, { reason: 'x', cause: { kind: 'organization', id: 'x' } }]]),
    )
  })
  await aGrant(db.owner, higher, ladder.tiers[1]!.productId)
  await settled(app, higher.poolId)
  await told(app, paying, await aSubscription(db.owner, paying), ladder, 2)
  await db.owner`update entitlements.resource_pools set is_default = false where pool_id = ${broken.poolId}`

  const outcomes = await backfill()
  expect(outcomes).toHaveLength(5)
  expect(of(outcomes, nowhere)).toMatchObject({
    outcome: 'updated',
    reason: expect.stringContaining('now on'),
  })
  expect(of(outcomes, there)).toMatchObject({
    outcome: 'skipped',
    reason: expect.stringContaining('already'),
  })
  expect(of(outcomes, higher)).toMatchObject({
    outcome: 'skipped',
    reason: expect.stringContaining('higher'),
  })
  expect(of(outcomes, paying)).toMatchObject({
    outcome: 'skipped',
    reason: expect.stringContaining('higher'),
  })
  expect(of(outcomes, broken)).toMatchObject({ outcome: 'failed', reason: 'it has no default pool' })
  expect(await place(app, nowhere, ladder)).toMatchObject({ rank: 0 })
  expect(await moves(app, nowhere, ladder)).toEqual(['initiate -→0'])
  const [row] = await app`
    select actor_type, reason, cause_kind, cause_id from entitlements.pool_provision_transitions where pool_id = ${nowhere.poolId}`
  expect(row).toEqual({
    actorType: 'system',
    reason: `Backfill of the org type ${orgType}, asked for by Olga`,
    causeKind: 'operator',
    causeId: 'key_1',
  })
  expect((await backfill()).map(({ outcome }) => outcome).sort()).toEqual([
    'failed',
    ...Array(4).fill('skipped'),
  ])
})

test('D21: nobody is moved down: after a swap of ranks the old rank 0 stands higher and stays', async () => {
  const one = await anOrganization(db.owner, orgTypeId)
  await backfill()
  await db.owner`
    update billing.plan_ladder_tiers t set rank = case when product_id = ${ladder.tiers[0]!.productId} then 1 else 0 end
    where plan_ladder_id = ${ladder.planLadderId} and product_id in (${ladder.tiers[0]!.productId}, ${ladder.tiers[1]!.productId})`
  expect(await backfill()).toMatchObject([{ outcome: 'skipped', reason: expect.stringContaining('higher') }])
  expect(await moves(app, one, ladder)).toEqual(['initiate -→0'])
})

test('R36: a default below the new rank 0 is superseded: its grant and its provision are closed', async () => {
  const one = await anOrganization(db.owner, orgTypeId)
  await backfill()
  await db.owner`
    update billing.plan_ladder_tiers set rank = case when product_id = ${ladder.tiers[0]!.productId} then -1 else 0 end
    where plan_ladder_id = ${ladder.planLadderId} and product_id in (${ladder.tiers[0]!.productId}, ${ladder.tiers[1]!.productId})`
  expect(await backfill()).toMatchObject([{ outcome: 'updated' }])
  expect(await moves(app, one, ladder)).toEqual(['initiate -→0', 'end -1→-', 'initiate -→0'])
  const grants = await app`
    select closed_reason from entitlements.grants where pool_id = ${one.poolId} order by granted_at`
  expect(grants).toEqual([{ closedReason: 'superseded' }, { closedReason: null }])
})

test('R36: a default on another ladder gives way to the new one; what is paid for or granted there does not', async () => {
  const [free, paying] = [
    await anOrganization(db.owner, orgTypeId),
    await anOrganization(db.owner, orgTypeId),
  ]
  await backfill()
  await told(app, paying, await aSubscription(db.owner, paying), ladder, 1)
  const next = await aLadder(db.owner)
  await startOn(next)
  const outcomes = await backfill()
  expect(of(outcomes, free)).toMatchObject({
    outcome: 'updated',
    reason: expect.stringContaining('instead of'),
  })
  expect(of(outcomes, paying)).toMatchObject({ outcome: 'updated' })
  expect(await place(app, free, ladder)).toBeNull()
  expect(await place(app, free, next)).toMatchObject({ rank: 0 })
  expect(await place(app, paying, ladder)).toMatchObject({ rank: 1 })
  expect(await place(app, paying, next)).toMatchObject({ rank: 0 })
})

test('a subscription below rank 0 keeps its place: a default counts only when nothing else claims', async () => {
  const one = await anOrganization(db.owner, orgTypeId)
  await told(app, one, await aSubscription(db.owner, one), ladder, 1)
  await db.owner`
    update billing.plan_ladder_tiers set rank = -1 where plan_ladder_id = ${ladder.planLadderId} and product_id = ${ladder.tiers[1]!.productId}`
  expect(await backfill()).toMatchObject([
    { outcome: 'skipped', reason: expect.stringContaining('subscription') },
  ])
})

test('R42: an org type without a default is refused, and so is a default that nobody can be given', async () => {
  await anOrganization(db.owner, orgTypeId)
  await startOn(null)
  await expect(backfill()).rejects.toMatchObject({ code: 'no_default_ladder', status: 409 })
  await startOn(ladder)
  await db.owner`update billing.products set lifecycle_status = 'draft' where product_id = ${ladder.tiers[0]!.productId}`
  await expect(backfill()).rejects.toMatchObject({ code: 'default_not_published' })
  await db.owner`
    update billing.plan_ladder_tiers set rank = 9 where plan_ladder_id = ${ladder.planLadderId} and product_id = ${ladder.tiers[0]!.productId}`
  await expect(backfill()).rejects.toMatchObject({ code: 'default_without_rank_0' })
  orgType = `none-${short()}`
  await expect(backfill()).rejects.toMatchObject({ code: 'org_type_unknown', status: 404 })
})

test('R40: each organization’s pool is locked before anything is looked at: what its holder did meanwhile counts', async () => {
  const one = await anOrganization(db.owner, orgTypeId)
  let running: Promise<BackfillOutcome[]> | undefined
  await app.begin(async (tx) => {
    await tx`select from entitlements.resource_pools where pool_id = ${one.poolId} for update`
    running = backfill()
    const waits = async () =>
      (
        await app`
          select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
            and query like '%resource_pools%for update%'`
      ).length
    while ((await waits()) === 0) await new Promise((resolve) => setTimeout(resolve, 20))
    await aGrant(tx, one, ladder.tiers[1]!.productId)
    await settlePools(tx, [byEvent(one.poolId, 'x')])
  })
  expect(await running).toMatchObject([{ outcome: 'skipped', reason: expect.stringContaining('higher') }])
})

test('R41: what fails unexpectedly is told with its code and the error, and the next ones are done', async () => {
  const [first, second] = [
    await anOrganization(db.owner, orgTypeId),
    await anOrganization(db.owner, orgTypeId),
  ].sort((a, b) => (a.organizationId < b.organizationId ? -1 : 1)) as [Organization, Organization]
  await db.owner`
    create function refuse_this_pool() returns trigger language plpgsql as $$
    begin raise exception 'no' using errcode = 'P0001'; end $$`
  await db.owner`create trigger refuse_this_pool before insert on entitlements.grants for each row execute function refuse_this_pool()`
  const failing = await backfill()
  expect(failing).toMatchObject([
    { outcome: 'failed', reason: 'unexpected (P0001): the log tells more', error: { code: 'P0001' } },
    { outcome: 'failed' },
  ])
  await db.owner`drop trigger refuse_this_pool on entitlements.grants`
  await db.owner`drop function refuse_this_pool`
  // An interrupted one goes on behind the last that it told of.
  expect(await backfill(2, first.organizationId)).toMatchObject([
    { organizationId: second.organizationId, outcome: 'updated' },
  ])
})
