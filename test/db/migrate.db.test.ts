import { appendFileSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { applicationUrl, connect, withRole } from '../../src/db/connect.ts'
import { migrate, migrationsPending, readMigrations } from '../../src/db/migrate.ts'
import { migrateQueueSchema } from '../../src/db/queue-schema.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

let db: TestDatabase
let folder: string

beforeEach(async () => {
  db = await testDatabase({ migrated: false })
  folder = mkdtempSync(join(tmpdir(), 'stepladder-sql-'))
  writeFileSync(join(folder, '0001_shelf.sql'), 'create table shelf (id int); insert into shelf values (1);')
  writeFileSync(join(folder, '0002_lamp.sql'), 'create table lamp (id int);')
  writeFileSync(join(folder, 'schema.sql'), 'this is the dump and no migration')
})
afterEach(() => db.close())

test('files are applied once, in the order of their names, and the dump among them is not', async () => {
  expect(await migrationsPending(db.owner, folder)).toEqual(['0001_shelf.sql', '0002_lamp.sql'])
  expect(await migrate(db.owner, { folder })).toEqual({
    applied: ['0001_shelf.sql', '0002_lamp.sql'],
    pending: [],
  })
  expect((await migrate(db.owner, { folder })).applied).toEqual([])
  expect(await db.owner`select count(*) as rows from shelf`).toEqual([{ rows: 1 }])
})

test('several deployments that migrate at once apply each file once', async () => {
  const deployments = await Promise.all([1, 2, 3, 4].map(() => migrate(db.owner, { folder })))
  expect(deployments.flatMap(({ applied }) => applied).sort()).toEqual(['0001_shelf.sql', '0002_lamp.sql'])
})

test('a file that fails leaves nothing of itself, keeps those before it, and is named with its line', async () => {
  writeFileSync(join(folder, '0002_lamp.sql'), 'create table lamp (id int);\n\nselect * from nowhere;')
  await expect(migrate(db.owner, { folder })).rejects.toMatchObject({
    code: 'migration_failed',
    message: expect.stringMatching(/0002_lamp\.sql failed at line 3.*nowhere/),
  })
  const [left] = await db.owner`select to_regclass('shelf') is not null as shelf, to_regclass('lamp') as lamp`
  expect(left).toEqual({ shelf: true, lamp: null })
  expect(await migrationsPending(db.owner, folder)).toEqual(['0002_lamp.sql'])
})

test('a file that was altered after it was applied is refused before anything is touched', async () => {
  await migrate(db.owner, { folder, to: '0001' })
  appendFileSync(join(folder, '0001_shelf.sql'), '\n-- altered')
  await expect(migrate(db.owner, { folder })).rejects.toMatchObject({ code: 'migration_altered' })
  expect(await db.owner`select to_regclass('lamp') as lamp`).toEqual([{ lamp: null }])
})

test('--to stops after the file it names, and a name that is none is a usage error', async () => {
  expect((await migrate(db.owner, { folder, to: '0001' })).applied).toEqual(['0001_shelf.sql'])
  await expect(migrate(db.owner, { folder, to: '0009' })).rejects.toMatchObject({ code: 'migration_unknown' })
})

test('--dry-run says what is pending and changes nothing', async () => {
  expect(await migrate(db.owner, { folder, dryRun: true })).toEqual({
    applied: [],
    pending: ['0001_shelf.sql', '0002_lamp.sql'],
  })
  expect(await db.owner`select to_regclass('stepladder_migrations') as made`).toEqual([{ made: null }])
})

test("Stepladder's own migrations apply as an owner who is no superuser, and the application may read how far they are", async () => {
  expect((await migrate(db.owner)).applied).toEqual(readMigrations().map(({ name }) => name))
  expect(await migrationsPending(db.app)).toEqual([])
  await expect(
    db.app`insert into stepladder_migrations (name, sha256) values ('x', 'y')`,
  ).rejects.toMatchObject({ code: '42501' })
})

test('the schema of the queues is brought up to date again and again without harm', async () => {
  const version = await migrateQueueSchema(db.ownerUrl)
  expect(await migrateQueueSchema(db.ownerUrl)).toBe(version)
})

test('a login of its own works as it is; one that owns the schema is narrowed to the application, in both drivers', async () => {
  await migrate(db.owner, { folder })
  expect(await applicationUrl(db.appUrl)).toBe(db.appUrl)
  // The local owner may not act as the application: the next step is told.
  await expect(applicationUrl(db.ownerUrl)).rejects.toMatchObject({
    code: 'database_role_missing',
    fix: expect.stringContaining('grant stepladder_app to "stepladder_owner"'),
  })
  const narrowed = connect(withRole(db.appUrl, 'stepladder_app'), { max: 1 })
  expect(await narrowed`select current_user::text as me`).toEqual([{ me: 'stepladder_app' }])
  await narrowed.end()
})
