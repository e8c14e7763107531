import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  aGrant,
  aLadder,
  anOrgType,
  founded,
  type Ladder,
  type Organization,
} from '../entitlements/fixture.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
let ladder: Ladder
let org: Organization
let other: Organization
beforeAll(async () => {
  db = await testDatabase()
  ladder = await aLadder(db.app)
  const type = await anOrgType(db.app, ladder)
  org = await founded(db.app, type)
  other = await founded(db.app, type)
})
afterAll(() => db.close())

const product = () => ladder.tiers[1]!.productId

async function extension(of: string | null, to = org, grantId?: string) {
  const [row] = await db.owner<{ grantId: string }[]>`
    insert into entitlements.grants (grant_id, tenant_id, organization_id, pool_id, product_id, grant_reason, actor_type, extends_grant_id)
    values (coalesce(${grantId ?? null}::uuid, gen_random_uuid()), ${to.tenantId}, ${to.organizationId}, ${to.poolId},
            ${product()}, 'extension', 'operator', ${of})
    returning grant_id`
  return row!.grantId
}

describe('R50 what a grant extends', () => {
  test('is told when it is made, and changing it is refused even to the owner', async () => {
    const first = await aGrant(db.app, org, product())
    const second = await extension(first)
    for (const sql of [db.app, db.owner]) {
      for (const value of [null, await aGrant(db.app, org, product())]) {
        const change = sql`update entitlements.grants set extends_grant_id = ${value} where grant_id = ${second}`
        await expect(change).rejects.toMatchObject({ code: '42501' })
      }
    }
    await expect(
      db.owner`update entitlements.grants set extends_grant_id = ${second} where grant_id = ${first}`,
    ).rejects.toMatchObject({ code: '42501' })
    await db.app`update entitlements.grants set closed_at = now() + interval '1 s', closed_reason = 'revoked' where grant_id = ${second}`
  })

  test('is of the same organization, and stays so', async () => {
    const first = await aGrant(db.app, org, product())
    await expect(extension(first, other)).rejects.toMatchObject({ code: '23514' })
    const second = await extension(first)
    const away = db.owner`update entitlements.grants set organization_id = ${other.organizationId} where grant_id = ${second}`
    await expect(away).rejects.toMatchObject({ code: '42501' })
  })

  test('is not itself', async () => {
    const id = '7f0c0f6e-0000-4000-8000-000000000001'
    await expect(extension(id, org, id)).rejects.toMatchObject({
      code: '23514',
      constraint_name: 'grants_extend_another',
    })
  })
})

describe('a ceiling', () => {
  const set = (to = org) => db.app<{ ceilingId: string }[]>`
    insert into entitlements.ceilings (tenant_id, organization_id, pool_id, plan_ladder_id, product_id, reason, actor_type)
    values (${to.tenantId}, ${to.organizationId}, ${to.poolId}, ${ladder.planLadderId}, ${product()}, 'why', 'operator')
    returning ceiling_id`

  test('is one on a pool and ladder while it lives, and the application can lift it and change nothing else of it', async () => {
    const [{ ceilingId } = { ceilingId: '' }] = await set()
    await expect(set()).rejects.toMatchObject({ code: '23505' })
    await expect(
      db.app`update entitlements.ceilings set product_id = ${ladder.tiers[2]!.productId} where ceiling_id = ${ceilingId}`,
    ).rejects.toMatchObject({ code: '42501' })
    await expect(db.app`delete from entitlements.ceilings`).rejects.toMatchObject({ code: '42501' })
    await expect(
      db.app`update entitlements.ceilings set lifted_at = set_at - interval '1 s', lifted_how = 'lifted'`,
    ).rejects.toMatchObject({ constraint_name: 'ceilings_time_runs_forward' })
    await db.app`update entitlements.ceilings set lifted_at = clock_timestamp(), lifted_how = 'lifted' where ceiling_id = ${ceilingId}`
    expect(await set()).toHaveLength(1)
  })

  test('keeps its tier on the ladder while it lives', async () => {
    await set(other)
    const remove = () => db.app`
      delete from billing.plan_ladder_tiers where plan_ladder_id = ${ladder.planLadderId} and product_id = ${product()}`
    await expect(remove()).rejects.toMatchObject({
      code: '23503',
      constraint_name: 'plan_ladder_tiers_no_live_ceiling',
    })
    await db.app`update entitlements.ceilings set lifted_at = clock_timestamp(), lifted_how = 'lifted' where lifted_at is null`
    expect((await remove()).count).toBe(1)
  })
})
