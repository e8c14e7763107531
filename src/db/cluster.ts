import { type SpawnOptions, spawn } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { StepladderError } from '../errors.ts'

/**
 * One PostgreSQL data directory and the binaries that serve it. Nothing here knows where either of them lives:
 * the embedded database and the tests (on the embedded binaries or a system's own) share this code.
 */
export type Cluster = {
  /** The folder that holds initdb, pg_ctl and postgres. */
  binaries: string
  data: string
  log: string
  /** PostgreSQL refuses to run as root, so root hands it to somebody else. */
  runAs: Account | null
}

export type Account = { uid: number; gid: number }

/** What postmaster.pid says. It is a claim, not a fact: the process may be long gone. */
export type Postmaster = { pid: number; port: number; ready: boolean }

/** `nobody` for root, since no account has to be made for it; for anybody else, themselves. */
export function serverAccount(): Account | null {
  if (process.getuid?.() !== 0) return null
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith('nobody:'))
  const [, , uid, gid] = line?.split(':') ?? []
  return { uid: Number(uid ?? 65534), gid: Number(gid ?? 65534) }
}

/** Makes the data directory. With a password the superuser must bring it (scram); without, every local login is trusted. */
export async function createCluster(cluster: Cluster, superuserPassword: string | null): Promise<void> {
  ownedFolder(cluster.data, cluster.runAs)
  const args = ['-D', cluster.data, '-U', 'postgres', '-E', 'UTF8', '--locale=C', '--no-instructions']
  if (superuserPassword === null) return initialize(cluster, [...args, '-A', 'trust', '--no-sync'])
  const passwordFile = join(dirname(cluster.data), 'initdb-password')
  try {
    writeFileSync(passwordFile, superuserPassword, { mode: 0o600 })
    if (cluster.runAs) chownSync(passwordFile, cluster.runAs.uid, cluster.runAs.gid)
    await initialize(cluster, [...args, '-A', 'scram-sha-256', `--pwfile=${passwordFile}`])
  } finally {
    rmSync(passwordFile, { force: true })
  }
}

async function initialize(cluster: Cluster, args: string[]): Promise<void> {
  try {
    await run(cluster, 'initdb', args, 60)
  } catch (error) {
    throw new StepladderError(
      'database_init_failed',
      `The embedded PostgreSQL could not make its data directory: ${(error as Error).message}`,
      'It needs room on the disk and a user with an entry in /etc/passwd; or set DATABASE_URL to a server of your own.',
      { cause: error },
    )
  }
}

/**
 * Starts the server on 127.0.0.1 alone and waits until it takes connections.
 * @throws StepladderError `database_start_failed` with the last lines of its log.
 */
export async function startCluster(
  cluster: Cluster,
  port: number,
  settings: Record<string, string> = {},
  seconds = 30,
): Promise<void> {
  const all = { listen_addresses: '127.0.0.1', unix_socket_directories: '', timezone: 'UTC', ...settings }
  const options = Object.entries(all).map(([name, value]) => `-c ${name}='${value}'`)
  const args = ['start', '-D', cluster.data, '-l', cluster.log, '-w', '-t', String(seconds)]
  try {
    await run(cluster, 'pg_ctl', [...args, '-o', [`-p ${port}`, ...options].join(' ')], seconds + 5)
  } catch (error) {
    throw new StepladderError(
      'database_start_failed',
      `The embedded PostgreSQL did not start. Its log ends: ${logTail(cluster.log)}`,
      `Read ${cluster.log}; set DATABASE_URL to use a server of your own.`,
      { cause: error },
    )
  }
}

/** Stops the server: `fast` rolls open transactions back and leaves cleanly, `immediate` is a crash on purpose. */
export async function stopCluster(
  cluster: Cluster,
  mode: 'fast' | 'immediate' = 'fast',
  seconds = 10,
): Promise<void> {
  if (!readPostmaster(cluster.data)) return
  try {
    await run(
      cluster,
      'pg_ctl',
      ['stop', '-D', cluster.data, '-m', mode, '-w', '-t', String(seconds)],
      seconds + 2,
    )
  } catch (error) {
    // Somebody else may have stopped it between the look and the call.
    if (readPostmaster(cluster.data)) {
      if (mode === 'immediate') throw error
      await stopCluster(cluster, 'immediate', 5)
    }
  }
}

/** Reads postmaster.pid; null when there is none or it is not whole yet. */
export function readPostmaster(data: string): Postmaster | null {
  let lines: string[]
  try {
    lines = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')
  } catch {
    return null
  }
  const pid = Number(lines[0])
  const port = Number(lines[3])
  if (!pid) return null
  return { pid, port: port || 0, ready: lines[7]?.trim() === 'ready' }
}

/** The major version that made the data directory, or null when it is empty. */
export function dataVersion(data: string): number | null {
  try {
    return Number.parseInt(readFileSync(join(data, 'PG_VERSION'), 'utf8'), 10)
  } catch {
    return null
  }
}

/** The major version of the binaries. */
export async function binariesVersion(binaries: string): Promise<number> {
  const said = await output(join(binaries, 'postgres'), ['--version'], {}, 10)
  return Number.parseInt(/(\d+)(\.|beta|rc|devel|\s|$)/.exec(said)?.[1] ?? '', 10)
}

/** A port that nobody listens on now; `preferred` when it is free, so that addresses last from one run to the next. */
export async function freePort(preferred = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', (error) => (preferred ? resolve(freePort()) : reject(error)))
    probe.listen(preferred, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number }
      probe.close(() => resolve(port))
    })
  })
}

/** A folder of mode 0700 that the server's account owns. */
export function ownedFolder(folder: string, account: Account | null): void {
  mkdirSync(folder, { recursive: true })
  if (account) chownSync(folder, account.uid, account.gid)
  chmodSync(folder, 0o700)
}

function run(cluster: Cluster, program: string, args: string[], seconds: number): Promise<string> {
  // `detached` puts it in a session of its own: Ctrl-C on the terminal is for us to handle, in our order.
  const options: SpawnOptions = {
    cwd: dirname(cluster.data),
    detached: true,
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
    ...(cluster.runAs ?? {}),
  }
  return output(join(cluster.binaries, program), args, options, seconds)
}

function output(file: string, args: string[], options: SpawnOptions, seconds: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    child.stdout?.on('data', (chunk) => {
      said += chunk
    })
    child.stderr?.on('data', (chunk) => {
      said += chunk
    })
    const timer = setTimeout(() => child.kill('SIGKILL'), seconds * 1000)
    child.once('error', reject)
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      if (code === 0) resolve(said)
      else if (signal === 'SIGKILL') reject(new Error(`${file} gave no answer within ${seconds} s`))
      else reject(new Error(`${file} ${args[0]} ended with ${code ?? signal}: ${said.trim()}`))
    })
  })
}

function logTail(log: string): string {
  try {
    return readFileSync(log, 'utf8').trim().split('\n').slice(-5).join(' | ')
  } catch {
    return '(no log)'
  }
}
