import { afterAll, beforeAll, expect, test } from 'vitest'
import { migrationsPending } from '../../src/db/migrate.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db.close())

test('neither the owner nor the application is a superuser, so a refusal in production is a refusal here', async () => {
  for (const sql of [db.app, db.owner]) {
    const [role] = await sql<
      { rolname: string; rolsuper: boolean; rolbypassrls: boolean; rolcreaterole: boolean }[]
    >`select rolname, rolsuper, rolbypassrls, rolcreaterole from pg_roles where rolname = current_user`
    expect(role).toMatchObject({ rolsuper: false, rolbypassrls: false, rolcreaterole: false })
  }
})

test('a database of a test is fully migrated', async () => {
  expect(await migrationsPending(db.app)).toEqual([])
})

test('the application works in the schema of the queues, and may not migrate or drop it', async () => {
  const [table] = await db.app`select count(*) as jobs from bullmq.migration`
  expect(table!.jobs).toBeGreaterThan(0)
  await expect(db.app`drop schema bullmq cascade`).rejects.toMatchObject({ code: '42501' })
  await expect(db.app`create schema mine`).rejects.toMatchObject({ code: '42501' })
  await expect(db.app`create table public.mine (id int)`).rejects.toMatchObject({ code: '42501' })
})

test('columns come back in camelCase, keys inside jsonb as they were written', async () => {
  const [row] = await db.app`select 1 as plan_ladder_id, '{"client_reference_id": 1}'::jsonb as some_object`
  expect(row).toEqual({ planLadderId: 1, someObject: { client_reference_id: 1 } })
})

test('an int8 is a number while it is a safe integer, and is never rounded beyond that', async () => {
  const [row] = await db.app`select 9007199254740991::int8 as safe, 9007199254740993::int8 as beyond`
  expect(row).toEqual({ safe: 9007199254740991, beyond: '9007199254740993' })
  const [back] = await db.app`select ${9007199254740991}::int8 as sent, ${[1, 2]}::int8[] as many`
  expect(back).toEqual({ sent: 9007199254740991, many: [1, 2] })
})
