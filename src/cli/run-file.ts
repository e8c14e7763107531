import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** `$STEPLADDER_HOME/run.json`: where the running Stepladder is. The form is fixed, since people script against it. */
export type RunFile = {
  url: string
  /** With the application's role. */
  database_url: string
  owner_database_url: string
  pid: number
}

/** Written when everything is ready, for its owner's eyes alone: it holds passwords. */
export function writeRunFile(home: string, run: RunFile): void {
  const file = join(home, 'run.json')
  writeFileSync(`${file}.new`, `${JSON.stringify(run, null, 2)}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

/** Removes it, if it is still this process's own. */
export function removeRunFile(home: string): void {
  if (readQuietly(home)?.pid === process.pid) rmSync(join(home, 'run.json'), { force: true })
}

/** What runs on this home, or null: the file is believed only if its url answers, since `kill -9` leaves it behind. */
export async function readRunFile(home: string, milliseconds = 2000): Promise<RunFile | null> {
  const run = readQuietly(home)
  if (!run) return null
  try {
    const answer = await fetch(new URL('/healthz', run.url), { signal: AbortSignal.timeout(milliseconds) })
    await answer.arrayBuffer()
    return answer.ok ? run : null
  } catch {
    return null
  }
}

function readQuietly(home: string): RunFile | null {
  try {
    const run = JSON.parse(readFileSync(join(home, 'run.json'), 'utf8')) as RunFile
    return typeof run.url === 'string' && URL.canParse(run.url) ? run : null
  } catch {
    return null
  }
}
