import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, expect, inject, test } from 'vitest'
import { applicationUrl, connect } from '../../src/db/connect.ts'
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
afterEach(async () => {
  await db.close()
  rmSync(folder, { recursive: true })
})

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
  // What BullMQ makes as it goes belongs to the application, and the owner cannot grant it.
  const app = connect(db.appUrl, { max: 1 })
  await app`create sequence bullmq.made_by_the_application`
  await app.end()
  expect(await migrateQueueSchema(db.ownerUrl)).toBe(version)
})

test('a login that may not act as the application is told what to grant', async () => {
  await migrate(db.owner, { folder })
  expect(await applicationUrl(db.appUrl)).toBe(db.appUrl)
  await expect(applicationUrl(db.ownerUrl)).rejects.toMatchObject({
    code: 'database_role_missing',
    fix: expect.stringContaining('grant stepladder_app to "stepladder_owner"'),
  })
})

test('one login for everything is narrowed to the application at work, in both drivers', async () => {
  await migrate(db.owner, { folder })
  const server = inject('testServer')
  const superuser = connect(server, { max: 1 })
  const login = `deploy_${Date.now()}`
  await superuser`create role ${superuser(login)} login in role stepladder_owner, stepladder_app`
  try {
    const url = Object.assign(new URL(db.appUrl), { username: login, password: 'trusted' }).toString()
    const narrowed = await applicationUrl(url)
    const app = connect(narrowed, { max: 1 })
    expect(await app`select current_user::text as me`).toEqual([{ me: 'stepladder_app' }])
    await expect(app`drop table shelf`).rejects.toMatchObject({ code: '42501' })
    await app.end()
    const client = new pg.Client({ connectionString: narrowed })
    await client.connect()
    expect((await client.query('select current_user::text as me')).rows).toEqual([{ me: 'stepladder_app' }])
    await client.end()
  } finally {
    await superuser`drop role ${superuser(login)}`
    await superuser.end()
  }
})
