import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, realpathSync, renameSync, rmSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { StepladderError } from '../errors.ts'
import { binariesFor } from './binaries.ts'
import {
  binariesVersion,
  type Cluster,
  createCluster,
  dataVersion,
  freePort,
  readPostmaster,
  startCluster,
  stopCluster,
} from './cluster.ts'
import { connect, reasonOf } from './connect.ts'
import {
  addressOf,
  choosePlace,
  type Kept,
  keep,
  localDatabase,
  type Place,
  prepareHome,
  readKept,
  systemFolder,
} from './embedded-home.ts'
import { withFileLock } from './file-lock.ts'
import { createLocalDatabase, createLocalRoles, localRolesVersion } from './roles.ts'
import { enterAsUser, leaveAsUser } from './server-users.ts'

export type EmbeddedDatabase = {
  /** As stepladder_app. */
  appUrl: string
  /** As stepladder_owner. */
  ownerUrl: string
  /** Whether a server that was already running is used, as after `kill -9` or beside `npm start`. */
  reused: boolean
  /** What a person should be told about where things went. */
  notes: string[]
  /** Leaves it; the last one out stops the server. Safe to call twice. */
  release: () => Promise<void>
}

const settings = {
  max_connections: '200',
  shared_buffers: '128MB',
  max_wal_size: '2GB',
  log_min_messages: 'warning',
  // Statements and details carry what customers are called; the log does without.
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
}

/**
 * The embedded PostgreSQL of a home: made when there is none, started when it does not run, and otherwise simply used.
 * It listens on 127.0.0.1 with passwords of its own, durable as any server. Only one process at a time looks and acts.
 * @throws StepladderError `database_other_version`, `database_start_failed`, `embedded_postgres_missing`, `home_unusable`, `lock_held`.
 */
export async function openEmbedded(home: string): Promise<EmbeddedDatabase> {
  prepareHome(home)
  return withFileLock(join(home, 'postgres.lock'), 60, async () => {
    const known = readKept(home)
    const place = choosePlace(home, known)
    const { programs, copiedTo } = binariesFor(place.account, systemFolder)
    const cluster: Cluster = {
      binaries: programs,
      data: join(place.folder, 'data'),
      log: join(place.folder, 'postgres.log'),
      runAs: place.account,
    }
    const notes = whereabouts(home, place, copiedTo)
    if (!known) notes.push(...(await setAside(home, cluster)))
    const kept: Kept = { ...(known ?? fresh()), home: realpathSync(home), data: cluster.data }
    await refuseOtherVersion(cluster)
    if (dataVersion(cluster.data) === null) {
      kept.prepared = 0
      keep(home, kept)
      await makeData(cluster, kept.passwords.superuser)
    }
    const reused = await joinRunning(cluster, kept)
    if (!reused) await startHere(cluster, kept)
    keep(home, kept)
    enterAsUser(home)
    try {
      if (kept.prepared !== localRolesVersion) await prepareDatabase(home, kept)
    } catch (error) {
      if (leaveAsUser(home) === 0) await stopCluster(cluster)
      throw error
    }
    let released: Promise<void> | undefined
    const release = () => {
      released ??= leave(home, cluster)
      return released
    }
    return { appUrl: addressOf(kept, 'app'), ownerUrl: addressOf(kept, 'owner'), reused, notes, release }
  })
}

function whereabouts(home: string, place: Place, copiedTo: string | null): string[] {
  if (!place.apart && !copiedTo) return []
  const data = place.apart ? [`its data is in ${place.folder}`] : []
  const programs = copiedTo ? [`its programs are in ${copiedTo}`] : []
  const kept = [...data, ...programs].join(' and ')
  return [`PostgreSQL does not run as root, and its account cannot enter ${home}: ${kept}.`]
}

/** The home was removed, and with it the passwords: that is how one starts over. Nothing is thrown away for it. */
async function setAside(home: string, cluster: Cluster): Promise<string[]> {
  if (!existsSync(cluster.data)) return []
  await stopCluster(cluster)
  const aside = `${cluster.data}.${new Date().toISOString().replace(/\W/g, '').slice(0, 15)}`
  renameSync(cluster.data, aside)
  return [`${home} holds no passwords for the data that was here: that data was set aside as ${aside}.`]
}

function fresh(): Pick<Kept, 'port' | 'passwords' | 'prepared'> {
  const password = () => randomBytes(24).toString('base64url')
  const passwords = { superuser: password(), owner: password(), app: password() }
  return { port: 0, passwords, prepared: 0 }
}

async function refuseOtherVersion(cluster: Cluster): Promise<void> {
  const made = dataVersion(cluster.data)
  if (made === null) return
  const now = await binariesVersion(cluster.binaries)
  if (made === now) return
  throw new StepladderError(
    'database_other_version',
    `The data in ${cluster.data} was made by PostgreSQL ${made}; the embedded one is ${now}.`,
    `Start once more with the earlier version of Stepladder and dump it (pg_dump of PostgreSQL ${made}), or move ${cluster.data} away to begin with an empty database.`,
  )
}

/** Made beside and moved into place when whole, so that a kill in between leaves nothing half made. */
async function makeData(cluster: Cluster, password: string): Promise<void> {
  const making = { ...cluster, data: `${cluster.data}.making` }
  rmSync(making.data, { recursive: true, force: true })
  rmSync(cluster.data, { recursive: true, force: true })
  await createCluster(making, password)
  renameSync(making.data, cluster.data)
}

/** A server that outlived its starter is taken over. One that is still coming up, or going down, is waited for. */
async function joinRunning(cluster: Cluster, kept: Kept): Promise<boolean> {
  for (let until = Date.now() + 30_000; Date.now() < until; await pause(100)) {
    const postmaster = readPostmaster(cluster.data)
    if (!postmaster) return false
    const process = stateOf(postmaster.pid)
    if (process === 'gone') return false
    const there =
      process === 'postgres' && postmaster.ready ? await whoAnswers(kept, postmaster.port) : undefined
    if (there === cluster.data) {
      kept.port = postmaster.port
      return true
    }
    if (process === 'other' || there) {
      // Its number belongs to somebody else by now, or the file came along with a copy of another home; PostgreSQL
      // itself would stop before it. Should our own server run after all, its shared memory still keeps a second out.
      rmSync(join(cluster.data, 'postmaster.pid'), { force: true })
      return false
    }
  }
  throw new StepladderError(
    'database_start_failed',
    `A PostgreSQL of this folder runs (process ${readPostmaster(cluster.data)?.pid}) and takes no connections.`,
    `Read ${cluster.log}; end that process and start again.`,
  )
}

async function startHere(cluster: Cluster, kept: Kept): Promise<void> {
  if (existsSync(cluster.log) && statSync(cluster.log).size > 8 * 1024 * 1024) truncateSync(cluster.log)
  for (let attempt = 1; ; attempt++) {
    kept.port = await freePort(attempt === 1 ? kept.port : 0)
    try {
      await startCluster(cluster, kept.port, settings)
      return
    } catch (error) {
      // Between finding a free port and using it, somebody else may take it.
      if (attempt === 3 || !/could not (bind|create any TCP)/.test((error as Error).message)) throw error
    }
  }
}

async function prepareDatabase(home: string, kept: Kept): Promise<void> {
  const superuser = connect(addressOf(kept, 'superuser'), { max: 1 })
  try {
    await createLocalRoles(superuser, kept.passwords)
    await createLocalDatabase(superuser, localDatabase)
  } finally {
    await superuser.end({ timeout: 2 })
  }
  kept.prepared = localRolesVersion
  keep(home, kept)
}

async function leave(home: string, cluster: Cluster): Promise<void> {
  await withFileLock(join(home, 'postgres.lock'), 30, async () => {
    if (leaveAsUser(home) === 0) await stopCluster(cluster)
  })
}

/** The data directory of the server on that port; undefined when it takes no connection now. */
async function whoAnswers(kept: Kept, port: number): Promise<string | undefined> {
  const db = connect(addressOf({ ...kept, port }, 'superuser'), { max: 1, connectTimeout: 3 })
  try {
    const [row] = await db<{ data: string }[]>`select current_setting('data_directory') as data`
    return row!.data
  } catch (error) {
    // 28P01: a server with other passwords. Waiting does not help.
    if ((error as { code?: string }).code !== '28P01') return undefined
    throw new StepladderError(
      'database_start_failed',
      `The PostgreSQL that runs on ${kept.data} does not take the kept passwords: ${reasonOf(error)}`,
      `End it (process ${readPostmaster(kept.data)?.pid}), move ${kept.data} away, and start again.`,
    )
  } finally {
    await db.end({ timeout: 1 })
  }
}

/** Where the system tells a process's name it has to be ours; elsewhere a live process is believed. */
function stateOf(pid: number): 'postgres' | 'other' | 'gone' {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return 'gone'
  }
  try {
    // `123 (postgres) S …`; Z is a process that has ended and was not yet collected.
    return /\(postgres\S*\) [^ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8')) ? 'postgres' : 'other'
  } catch {
    return existsSync('/proc/self') ? 'gone' : 'postgres'
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
