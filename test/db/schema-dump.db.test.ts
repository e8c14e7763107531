import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type Cluster,
  createCluster,
  freePort,
  ownedFolder,
  serverAccount,
  startCluster,
  stopCluster,
} from '../../src/db/cluster.ts'
import { connect } from '../../src/db/connect.ts'
import { migrate, migrationsFolder } from '../../src/db/migrate.ts'
import { createLocalDatabase, createLocalRoles } from '../../src/db/roles.ts'

/** The embedded PostgreSQL ships no pg_dump, so this needs a PostgreSQL 15 of the system, which is also the oldest that is supported. */
const programs = process.env.TEST_POSTGRES_15 ?? '/usr/lib/postgresql/15/bin'
const found = existsSync(join(programs, 'pg_dump'))
if (!found)
  console.warn(`no PostgreSQL 15 in ${programs}: sql/schema.sql was NOT compared with the migrations`)

const file = join(migrationsFolder, 'schema.sql')
let folder: string
let cluster: Cluster
let dump: string

beforeAll(async () => {
  if (!found) return
  folder = mkdtempSync(join(tmpdir(), 'stepladder-dump-'))
  ownedFolder(folder, serverAccount())
  cluster = {
    binaries: programs,
    data: join(folder, 'data'),
    log: join(folder, 'log'),
    runAs: serverAccount(),
  }
  await createCluster(cluster, null)
  const port = await freePort()
  await startCluster(cluster, port, { fsync: 'off' })
  const server = `postgres://postgres@127.0.0.1:${port}/postgres`
  const superuser = connect(server, { max: 1 })
  await createLocalRoles(superuser, { owner: 'owner', app: 'app' })
  await createLocalDatabase(superuser, 'dumped')
  await superuser.end()
  const owner = connect(`postgres://stepladder_owner@127.0.0.1:${port}/dumped`, { max: 1 })
  await migrate(owner)
  await owner.end()
  dump = normalized(
    execFileSync(
      join(programs, 'pg_dump'),
      [
        '--schema-only',
        '--no-owner',
        // Which months there are depends on the day.
        '--exclude-table=stripe.event_bodies_2*',
        `--dbname=postgres://postgres@127.0.0.1:${port}/dumped`,
      ],
      { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
    ),
  )
  if (process.env.UPDATE_SCHEMA) writeFileSync(file, dump)
})

afterAll(async () => {
  if (!found) return
  await stopCluster(cluster, 'immediate')
  rmSync(folder, { recursive: true, force: true })
})

test.runIf(found)('sql/schema.sql is what the migrations make (UPDATE_SCHEMA=1 writes it anew)', () => {
  expect(readFileSync(file, 'utf8')).toBe(dump)
})

/** Without what differs from one run or minor version to the next. */
function normalized(text: string): string {
  const header =
    '-- Made by pg_dump 15 from the migrations, for reading: the migrations are what is applied.\n-- UPDATE_SCHEMA=1 npx vitest run test/db/schema-dump.db.test.ts\n\n'
  return (
    header +
    text
      .split('\n')
      .filter((line) => !/^(\\(un)?restrict |-- Dumped |SET |SELECT pg_catalog\.set_config)/.test(line))
      .join('\n')
      .replace(/\n{3,}/g, '\n\n')
      .trim() +
    '\n'
  )
}
