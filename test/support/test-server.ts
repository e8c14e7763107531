import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { binariesFor } from '../../src/db/binaries.ts'
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
import { migrate } from '../../src/db/migrate.ts'
import { migrateQueueSchema } from '../../src/db/queue-schema.ts'
import { createLocalDatabase, createLocalRoles } from '../../src/db/roles.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The superuser's address of the run's server, with `postgres` as its database. */
    testServer: string
  }
}

export const templateDatabase = 'stepladder_template'

const folderPrefix = 'stepladder-test-'

/**
 * One PostgreSQL server for the whole run, with everything migrated once into a template. Durability is off: these
 * databases live for milliseconds. `TEST_DATABASE_SERVER=15` takes the system's binaries of that version instead of
 * the embedded ones, and `TEST_DATABASE_BINARIES` names their folder where it is not Debian's.
 */
export default async function testServer(project: TestProject): Promise<() => Promise<void>> {
  const runAs = serverAccount()
  await sweepAbandoned()
  const folder = mkdtempSync(join(place(), folderPrefix))
  ownedFolder(folder, runAs)
  const cluster: Cluster = {
    binaries: binaries(folder),
    data: join(folder, 'data'),
    log: join(folder, 'postgres.log'),
    runAs,
  }
  writeFileSync(join(folder, 'run.json'), JSON.stringify({ pid: process.pid, cluster }))
  const teardown = async () => {
    await stopCluster(cluster, 'immediate')
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await createCluster(cluster, null)
    const port = await freePort()
    await startCluster(cluster, port, {
      fsync: 'off',
      synchronous_commit: 'off',
      full_page_writes: 'off',
      max_connections: '400',
      shared_buffers: '256MB',
      max_wal_size: '4GB',
    })
    const superuser = `postgres://postgres:postgres@127.0.0.1:${port}/postgres`
    await makeTemplate(superuser)
    project.provide('testServer', superuser)
  } catch (error) {
    await teardown()
    throw error
  }
  return teardown
}

/** The two roles and one migrated database on a server that was just made; answers nothing but works or throws. */
export async function makeTemplate(superuserUrl: string): Promise<void> {
  const superuser = connect(superuserUrl, { max: 1 })
  await createLocalRoles(superuser, { owner: 'owner', app: 'app' })
  await createLocalDatabase(superuser, templateDatabase)
  const ownerUrl = asRole(superuserUrl, 'owner', templateDatabase)
  const owner = connect(ownerUrl, { max: 1 })
  await migrate(owner)
  await owner.end()
  await migrateQueueSchema(ownerUrl)
  await superuser.end()
}

/** The address of another database on the run's server, as one of the two local roles. */
export function asRole(serverUrl: string, role: 'owner' | 'app', database: string): string {
  const url = new URL(serverUrl)
  url.username = `stepladder_${role}`
  url.password = role
  url.pathname = `/${database}`
  return url.toString()
}

/** The folder of PostgreSQL's programs that this run tests with. */
export function binaries(folder: string): string {
  const { TEST_DATABASE_SERVER, TEST_DATABASE_BINARIES } = process.env
  if (TEST_DATABASE_BINARIES) return TEST_DATABASE_BINARIES
  if (!TEST_DATABASE_SERVER) return binariesFor(serverAccount(), folder).programs
  const programs = `/usr/lib/postgresql/${TEST_DATABASE_SERVER}/bin`
  if (!existsSync(programs))
    throw new Error(`TEST_DATABASE_SERVER=${TEST_DATABASE_SERVER}: no ${programs} here`)
  return programs
}

/** Memory where there is plenty: a clone makes a thousand files, 40 ms there and half a second on some disks. */
function place(): string {
  try {
    const { bavail, bsize } = statfsSync('/dev/shm')
    if (bavail * bsize > 3 * 1024 ** 3) return '/dev/shm'
  } catch {
    // No such thing on macOS.
  }
  return tmpdir()
}

/** A run that was killed leaves its server behind; the next one clears it away. */
async function sweepAbandoned(): Promise<void> {
  for (const name of readdirSync(place()).filter((entry) => entry.startsWith(folderPrefix))) {
    const folder = join(place(), name)
    try {
      const { pid, cluster } = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as {
        pid: number
        cluster: Cluster
      }
      if (existsSync(`/proc/${pid}`) || isAlive(pid)) continue
      await stopCluster(cluster, 'immediate')
      rmSync(folder, { recursive: true, force: true })
    } catch {
      // Not a run of ours, or one that is just beginning.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
