import type { Reader } from '../../db/types.ts'
import type { Log } from '../../log.ts'

/** Months (`2026-08`) of bodies that are old enough to go, by what became of them. */
export type BodiesDropped = {
  dropped: string[]
  /** Kept for an event of that month that waits or was not taken up: only its body tells what it is about. */
  needed: string[]
  /** Kept because somebody was using the bodies just then; to be tried again. */
  busy: string[]
}

/**
 * Drops the bodies of whole months that are older than so many days; the database grants 35 at least. Ids, states and hashes of
 * their events stay. It never holds up deliveries for longer than a tenth of a second.
 */
export async function dropOldBodies(sql: Reader, days: number): Promise<BodiesDropped> {
  const rows = await sql<{ month: string; outcome: keyof BodiesDropped }[]>`
    select month, outcome from stripe.drop_old_bodies(${days}) order by month`
  const of = (wanted: keyof BodiesDropped) =>
    rows.filter(({ outcome }) => outcome === wanted).map(({ month }) => month)
  return { dropped: of('dropped'), needed: of('needed'), busy: of('busy') }
}

/** The same, told in the log. How many months are left is a gauge (web/metrics.ts). */
export async function letBodiesGo(sql: Reader, days: number, log: Log): Promise<BodiesDropped> {
  const gone = await dropOldBodies(sql, days)
  const { dropped, needed } = gone
  if (dropped.length > 0) {
    log.info(
      { part: 'sweep', months: dropped },
      'Dropped the bodies of months that INBOX_RETENTION_DAYS lets go',
    )
  }
  if (needed.length > 0) {
    log.warn(
      { part: 'sweep', months: needed },
      'Kept the bodies of old months: events of theirs wait, and only the body tells what for',
    )
  }
  return gone
}
