import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { binariesFor } from '../db/binaries.ts'
import {
  binariesVersion,
  type Cluster,
  createCluster,
  freePort,
  ownedFolder,
  readPostmaster,
  serverAccount,
  startCluster,
  stopCluster,
} from '../db/cluster.ts'
import { connect } from '../db/connect.ts'
import { createLocalRoles } from '../db/roles.ts'
import type { Db } from '../db/types.ts'
import { StepladderError } from '../errors.ts'
import { type Running, startChild } from './child-process.ts'

export type PostgresServer = {
  /** `15.14 (system)` */
  version: string
  pid: number
  /** As the superuser, on database `postgres`. */
  superuser: Db
  address: (role: 'postgres' | 'stepladder_owner' | 'stepladder_app', database: string) => string
  close: () => Promise<void>
}

const systemPrograms = '/usr/lib/postgresql/15/bin'

/**
 * The same for everybody who is measured; durable: fsync and synchronous_commit are on. A server that has run for a while writes
 * its log over segments that it has; a new one makes each, 16 MB of zeros, while everybody waits. So what was written is kept
 * for use again (see `freshDatabase`).
 */
const settings = {
  max_connections: '200',
  shared_buffers: '512MB',
  max_wal_size: '4GB',
  min_wal_size: '2GB',
}

/**
 * A PostgreSQL server of the run's own, on a private port: the system's 15 where it is found, else the embedded one.
 */
export async function startPostgres(
  which: 'system' | 'embedded',
  more: Record<string, string> = {},
): Promise<PostgresServer> {
  const runAs = serverAccount()
  const folder = mkdtempSync(join(tmpdir(), 'stepladder-bench-'))
  ownedFolder(folder, runAs)
  const system = which === 'system' && existsSync(join(systemPrograms, 'postgres'))
  const cluster: Cluster = {
    binaries: system ? systemPrograms : binariesFor(runAs, folder).programs,
    data: join(folder, 'data'),
    log: join(folder, 'postgres.log'),
    runAs,
  }
  const port = await freePort()
  const address: PostgresServer['address'] = (role, database) =>
    `postgres://${role}:bench@127.0.0.1:${port}/${database}`
  const close = async () => {
    await stopCluster(cluster, 'immediate')
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await createCluster(cluster, null)
    await startCluster(cluster, port, { ...settings, ...more })
    const superuser = connect(address('postgres', 'postgres'), { max: 2 })
    await createLocalRoles(superuser, { owner: 'bench', app: 'bench' })
    const version = `${await binariesVersion(cluster.binaries)} (${system ? 'system' : 'embedded'})`
    return {
      version,
      pid: readPostmaster(cluster.data)!.pid,
      superuser,
      address,
      close: async () => {
        await superuser.end({ timeout: 2 })
        await close()
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}

export type RedisServer = { url: string; pid: number; close: () => Promise<void> }

/**
 * A Redis server of the run's own, on a private port, with its log of appends written every second.
 * @throws StepladderError where there is none on this machine.
 */
export async function startRedis(): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'stepladder-bench-redis-'))
  const port = await freePort()
  const settings = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'yes', '--appendfsync', 'everysec']
  const command = ['redis-server', '--port', String(port), '--dir', folder, ...settings]
  let running: Running
  try {
    running = await startChild([...command, '--maxmemory-policy', 'noeviction'], {
      environment: {},
      ready: 'eady to accept connections',
    })
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw new StepladderError(
      'redis_missing',
      `No Redis server could be started: ${(error as Error).message}`,
      'Install redis-server: Stepladder is measured in its production shape, and that has one.',
      { cause: error },
    )
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    pid: running.pid,
    close: async () => {
      await running.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
