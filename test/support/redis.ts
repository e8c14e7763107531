import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect as dial } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../src/db/cluster.ts'

export type TestRedis = {
  url: string
  pid: number
  /** Stops the server as `kill -STOP` does: it is there and answers nothing. */
  freeze: () => void
  thaw: () => void
  /** Stops it for good, and removes what it wrote. */
  close: () => Promise<void>
}

/**
 * A Redis server of its own that keeps nothing, or null where redis-server is not installed; with
 * `REQUIRE_REDIS=1` (set it where skipping would be a lie, as in CI) its absence is an error.
 */
export async function testRedis(port?: number): Promise<TestRedis | null> {
  if (spawnSync('redis-server', ['--version']).status !== 0) {
    if (process.env.REQUIRE_REDIS) throw new Error('REQUIRE_REDIS is set and redis-server was not found')
    console.warn('redis-server was not found: what needs Redis was NOT run')
    return null
  }
  const chosen = port ?? (await freePort())
  const folder = mkdtempSync(join(tmpdir(), 'stepladder-redis-'))
  const settings = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder]
  const policy = ['--maxmemory-policy', 'noeviction']
  const server = spawn('redis-server', ['--port', String(chosen), ...settings, ...policy], {
    stdio: 'ignore',
  })
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()))
  // The last resort, should a test file end without closing it.
  const onExit = () => server.kill('SIGKILL')
  process.once('exit', onExit)
  await answering(chosen)
  return {
    url: `redis://127.0.0.1:${chosen}`,
    pid: server.pid!,
    freeze: () => server.kill('SIGSTOP'),
    thaw: () => server.kill('SIGCONT'),
    close: async () => {
      server.kill('SIGKILL')
      await ended
      process.removeListener('exit', onExit)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function answering(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const answered = await new Promise<boolean>((resolve) => {
      const socket = dial(port, '127.0.0.1', () => socket.write('PING\r\n'))
      socket.once('data', (data) => {
        socket.destroy()
        resolve(data.toString().startsWith('+PONG'))
      })
      socket.once('error', () => resolve(false))
    })
    if (answered) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error(`redis-server on port ${port} did not answer within 5 s`)
}
