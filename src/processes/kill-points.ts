/**
 * The moments at which a process may die and nothing may be lost or doubled. Fault tests name one of them, and the process
 * kills itself there; nothing else reads them.
 */
export const killPoints = [
  'after-inbox-commit',
  'before-commit',
  'after-commit',
  'between-writes',
  'before-job-completion',
] as const

export type KillPoint = (typeof killPoints)[number]

/** Told by the work as it passes a point. */
export type Reached = (point: KillPoint) => void

/**
 * `STEPLADDER_KILL_AT=before-commit` kills the process the first time it comes there, `before-commit:20` the twentieth. SIGKILL,
 * as a crash would: nothing is closed, flushed or handed back. Read by entry points only; absent, as always but in those tests, it does nothing.
 */
export function killSwitch(setting: string | undefined): Reached {
  if (!setting) return () => {}
  const [point, times = '1'] = setting.split(':')
  let left = Number(times)
  return (reached) => {
    if (reached === point && --left === 0) process.kill(process.pid, 'SIGKILL')
  }
}
