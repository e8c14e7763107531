import type { Log } from '../log.ts'

/**
 * postgres.js 3.4.9 throws out of a timer when a connection dies while a transaction still has something to write (its issues
 * 1154 and 1208; mended in its pull request 1168, not released). Nothing is wrong then but that connection: its queries are
 * rejected or time out, and the pool makes a new one. So this one error is told and lived through; any other ends the process,
 * as it would without us.
 */
export function standFirm(log: Log): void {
  process.on('uncaughtException', (error) => {
    if (isDriverFault(error)) {
      log.warn({ error }, 'A connection to the database died while it was written to')
      return
    }
    log.fatal({ error }, 'An error that nobody expected')
    process.exit(1)
  })
}

export function isDriverFault(error: unknown): boolean {
  const { name, message, stack } = error as { name?: string; message?: string; stack?: string }
  return (
    name === 'TypeError' &&
    /null \(reading 'write'\)/.test(message ?? '') &&
    /postgres[\\/](src|cjs[\\/]src)[\\/]connection\.js/.test(stack ?? '')
  )
}
