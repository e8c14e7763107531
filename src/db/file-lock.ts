import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { StepladderError } from '../errors.ts'

/**
 * Runs the work while this process alone holds the lock file; whoever else wants it waits. A lock whose holder is
 * dead is taken over, so `kill -9` hinders nobody.
 * @throws StepladderError `lock_held` when it was not free within the given seconds.
 */
export async function withFileLock<T>(file: string, seconds: number, work: () => Promise<T>): Promise<T> {
  const until = Date.now() + seconds * 1000
  const me = processMark(process.pid)
  while (!take(file, me)) {
    if (Date.now() > until) {
      throw new StepladderError(
        'lock_held',
        `Another Stepladder process has held ${file} for more than ${seconds} s.`,
        'See what it is doing (its process id stands in that file); if there is none on this machine, remove the file.',
      )
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  try {
    return await work()
  } finally {
    rmSync(file, { force: true })
  }
}

/** A process told apart from a later one that was given the same number: the number, and when it began. */
export function processMark(pid: number): string {
  return `${pid} ${startedAt(pid)}`
}

/** Whether the process that left this mark still runs. */
export function isAlive(mark: string): boolean {
  const [pid, started] = mark.trim().split(' ')
  try {
    process.kill(Number(pid), 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  return !started || started === '0' || startedAt(Number(pid)) === started
}

function take(file: string, mark: string): boolean {
  try {
    writeFileSync(file, mark, { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const holder = read(file)
  if (holder === null || holder === '' || isAlive(holder)) return false
  // Two may find the same dead holder. Whoever moves the file away looks again at what it moved: should that be the
  // other's fresh lock, it is put back.
  const aside = `${file}.${process.pid}`
  try {
    renameSync(file, aside)
  } catch {
    return false
  }
  if (read(aside) !== holder) {
    try {
      linkSync(aside, file)
    } catch {
      // Somebody took it meanwhile, which is as good.
    }
  }
  rmSync(aside, { force: true })
  return false
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

/** Clock ticks after boot on Linux; '0' where the system does not tell so cheaply. */
function startedAt(pid: number): string {
  try {
    // The name in brackets may hold spaces, so the fields are counted from behind it.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '0'
  } catch {
    return '0'
  }
}
