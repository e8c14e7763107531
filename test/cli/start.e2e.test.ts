import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { dataVersion, readPostmaster } from '../../src/db/cluster.ts'
import { connect } from '../../src/db/connect.ts'
import { command, type Started, started } from '../support/started.ts'

const root = process.getuid?.() === 0
const running: Started[] = []
const homes: string[] = []

afterEach(async () => {
  for (const one of running.splice(0)) await stop(one)
  for (const home of homes.splice(0)) {
    // A server that a test left alone on purpose is let out by the next command that uses it.
    if (existsSync(join(home, 'postgres.json'))) await command(['migrate'], on(home)).ended
    rmSync(home, { recursive: true, force: true })
  }
})

test('from nothing: it comes up, says where everything is, and Ctrl-C leaves nothing running', async () => {
  const home = newHome()
  const it = await up(home)
  expect(it.seconds).toBeLessThan(30)
  expect((await fetch(`${it.run.url}/healthz`)).status).toBe(200)
  expect(modeOf(join(home, 'run.json'))).toBe('600')
  for (const secret of ['webhook-secret', 'operator-key', 'postgres.json']) {
    expect(modeOf(join(home, secret)), secret).toBe('600')
  }
  expect(readFileSync(join(home, 'webhook-secret'), 'utf8')).toMatch(/^whsec_\w{32,}\n$/)
  for (const said of [it.run.url, 'stripe listen', 'simulate', 'operator/queues', 'sl_']) {
    await expect.poll(it.stdout).toContain(said)
  }
  expect(await me(it.run.database_url)).toBe('stepladder_app')
  expect(await me(it.run.owner_database_url)).toBe('stepladder_owner')
  const server = readPostmaster(dataOf(home))!.pid

  it.process.kill('SIGINT')
  expect(await it.ended).toBe(0)
  expect(existsSync(join(home, 'run.json'))).toBe(false)
  expect(isRunning(server)).toBe(false)
})

test('started again it is the same place: database, address of it, secret and key', async () => {
  const home = newHome()
  const first = await up(home)
  await expect.poll(() => keyIn(first.stdout())).toBeDefined()
  await stop(first)
  const secret = readFileSync(join(home, 'webhook-secret'), 'utf8')
  const second = await up(home)
  expect(second.seconds).toBeLessThan(30)
  expect(second.run.database_url).toBe(first.run.database_url)
  expect(readFileSync(join(home, 'webhook-secret'), 'utf8')).toBe(secret)
  await expect.poll(() => keyIn(second.stdout())).toBe(keyIn(first.stdout()))
})

test('kill -9 leaves nothing that hinders the next start, which takes over the server that lived on', async () => {
  const home = newHome()
  const first = await up(home)
  const server = readPostmaster(dataOf(home))!.pid
  first.process.kill('SIGKILL')
  await first.ended
  expect(existsSync(join(home, 'run.json'))).toBe(true)
  expect(isRunning(server)).toBe(true)

  const second = await up(home)
  expect(second.seconds).toBeLessThan(30)
  expect(readPostmaster(dataOf(home))!.pid).toBe(server)
  await stop(second)
  expect(isRunning(server)).toBe(false)
})

test('kill -9 of the database server too is no hindrance', async () => {
  const home = newHome()
  const first = await up(home)
  first.process.kill('SIGKILL')
  process.kill(readPostmaster(dataOf(home))!.pid, 'SIGKILL')
  await first.ended
  const second = await up(home)
  expect(second.seconds).toBeLessThan(30)
})

test('a second start on the same home is refused with what to do, and leaves the first alone', async () => {
  const home = newHome()
  const it = await up(home)
  const second = command(['start'], on(home))
  expect(await second.ended).toBe(1)
  expect(second.stderr()).toContain(it.run.url)
  expect(second.stderr()).toContain('Next: ')
  expect((await fetch(`${it.run.url}/healthz`)).status).toBe(200)
})

test('a port in use names PORT, and the database that was started for nothing is stopped', async () => {
  const home = newHome()
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  const { port } = taken.address() as AddressInfo
  const it = command(['start'], { env: { STEPLADDER_HOME: home, PORT: String(port) } })
  expect(await it.ended).toBe(1)
  expect(it.stderr()).toContain('PORT')
  expect(readPostmaster(dataOf(home))).toBeNull()
  taken.close()
})

test('a command beside it uses its database, and the last one out stops the server', async () => {
  const home = newHome()
  const it = await up(home)
  const beside = command(['migrate', '--json'], on(home))
  expect(await beside.ended).toBe(0)
  expect(JSON.parse(beside.stdout())).toMatchObject({ applied: [], pending: [] })
  expect((await fetch(`${it.run.url}/healthz`)).status).toBe(200)
  expect(await me(it.run.database_url)).toBe('stepladder_app')
})

test('a command by itself starts the database and stops it again', async () => {
  const home = newHome()
  const alone = command(['migrate', '--json'], on(home))
  expect(await alone.ended).toBe(0)
  expect(JSON.parse(alone.stdout()).applied.length).toBeGreaterThan(0)
  expect(readPostmaster(dataOf(home))).toBeNull()
})

test('data of another major version is refused with the next step, and not touched', async () => {
  const home = newHome()
  await command(['migrate'], on(home)).ended
  writeFileSync(join(dataOf(home), 'PG_VERSION'), '14\n')
  const it = command(['start'], on(home))
  expect(await it.ended).toBe(1)
  expect(it.stderr()).toMatch(/made by PostgreSQL 14.*\nNext: .*pg_dump/)
  writeFileSync(join(dataOf(home), 'PG_VERSION'), '18\n')
})

test('asked to stop while it is still coming up, it stops cleanly', async () => {
  const home = newHome()
  const it = command(['start'], on(home))
  await expect.poll(() => existsSync(join(home, 'postgres.json')), { timeout: 10_000 }).toBe(true)
  it.process.kill('SIGTERM')
  expect(await it.ended).toBe(0)
  expect(readPostmaster(dataOf(home))).toBeNull()
})

test('beside DATABASE_URL a signing secret is asked for by name', async () => {
  const home = newHome()
  const other = await up(home)
  const it = command(['start'], {
    env: {
      STEPLADDER_HOME: newHome(),
      PORT: '0',
      DATABASE_URL: other.run.database_url,
      OWNER_DATABASE_URL: other.run.owner_database_url,
    },
  })
  expect(await it.ended).toBe(2)
  expect(it.stderr()).toContain('STRIPE_WEBHOOK_SECRETS')
})

test('DATABASE_URL that does not answer is named, and its password is not', async () => {
  const it = command(['start'], {
    env: { STEPLADDER_HOME: newHome(), DATABASE_URL: 'postgres://app:hunter2@127.0.0.1:1/x' },
  })
  expect(await it.ended).toBe(1)
  expect(it.stderr()).toContain('DATABASE_URL')
  expect(it.stderr()).not.toContain('hunter2')
})

describe.runIf(root)('as root', () => {
  test('in a folder that others cannot enter, the data is kept where the server reaches it, and that is said', async () => {
    const locked = newHome()
    chmodSync(locked, 0o700)
    const home = join(locked, 'home')
    const it = await up(home)
    await expect.poll(it.stdout).toContain('/var/lib/stepladder/')
    const data = JSON.parse(readFileSync(join(home, 'postgres.json'), 'utf8')).data as string
    expect(dataVersion(data)).toBe(18)
    await stop(it)
    rmSync(join(data, '..'), { recursive: true })
  })

  test('an ordinary user needs no more rights than a home of his own', async () => {
    const home = newHome()
    const somebody = ordinaryUser()
    chownSync(home, somebody.uid, somebody.gid)
    chmodSync(home, 0o700)
    const it = await up(home, { as: somebody })
    expect((await fetch(`${it.run.url}/healthz`)).status).toBe(200)
    expect(existsSync(dataOf(home))).toBe(true)
    await stop(it)
    // Root may start it once as well, and it stays the user's own.
    const asRoot = await up(home)
    await stop(asRoot)
    const again = await up(home, { as: somebody })
    expect((await fetch(`${again.run.url}/healthz`)).status).toBe(200)
  })
})

async function up(home: string, options = {}): Promise<Started> {
  const it = await started(home, options)
  running.push(it)
  return it
}

async function stop(it: Started): Promise<void> {
  it.process.kill('SIGTERM')
  await it.ended
}

/** One that every Debian has; PostgreSQL wants an entry in /etc/passwd. */
function ordinaryUser(): { uid: number; gid: number } {
  const [, , uid, gid] = /^daemon:.*$/m.exec(readFileSync('/etc/passwd', 'utf8'))![0].split(':')
  return { uid: Number(uid), gid: Number(gid) }
}

function newHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'stepladder-home-'))
  chmodSync(home, 0o755)
  mkdirSync(home, { recursive: true })
  homes.push(home)
  return home
}

function on(home: string) {
  return { env: { STEPLADDER_HOME: home, PORT: '0' } }
}

function dataOf(home: string): string {
  return join(home, 'postgres', 'data')
}

function keyIn(said: string): string | undefined {
  return /sl_[a-z2-7_]+/.exec(said)?.[0]
}

function modeOf(file: string): string {
  return (statSync(file).mode & 0o777).toString(8)
}

async function me(url: string): Promise<string> {
  const db = connect(url, { max: 1 })
  try {
    const [row] = await db<{ me: string }[]>`select current_user::text as me`
    return row!.me
  } finally {
    await db.end()
  }
}

function isRunning(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
