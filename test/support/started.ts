import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RunFile } from '../../src/cli/run-file.ts'

const checkout = fileURLToPath(new URL('../../', import.meta.url))

export type Command = {
  process: ChildProcess
  stdout: () => string
  stderr: () => string
  /** The exit code, or null when a signal ended it. */
  ended: Promise<number | null>
}

export type CommandOptions = {
  env?: Record<string, string>
  cwd?: string
  /** Root only: run it as somebody else. */
  as?: { uid: number; gid: number }
}

/** Runs `stepladder <args>` as a process of its own, with no setting but those given. */
export function command(args: readonly string[], options: CommandOptions = {}): Command {
  const child = spawn(process.execPath, [join(checkout, 'src/cli/bin.mjs'), ...args], {
    cwd: options.cwd ?? checkout,
    env: { PATH: process.env.PATH, TMPDIR: process.env.TMPDIR, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.as ?? {}),
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  return { process: child, stdout: () => stdout, stderr: () => stderr, ended }
}

export type Started = Command & { run: RunFile; seconds: number }

/** `stepladder start` on a home, once its run.json says where it is. @throws with what it said when it ended instead. */
export async function started(home: string, options: CommandOptions = {}): Promise<Started> {
  const began = performance.now()
  const starting = command(['start'], {
    ...options,
    env: { STEPLADDER_HOME: home, PORT: '0', ...options.env },
  })
  const file = join(home, 'run.json')
  for (;;) {
    const run = readRun(file)
    if (run && run.pid === starting.process.pid) {
      return { ...starting, run, seconds: (performance.now() - began) / 1000 }
    }
    const over = starting.process.exitCode !== null || performance.now() - began > 60_000
    if (over) {
      starting.process.kill('SIGKILL')
      throw new Error(`stepladder start did not come up: ${starting.stdout()}${starting.stderr()}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function readRun(file: string): RunFile | null {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as RunFile) : null
}
