import type { Db } from '../db/types.ts'
import type { Log } from '../log.ts'
import type { Ring } from '../queue/ring.ts'
import { sweep } from '../stripe/inbox/sweep.ts'

/** The sweeper, in every process that works: a lock lets one of them sweep at a time. */
export function startSweeper(parts: { db: Db; ring: Ring; log: Log; everyMs?: number }): {
  close: () => Promise<void>
} {
  const { db, ring, log, everyMs } = parts
  const stop = new AbortController()
  const swept = sweep(db, ring, { log, signal: stop.signal, ...(everyMs === undefined ? {} : { everyMs }) })
  return {
    close: () => {
      stop.abort()
      return swept
    },
  }
}
