import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aLadder, aProduct, short } from '../entitlements/fixture.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db.close())

/** `name type nullable default` of a table's columns, as the catalog tells it. */
async function columns(table: string) {
  const rows = await db.app<{ column: string }[]>`
    select concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), case when a.attnotnull then 'not null' end,
                     'default ' || pg_get_expr(d.adbin, d.adrelid)) as column
      from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
     where a.attrelid = ${table}::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum`
  return rows.map(({ column }) => column)
}

describe('ladders', () => {
  test('R1 plan_ladders has the columns that were agreed', async () => {
    expect(await columns('billing.plan_ladders')).toEqual([
      'plan_ladder_id uuid not null default gen_random_uuid()',
      'ladder_key character varying(100) not null',
      'name text not null',
      'description text',
      'is_active boolean not null default true',
      'created_at timestamp with time zone not null default now()',
      'updated_at timestamp with time zone not null default now()',
    ])
  })

  test('R2 a new key makes an active ladder with an id of its own, and the same key twice is refused', async () => {
    const key = `l-${short()}`
    const [made] = await db.app`
      insert into billing.plan_ladders (ladder_key, name) values (${key}, 'L') returning plan_ladder_id, is_active`
    expect(made).toEqual({ planLadderId: expect.stringMatching(/^[0-9a-f-]{36}$/), isActive: true })
    await expect(
      db.app`insert into billing.plan_ladders (ladder_key, name) values (${key}, 'Again')`,
    ).rejects.toMatchObject({ code: '23505' })
  })

  test('R3 a tier is a product on a ladder, once', async () => {
    expect(await columns('billing.plan_ladder_tiers')).toEqual([
      'plan_ladder_id uuid not null',
      'product_id uuid not null',
      'rank integer not null',
      'created_at timestamp with time zone not null default now()',
      'updated_at timestamp with time zone not null default now()',
    ])
    const { planLadderId, tiers } = await aLadder(db.app)
    await expect(
      db.app`insert into billing.plan_ladder_tiers (plan_ladder_id, product_id, rank)
             values (${planLadderId}, ${tiers[0]!.productId}, 9)`,
    ).rejects.toMatchObject({ code: '23505', constraint_name: 'plan_ladder_tiers_pkey' })
    const unknown = '00000000-0000-0000-0000-000000000000'
    await expect(
      db.app`insert into billing.plan_ladder_tiers (plan_ladder_id, product_id, rank) values (${planLadderId}, ${unknown}, 9)`,
    ).rejects.toMatchObject({ code: '23503' })
  })

  test('R4 a rank on a ladder belongs to one product', async () => {
    const { planLadderId } = await aLadder(db.app)
    const { productId } = await aProduct(db.app)
    await expect(
      db.app`insert into billing.plan_ladder_tiers (plan_ladder_id, product_id, rank) values (${planLadderId}, ${productId}, 1)`,
    ).rejects.toMatchObject({ code: '23505', constraint_name: 'plan_ladder_tiers_rank_unique' })
  })

  test('R4 D15 two tiers swap ranks inside a transaction that ends with them unique', async () => {
    const { planLadderId, tiers } = await aLadder(db.app)
    const rank = (tx: typeof db.app, tier: number, to: number) =>
      tx`update billing.plan_ladder_tiers set rank = ${to}
          where plan_ladder_id = ${planLadderId} and product_id = ${tiers[tier]!.productId}`
    await db.app.begin(async (tx) => {
      await tx`set constraints billing.plan_ladder_tiers_rank_unique deferred`
      await rank(tx as never, 1, 2)
      await rank(tx as never, 2, 1)
    })
    const ranks = await db.app<{ productId: string }[]>`
      select product_id from billing.plan_ladder_tiers where plan_ladder_id = ${planLadderId} order by rank`
    expect(ranks.map(({ productId }) => productId)).toEqual([0, 2, 1].map((n) => tiers[n]!.productId))
    await expect(
      db.app.begin(async (tx) => {
        await tx`set constraints billing.plan_ladder_tiers_rank_unique deferred`
        await rank(tx as never, 1, 0)
      }),
    ).rejects.toMatchObject({ code: '23505' })
  })

  test('R5 being on a ladder is a tier row and nothing else: products name no ladder', async () => {
    const naming = await db.app`
      select table_name from information_schema.columns
       where table_schema = 'billing' and column_name = 'plan_ladder_id' order by table_name`
    expect(naming.map(({ tableName }) => tableName)).toEqual(['plan_ladder_tiers', 'plan_ladders'])
  })
})

describe('products', () => {
  test('R7 the type plan is retired; addon, usage, one_time and none are accepted', async () => {
    for (const type of ['plan', 'tier', '']) {
      await expect(aProduct(db.app, type)).rejects.toMatchObject({ code: '23514' })
    }
    for (const type of ['addon', 'usage', 'one_time']) await aProduct(db.app, type)
  })

  test('R8 a product without a type may be a tier, and may be a draft that is none yet', async () => {
    const ladder = await aLadder(db.app)
    const draft = await aProduct(db.app, null)
    const rows = await db.app`
      select product_type from billing.products where product_id in (${draft.productId}, ${ladder.tiers[0]!.productId})`
    expect(rows).toEqual([{ productType: null }, { productType: null }])
  })

  test('R9 the schema does not forbid publishing a product without a type: that gate is the application’s', async () => {
    const { productId } = await aProduct(db.app, null)
    const [row] = await db.app`select lifecycle_status from billing.products where product_id = ${productId}`
    expect(row).toEqual({ lifecycleStatus: 'published' })
  })

  test('R10 product_kinds has one row per product: plan with a tier on any ladder, else its type, else nothing', async () => {
    const tiered = await aProduct(db.app, null)
    for (const ladder of [await aLadder(db.app), await aLadder(db.app)]) {
      await db.app`insert into billing.plan_ladder_tiers (plan_ladder_id, product_id, rank)
                   values (${ladder.planLadderId}, ${tiered.productId}, 7)`
    }
    const addon = await aProduct(db.app, 'addon')
    const draft = await aProduct(db.app, null)
    const kinds = await db.app`
      select product_kind from billing.product_kinds k join unnest(${[tiered.productId, addon.productId, draft.productId]}::uuid[])
        with ordinality as p (id, n) on p.id = k.product_id order by n`
    expect(kinds.map(({ productKind }) => productKind)).toEqual(['plan', 'addon', null])
    const [counts] = await db.app`
      select (select count(*) from billing.product_kinds) = (select count(*) from billing.products) as same`
    expect(counts).toEqual({ same: true })
  })

  test('R12 a product begins as a draft; published and retired are the other two, whatever its kind', async () => {
    expect(await columns('billing.products')).toContain(
      "lifecycle_status character varying(20) not null default 'draft'::character varying",
    )
    const [made] = await db.app`
      insert into billing.products (product_key, name) values (${short()}, 'D') returning lifecycle_status`
    expect(made).toEqual({ lifecycleStatus: 'draft' })
    await expect(
      db.app`insert into billing.products (product_key, name, lifecycle_status) values (${short()}, 'L', 'live')`,
    ).rejects.toMatchObject({ code: '23514' })
    await db.app`insert into billing.products (product_key, name, product_type, lifecycle_status)
                 values (${short()}, 'U', 'usage', 'retired')`
  })
})
