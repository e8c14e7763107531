import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Db, Tx } from '../../src/db/types.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
let ours: string
let theirs: string

/** Every table whose rows are a tenant's, as the database itself lists them. */
let tables: { schema: string; name: string }[]

beforeAll(async () => {
  db = await testDatabase()
  tables = await db.owner`
    select n.nspname as schema, c.relname as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute t on t.attrelid = c.oid and t.attname = 'tenant_id' and not t.attisdropped
    where c.relkind in ('r', 'p') and n.nspname <> 'bullmq' and n.nspname !~ '^pg_'
    order by 1, 2`
  const made = await db.owner<{ tenantId: string }[]>`
    insert into organization.tenants (tenant_key, name) values ('ours', 'Ours'), ('theirs', 'Theirs') returning tenant_id`
  ours = made[0]!.tenantId
  theirs = made[1]!.tenantId
  // A row of each tenant in every table, whatever else it would take: what is tested is the wall and not the rows.
  await db.owner.begin(async (tx) => {
    for (const table of tables) for (const tenant of [ours, theirs]) await plant(tx, table, tenant)
  })
})
afterAll(() => db.close())

/** Puts a row into a table with made-up values where it needs any, and without its triggers and checks. */
async function plant(tx: Tx, { schema, name }: { schema: string; name: string }, tenant: string) {
  if (name === 'tenants') return
  const at = tx`${tx(schema)}.${tx(name)}`
  await tx`select set_config('test.table', ${`${schema}.${name}`}, true)`
  await tx`
    do $$
    declare
      v_table constant regclass := current_setting('test.table')::regclass;
      v_name text;
    begin
      for v_name in select conname from pg_constraint where conrelid = v_table and contype in ('f', 'c', 'x') loop
        execute format('alter table %s drop constraint %I cascade', v_table, v_name);
      end loop;
      execute format('alter table %s disable trigger user', v_table);
    end $$`
  const columns = await tx<{ column: string; value: string }[]>`
    select a.attname as column,
      case
        when a.attname = 'tenant_id' then ${tenant}
        when t.typname = 'uuid' then gen_random_uuid()::text
        when t.typcategory = 'N' then (random() * 30000)::int::text
        when t.typcategory = 'D' then '2026-01-01'
        when t.typname = 'interval' then '1 day'
        when t.typcategory = 'B' then 'false'
        when t.typcategory = 'A' then '{}'
        when t.typname like 'json%' then '{}'
        when t.typname = 'bytea' then '\\x' || md5(random()::text)
        when t.typcategory = 'R' then 'empty'
        else md5(random()::text)
      end as value
    from pg_attribute a join pg_type t on t.oid = a.atttypid
    where a.attrelid = ${`${schema}.${name}`}::regclass and a.attnum > 0 and not a.attisdropped
      and a.attgenerated = '' and a.attidentity = ''
      and (a.attname = 'tenant_id' or a.attnotnull and not a.atthasdef)`
  const values = Object.fromEntries(columns.map(({ column, value }) => [column, value]))
  await tx`insert into ${at} ${tx(values)}`
}

/** As the web works for one tenant. */
function asTenant<T>(tenant: string | null, work: (tx: Tx) => Promise<T>): Promise<T> {
  return db.app.begin(async (tx) => {
    await tx`select set_config('role', 'stepladder_web', true)`
    if (tenant !== null) await tx`select set_config('stepladder.tenant', ${tenant}, true)`
    return work(tx)
  }) as Promise<T>
}

async function tenantsIn(tx: Db | Tx, { schema, name }: { schema: string; name: string }): Promise<string[]> {
  const rows = await tx<{ tenantId: string }[]>`select distinct tenant_id from ${tx(schema)}.${tx(name)}`
  return rows.map(({ tenantId }) => tenantId).filter((id) => id === ours || id === theirs)
}

test('every table of a tenant’s rows has its two policies, with no more to it', async () => {
  expect(tables.length).toBeGreaterThan(10)
  const condition = "(tenant_id = (NULLIF(current_setting('stepladder.tenant'::text, true), ''::text))::uuid)"
  for (const { schema, name } of tables) {
    const policies = await db.owner`
      select policyname::text as name, roles::text[] as roles, qual, with_check, cmd, permissive from pg_policies
      where schemaname = ${schema} and tablename = ${name} order by 1`
    const both = { cmd: 'ALL', permissive: 'PERMISSIVE' }
    expect([`${schema}.${name}`, ...policies]).toEqual([
      `${schema}.${name}`,
      { name: 'own_tenant', roles: ['stepladder_web'], qual: condition, withCheck: condition, ...both },
      { name: 'whole', roles: ['stepladder_app'], qual: 'true', withCheck: 'true', ...both },
    ])
  }
})

test('with every condition taken out of a query, no row of another tenant is there', async () => {
  const readable: string[] = []
  for (const table of tables) {
    const name = `${table.schema}.${table.name}`
    // The application itself sees both, or this test would show nothing.
    expect([name, ...(await tenantsIn(db.app, table)).sort()]).toEqual([name, ...[ours, theirs].sort()])
    expect([name, ...(await asTenant(ours, (tx) => tenantsIn(tx, table)))]).toEqual([name, ours])
    expect([name, ...(await asTenant(theirs, (tx) => tenantsIn(tx, table)))]).toEqual([name, theirs])
    expect([name, ...(await asTenant(null, (tx) => tenantsIn(tx, table)))]).toEqual([name])
    expect([name, ...(await asTenant('', (tx) => tenantsIn(tx, table)))]).toEqual([name])
    readable.push(name)
  }
  expect(readable).toContain('entitlements.pool_provision_transitions')
})

test('a row can neither be written for another tenant nor handed to it', async () => {
  const kind = db.owner`
    insert into organization.org_types (org_type_key, name) values ('coop', 'Co-op') returning org_type_id`
  const [{ orgTypeId }] = (await kind) as unknown as [{ orgTypeId: string }]
  const write = (tenant: string) =>
    asTenant(
      ours,
      (tx) => tx`
        insert into organization.organizations (tenant_id, org_type_id, name) values (${tenant}, ${orgTypeId}, 'Hof')`,
    )
  await write(ours)
  await expect(write(theirs)).rejects.toMatchObject({ code: '42501' })
  await expect(
    asTenant(ours, (tx) => tx`update organization.organizations set tenant_id = ${theirs}`),
  ).rejects.toMatchObject({ code: '42501' })
  const taken = await asTenant(ours, (tx) => tx`delete from billing.accounts`)
  expect(taken.count).toBe(1)
  expect(await tenantsIn(db.app, { schema: 'billing', name: 'accounts' })).toEqual([theirs])
})

test('the application’s own plans know nothing of it', async () => {
  for (const { schema, name } of tables) {
    const plan = await db.app<Record<string, string>[]>`
      explain (costs off) select * from ${db.app(schema)}.${db.app(name)} where tenant_id = ${ours}`
    const text = plan.map((row) => Object.values(row)[0]).join(' ')
    expect(text).not.toMatch(/current_setting|One-Time/)
  }
})

test('the role may do what the application may, and no more', async () => {
  const [differs] = await db.owner<{ tables: string[] | null }[]>`
    select array_agg(distinct c.oid::regclass::text) as tables
    from pg_class c join pg_namespace n on n.oid = c.relnamespace,
      unnest(array['select', 'insert', 'update', 'delete', 'truncate']) as p (privilege)
    where n.nspname in ('organization', 'billing', 'entitlements', 'stripe', 'governance', 'outbound', 'auth')
      and c.relkind in ('r', 'p', 'v')
      and has_table_privilege('stepladder_app', c.oid, p.privilege)
        <> has_table_privilege('stepladder_web', c.oid, p.privilege)`
  expect(differs!.tables).toBeNull()
})
