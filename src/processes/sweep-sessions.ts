import { deleteEndedSessions } from '../auth/sessions.ts'
import type { Db } from '../db/types.ts'
import { type SweepParts, sweepOften } from './sweep-often.ts'

/** Sessions last hours and are kept a day longer: nothing is gained by looking more often. */
const usualMs = 60 * 60_000
/** Deleted in one statement: somebody who signs in meanwhile waits for nothing. */
const portion = 1_000

/** Lets the rows of sessions go that ended more than a day ago. */
export async function sweepSessions(db: Db, { everyMs = usualMs, ...parts }: SweepParts): Promise<void> {
  const { log, signal } = parts
  await sweepOften('ended sessions', { ...parts, everyMs }, async () => {
    let [count, gone] = [0, portion]
    while (gone === portion && !signal.aborted) {
      gone = await deleteEndedSessions(db, portion)
      count += gone
    }
    if (count > 0) log.info({ part: 'sweep', count }, 'Deleted sessions that ended more than a day ago')
  })
}
