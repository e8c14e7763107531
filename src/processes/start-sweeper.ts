import type { Db } from '../db/types.ts'
import type { Log } from '../log.ts'
import type { Ring } from '../queue/ring.ts'
import { sweep } from '../stripe/inbox/sweep.ts'
import { sweepGrants } from './sweep-grants.ts'
import { sweepSessions } from './sweep-sessions.ts'
import { sweepSignals } from './sweep-signals.ts'

/**
 * The sweepers, of the inbox, of what ends by itself, of what was told of risks and of sessions that have ended, in every process that
 * works: locks keep them out of each other's way.
 */
export function startSweeper(parts: {
  db: Db
  ring: Ring
  log: Log
  everyMs?: number
  /** Days for which event bodies are kept; null or left out: for ever. */
  keepBodiesDays?: number | null
}): {
  close: () => Promise<void>
} {
  const { db, ring, log, everyMs, keepBodiesDays = null } = parts
  const stop = new AbortController()
  const often = { log, signal: stop.signal, ...(everyMs === undefined ? {} : { everyMs }) }
  const swept = Promise.all([
    sweep(db, ring, { ...often, keepBodiesDays }),
    sweepGrants(db, often),
    sweepSignals(db, often),
    sweepSessions(db, { log, signal: stop.signal }),
  ])
  return {
    close: async () => {
      stop.abort()
      await swept
    },
  }
}
