import { type ChildProcess, spawn } from 'node:child_process'
import { resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../..')

export type TestProcess = {
  pid: number
  /** Resolves with the signal that ended it, or null when it ended by itself. */
  ended: Promise<NodeJS.Signals | null>
  /** Everything it logged so far. */
  output: () => string
  stop: () => Promise<void>
}

/** Runs one of workers/ as the process that it is in production, and waits until it says that it runs. */
export async function startWorker(
  name: 'receiver' | 'enrollment' | 'subscription-changes',
  environment: Record<string, string>,
): Promise<TestProcess> {
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', `workers/${name}.ts`], {
    cwd: root,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, LOG_LEVEL: 'info', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const ended = new Promise<NodeJS.Signals | null>((end) => child.once('exit', (_, signal) => end(signal)))
  await new Promise<void>((running, failed) => {
    const heard = (data: Buffer) => {
      output += data.toString()
      if (output.includes('Running')) running()
    }
    child.stdout!.on('data', heard)
    child.stderr!.on('data', heard)
    void ended.then(() => failed(new Error(`${name} ended before it ran:\n${output}`)))
  })
  return {
    pid: child.pid!,
    ended,
    output: () => output,
    async stop() {
      child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), 10_000)
      await ended
      clearTimeout(late)
    },
  }
}
