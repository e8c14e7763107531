import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  aGrant,
  aLadder,
  anOrganization,
  anOrgType,
  aProduct,
  type Ladder,
  type Organization,
} from '../entitlements/fixture.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
let ladder: Ladder
let org: Organization
beforeAll(async () => {
  db = await testDatabase()
  ladder = await aLadder(db.owner)
})
beforeEach(async () => {
  org = await anOrganization(db.owner, await anOrgType(db.owner, null))
})
afterAll(() => db.close())

const noon = (day: number) => new Date(Date.UTC(2026, 0, day, 12))

type Raw = { status?: string; from?: Date; to?: Date | null; on?: Ladder | null; product?: string }

/** A provision and its attachment as a careless migration might write them: by the owner, past every door. */
async function provided({ status = 'active', from = noon(1), to = null, on = ladder, product }: Raw = {}) {
  const productId = product ?? ladder.tiers[1]!.productId
  const grantId = await aGrant(db.owner, org, productId)
  return db.owner.begin(async (tx) => {
    const [row] = await tx<{ provisionId: string }[]>`
      insert into entitlements.pool_provisions (tenant_id, pool_id, product_id, grant_id, status, activated_at, ended_at)
      values (${org.tenantId}, ${org.poolId}, ${productId}, ${grantId}, ${status}, ${from}, ${to}) returning provision_id`
    const { provisionId } = row!
    if (on) {
      await tx`insert into entitlements.pool_provision_ladders (provision_id, plan_ladder_id, pool_id, status, activated_at, ended_at)
               values (${provisionId}, ${on.planLadderId}, ${org.poolId}, ${status}, ${from}, ${to})`
    }
    return provisionId
  })
}

async function attachment(provisionId: string) {
  const [row] = await db.app`
    select status, activated_at, ended_at, pool_id from entitlements.pool_provision_ladders where provision_id = ${provisionId}`
  return row
}

describe('attachments', () => {
  test('R13 pool_provision_ladders has the columns, keys and references that were agreed', async () => {
    const columns = await db.app<{ column: string }[]>`
      select concat_ws(' ', column_name, data_type, case is_nullable when 'NO' then 'not null' end) as column
        from information_schema.columns
       where table_schema = 'entitlements' and table_name = 'pool_provision_ladders' order by ordinal_position`
    expect(columns.map(({ column }) => column)).toEqual([
      'provision_id uuid not null',
      'plan_ladder_id uuid not null',
      'pool_id uuid not null',
      'status text not null',
      'activated_at timestamp with time zone not null',
      'ended_at timestamp with time zone',
      'created_at timestamp with time zone not null',
      'updated_at timestamp with time zone not null',
    ])
    const constraints = await db.app<{ definition: string }[]>`
      select pg_get_constraintdef(oid) as definition from pg_constraint
       where conrelid = 'entitlements.pool_provision_ladders'::regclass and contype in ('p', 'f') order by contype desc, 1`
    expect(constraints.map(({ definition }) => definition)).toEqual([
      'PRIMARY KEY (provision_id, plan_ladder_id)',
      'FOREIGN KEY (plan_ladder_id) REFERENCES billing.plan_ladders(plan_ladder_id)',
      'FOREIGN KEY (pool_id) REFERENCES entitlements.resource_pools(pool_id)',
      'FOREIGN KEY (provision_id) REFERENCES entitlements.pool_provisions(provision_id)',
    ])
  })

  test('R15 two active attachments of one pool and ladder may not overlap in time', async () => {
    await provided({ from: noon(1) })
    await expect(provided({ from: noon(5) })).rejects.toMatchObject({ code: '23P01' })
    const [exclusion] = await db.app`
      select pg_get_constraintdef(oid) as definition from pg_constraint where conname = 'pool_provision_ladders_one_active'`
    expect(exclusion!.definition).toBe(
      "EXCLUDE USING gist (pool_id WITH =, plan_ladder_id WITH =, tstzrange(activated_at, ended_at, '[)'::text) WITH &&) WHERE ((status = 'active'::text))",
    )
  })

  test('R16 what has ended stands in nobody’s way, and other ladders are other places', async () => {
    await provided({ status: 'ended', from: noon(1), to: noon(9) })
    await provided({ from: noon(5) })
    const other = await aLadder(db.owner)
    await provided({ from: noon(5), on: other, product: other.tiers[1]!.productId })
    const [count] = await db.app`
      select count(*) as live from entitlements.pool_provision_ladders where pool_id = ${org.poolId} and ended_at is null`
    expect(count).toEqual({ live: 2 })
  })

  test('R6 R17 of eight attachments inserted at once one is made, and the others are refused', async () => {
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => provided()))
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const lost of tries.filter((one) => one.status === 'rejected')) {
      // 40P01: of two that wait for each other's unfinished row, the database ends one.
      expect(['23P01', '40P01']).toContain((lost.reason as { code: string }).code)
    }
  })

  test.each(['active', 'trialing', 'past_due', 'unpaid', 'paused'])(
    'D16 beside a provision that is %s no second one is live, so its recovery cannot fail',
    async (status) => {
      const first = await provided({ status })
      await expect(provided({ status: 'active', from: noon(5) })).rejects.toMatchObject({ code: '23P01' })
      await expect(provided({ status: 'past_due', from: noon(5) })).rejects.toMatchObject({ code: '23P01' })
      await db.owner`update entitlements.pool_provisions set status = 'active' where provision_id = ${first}`
      expect(await attachment(first)).toMatchObject({ status: 'active' })
    },
  )
})

describe('copies of the provision', () => {
  test('R14 R18 a raw update of the provision is carried to its attachment: pool, status and both times', async () => {
    const provisionId = await provided()
    const other = await anOrganization(db.owner, await anOrgType(db.owner, null))
    await db.owner`
      update entitlements.pool_provisions
         set status = 'ended', ended_at = ${noon(20)}, activated_at = ${noon(2)}, pool_id = ${other.poolId}
       where provision_id = ${provisionId}`
    expect(await attachment(provisionId)).toEqual({
      status: 'ended',
      activatedAt: noon(2),
      endedAt: noon(20),
      poolId: other.poolId,
    })
  })

  test('R14 after any number of changes every attachment is still a copy of its provision', async () => {
    const provisionId = await provided()
    for (const status of ['past_due', 'unpaid', 'active', 'trialing']) {
      await db.owner`update entitlements.pool_provisions set status = ${status} where provision_id = ${provisionId}`
    }
    const unlike = await db.app`
      select provision_id from entitlements.pool_provision_ladders a join entitlements.pool_provisions v using (provision_id)
       where (a.pool_id, a.status, a.activated_at, a.ended_at) is distinct from (v.pool_id, v.status, v.activated_at, v.ended_at)`
    expect(unlike).toEqual([])
  })

  test('R19 a provision that is attached to no ladder changes without error or effect', async () => {
    const addon = await aProduct(db.owner, 'addon')
    const provisionId = await provided({ product: addon.productId, on: null })
    await db.owner`
      update entitlements.pool_provisions set status = 'ended', ended_at = ${noon(3)} where provision_id = ${provisionId}`
    expect(await attachment(provisionId)).toBeUndefined()
  })

  test('D14 a provision says itself which product it provides', async () => {
    const [column] = await db.app`
      select is_nullable from information_schema.columns
       where table_schema = 'entitlements' and table_name = 'pool_provisions' and column_name = 'product_id'`
    expect(column).toEqual({ isNullable: 'NO' })
  })

  test('D24 nothing ends before it began', async () => {
    const provisionId = await provided({ from: noon(5) })
    await expect(
      db.owner`update entitlements.pool_provisions set status = 'ended', ended_at = ${noon(4)} where provision_id = ${provisionId}`,
    ).rejects.toMatchObject({ code: '23514' })
  })

  test('a provision has one source, a grant or a subscription, and not both or neither', async () => {
    await expect(
      db.owner`insert into entitlements.pool_provisions (tenant_id, pool_id, product_id)
               values (${org.tenantId}, ${org.poolId}, ${ladder.tiers[0]!.productId})`,
    ).rejects.toMatchObject({ code: '23514', constraint_name: 'pool_provisions_one_source' })
  })
})

describe('R22 the application writes none of the three tables by itself', () => {
  test.each(['pool_provisions', 'pool_provision_ladders', 'pool_provision_transitions'])(
    '%s',
    async (table) => {
      const name = db.app(`entitlements.${table}`)
      for (const attempt of [
        db.app`insert into ${name} select * from ${name}`,
        db.app`update ${name} set pool_id = ${randomUUID()}`,
        db.app`delete from ${name}`,
        db.app`truncate ${name}`,
      ]) {
        await expect(attempt).rejects.toMatchObject({ code: '42501' })
      }
      expect(await db.app`select 1 from ${name} limit 0`).toEqual([])
    },
  )
})
