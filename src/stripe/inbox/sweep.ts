import { setTimeout as sleep } from 'node:timers/promises'
import type { Db } from '../../db/types.ts'
import type { Log } from '../../log.ts'
import { within } from '../../within.ts'
import { clearSettledAlarms } from '../clear-settled-alarms.ts'
import { letBodiesGo } from './drop-old-bodies.ts'
import { type Write, writes } from './event-writes.ts'
import {
  readSweepMarks,
  readSweepPage,
  type SweepMarks,
  type SweepPage,
  saveSweepMarks,
  takeDueFetches,
  takeDueMarkers,
  takeDueSubscriptions,
} from './sweep-page.ts'

/** The bell, as the sweeper needs it: each call answers whether it was heard, and never rejects. */
export type SweepBell = {
  /** Whether jobs wait in this write's queue: then a young row without a marker is most likely in one of them. */
  busy?: (queue: Write) => Promise<boolean>
  ring: (inboxIds: readonly number[], options: { queues: readonly Write[] }) => Promise<boolean>
  ringSubscriptions: (subscriptions: readonly string[], at: Date, queue?: Write) => Promise<boolean>
}

export type Swept = {
  /** false: another process sweeps at this moment. */
  swept: boolean
  /** Rung for: writes that nobody handled, writes whose time came, subscriptions that want another look. */
  forgotten: number
  due: number
  subscriptions: number
  /** Subscriptions of which a fetch may tell changes that nobody has written down. */
  fetched: number
  /** There is more than one pass takes. */
  more: boolean
}

/** A row without a marker is left to its own job for so long. */
const freshMs = 5_000
/** And for so long while its queue is busy: ringing for a backlog again would only make it longer. */
const queuedMs = 60_000
/** Ids may be committed out of their order: the low-water mark stays behind the youngest by far more than a transaction lasts. */
const recentMs = 3 * 60_000
/** What was rung for and not handled is rung for again after so long. */
const roundMs = 60_000
const longestRoundMs = 10 * 60_000
const alarmsEveryMs = 30_000
/** When somebody was using the bodies as they should have gone. */
const bodiesAgainMs = 60_000
/** Milliseconds after which a pass is given up: a connection that died in a certain moment never answers. */
const longestSweep = 60_000
const pageSize = 4_096
const mostDue = 1_024

/**
 * One pass of the sweeper, by one process at a time: rings for rows that were committed and never handled (the bell was lost,
 * or the process that heard it), for markers whose time has come, and for subscriptions that want another look.
 */
export async function sweepOnce(db: Db, bell: SweepBell, now: Date): Promise<Swept> {
  const before = (ms: number) => new Date(now.getTime() - ms)
  const fresh = {} as Record<Write, Date>
  for (const write of writes) fresh[write] = before((await bell.busy?.(write)) ? queuedMs : freshMs)
  const found = await db.begin(async (tx) => {
    const [lock] = await tx<{ held: boolean }[]>`
      select pg_try_advisory_xact_lock(hashtextextended('stepladder.sweep', 0)) as held`
    if (!lock!.held) return null
    const marks = await readSweepMarks(tx, now)
    const pages = {} as Record<Write, SweepPage>
    for (const write of writes) {
      const page = {
        from: marks[write].rungUpTo,
        size: pageSize,
        fresh: fresh[write],
        recent: before(recentMs),
      }
      pages[write] = await readSweepPage(tx, write, page)
    }
    const later = before(-roundMs)
    const due = await takeDueMarkers(tx, now, later, mostDue)
    const subscriptions = await takeDueSubscriptions(tx, now, later, mostDue)
    return { marks, pages, due, subscriptions, fetched: await takeDueFetches(tx, now, later, mostDue) }
  })
  if (!found) return { swept: false, forgotten: 0, due: 0, subscriptions: 0, fetched: 0, more: false }

  const swept: Swept = {
    swept: true,
    forgotten: 0,
    due: 0,
    subscriptions: found.subscriptions.length,
    fetched: found.fetched.length,
    more: false,
  }
  for (const write of writes) {
    const page = found.pages[write]
    const due = found.due[write]
    swept.forgotten += page.forgotten.length
    swept.due += due.length
    const ids = [...new Set([...page.forgotten, ...due])]
    const heard = ids.length === 0 || (await bell.ring(ids, { queues: [write] }))
    // Where nobody heard, the marks stay, and the next pass finds the same rows.
    if (!heard) continue
    swept.more ||= (page.seen === pageSize && page.agedUpTo !== null) || due.length === mostDue
    const marks = found.marks[write]
    const next = marksAfter(marks, page, now)
    if (!sameMarks(marks, next)) await saveSweepMarks(db, write, next)
  }
  if (found.subscriptions.length > 0) await bell.ringSubscriptions(found.subscriptions, now)
  if (found.fetched.length > 0) await bell.ringSubscriptions(found.fetched, now, 'subscription-changes')
  return swept
}

/**
 * Where a sweep stands after a page. A round walks from the low-water mark to the rows that are still fresh. The next one begins
 * a minute later, and a minute after anything was found, so that what was rung for has time to be handled; but while there
 * is always something, it begins all the same. The low-water mark follows as long as all is handled and none is recent.
 */
function marksAfter(marks: SweepMarks, page: SweepPage, now: Date): SweepMarks {
  const rungUpTo = page.agedUpTo ?? marks.rungUpTo
  const lowWater = marks.rungUpTo === marks.lowWater ? (page.settledUpTo ?? marks.lowWater) : marks.lowWater
  const lastFoundAt = page.forgotten.length > 0 ? now : marks.lastFoundAt
  const atTheEnd = page.seen < pageSize || page.agedUpTo === null
  const since = (time: Date) => now.getTime() - time.getTime()
  const roundIsOver =
    (since(marks.roundBeganAt) >= roundMs && since(lastFoundAt) >= roundMs) ||
    since(marks.roundBeganAt) >= longestRoundMs
  return atTheEnd && roundIsOver
    ? { lowWater, rungUpTo: lowWater, roundBeganAt: now, lastFoundAt }
    : { lowWater, rungUpTo, roundBeganAt: marks.roundBeganAt, lastFoundAt }
}

/** Sweeps every `everyMs`, give or take a quarter, until it is told to stop; at once again while there is more. */
export async function sweep(
  db: Db,
  bell: SweepBell,
  parts: {
    log: Log
    signal: AbortSignal
    everyMs?: number
    /** Days for which bodies are kept; null or left out: for ever. */
    keepBodiesDays?: number | null
  },
): Promise<void> {
  const { log, signal, everyMs = 2_000, keepBodiesDays = null } = parts
  let partitionsAt = 0
  let bodiesAt = 0
  let alarmsAt = 0
  while (!signal.aborted) {
    let more = false
    try {
      if (Date.now() - partitionsAt > 86_400_000) {
        await db`select stripe.ensure_body_partitions()`
        partitionsAt = Date.now()
      }
      const swept = await within(longestSweep, 'The database', sweepOnce(db, bell, new Date()))
      more = swept.more
      if (swept.swept && Date.now() - alarmsAt > alarmsEveryMs) {
        alarmsAt = Date.now()
        const cleared = await clearSettledAlarms(db)
        if (cleared > 0) log.info({ part: 'sweep', count: cleared }, 'Cleared alarms whose cause is gone')
      }
      if (swept.forgotten > 0) {
        log.info({ part: 'sweep', count: swept.forgotten }, 'Rang for events that nobody had handled')
      }
      if (keepBodiesDays !== null && Date.now() > bodiesAt) {
        // Not at once again after a failure either.
        bodiesAt = Date.now() + bodiesAgainMs
        const { busy } = await letBodiesGo(db, keepBodiesDays, log)
        if (busy.length === 0) bodiesAt = Date.now() + 86_400_000
      }
    } catch (error) {
      log.warn({ part: 'sweep', error }, 'A sweep failed; the next one looks again')
    }
    const pause = more ? 50 : everyMs * (0.75 + Math.random() / 2)
    await sleep(pause, undefined, { signal }).catch(() => {})
  }
}

function sameMarks(a: SweepMarks, b: SweepMarks): boolean {
  const times = (marks: SweepMarks) => marks.roundBeganAt.getTime() + marks.lastFoundAt.getTime()
  return a.lowWater === b.lowWater && a.rungUpTo === b.rungUpTo && times(a) === times(b)
}
