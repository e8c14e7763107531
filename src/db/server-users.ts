import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isAlive, processMark } from './file-lock.ts'

/** Notes that this process uses the embedded server: `$STEPLADDER_HOME/users/<pid>`. */
export function enterAsUser(home: string): void {
  mkdirSync(join(home, 'users'), { recursive: true })
  writeFileSync(join(home, 'users', String(process.pid)), processMark(process.pid), { mode: 0o600 })
}

/**
 * Takes this process off, and the dead with it.
 * @returns how many others still use the server; the last one out stops it.
 */
export function leaveAsUser(home: string): number {
  const folder = join(home, 'users')
  rmSync(join(folder, String(process.pid)), { force: true })
  let others = 0
  for (const name of readdirSync(folder)) {
    try {
      if (isAlive(readFileSync(join(folder, name), 'utf8'))) others++
      else rmSync(join(folder, name), { force: true })
    } catch {
      // It left at the same moment.
    }
  }
  return others
}
