import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const projectFolder = fileURLToPath(new URL('../../', import.meta.url))

export type Running = {
  pid: number
  /** Everything it said so far. */
  said: () => string
  /** SIGTERM, and SIGKILL after ten seconds. */
  stop: () => Promise<void>
}

/**
 * Starts a program and waits until it says `ready`. It dies with this process, whatever that dies of but SIGKILL.
 * @throws Error with everything it said, when it ends before.
 */
export async function startChild(
  command: readonly string[],
  options: { environment: Record<string, string>; ready: string; folder?: string },
): Promise<Running> {
  const [program, ...args] = command as [string, ...string[]]
  const child = spawn(program, args, {
    cwd: options.folder ?? projectFolder,
    env: { PATH: process.env.PATH, ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const onExit = () => child.kill('SIGKILL')
  process.once('exit', onExit)
  await new Promise<void>((ready, failed) => {
    const heard = (data: Buffer) => {
      said += data.toString()
      if (said.includes(options.ready)) ready()
    }
    child.stdout.on('data', heard)
    child.stderr.on('data', heard)
    child.once('error', failed)
    void ended.then(() =>
      failed(new Error(`${shownOf(command)} ended before it was ready:\n${said.slice(-2000)}`)),
    )
  })
  return {
    pid: child.pid!,
    said: () => said,
    async stop() {
      child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), 10_000)
      await ended
      clearTimeout(late)
      process.removeListener('exit', onExit)
    },
  }
}

/** An argument may be a whole event. */
function shownOf(command: readonly string[]): string {
  return command.map((word) => (word.length > 100 ? `${word.slice(0, 100)}…` : word)).join(' ')
}
