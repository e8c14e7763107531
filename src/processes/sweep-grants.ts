import type { Db } from '../db/types.ts'
import { paidAboveCeilings } from '../entitlements/ceilings.ts'
import { type DueExpired, databaseClock, expireDueGrants } from '../entitlements/expire-grants.ts'
import { clearAlarm, openSubjects, raiseAlarm } from '../stripe/alarms.ts'
import { type SweepParts, sweepOften } from './sweep-often.ts'

/** Milliseconds between two looks at who pays for more than a ceiling allows. */
const alarmEveryMs = 10_000

/**
 * Ends what is due: grants whose delayed job was lost, and ceilings, which have none. Now and then it also compares the alarms
 * about ceilings with who pays above one.
 */
export async function sweepGrants(db: Db, parts: SweepParts): Promise<void> {
  const { log } = parts
  let alarmsAt = 0
  await sweepOften('expiry', parts, async () => {
    const ended = await expireDueGrants(db, await databaseClock(db))
    if (ended.grants + ended.ceilings > 0) {
      log.info(
        { part: 'sweep', count: ended.grants + ended.ceilings },
        'Ended grants and ceilings that were due',
      )
    }
    for (const { kind, id, error } of ended.failed) {
      log.warn({ part: 'sweep', error }, `The ${kind} ${id} could not be ended; the next sweep tries again`)
    }
    if (Date.now() - alarmsAt < alarmEveryMs) return
    await alarmAboutCeilings(db)
    if (ended.swept) await alarmAboutFailures(db, ended.failed)
    alarmsAt = Date.now()
  })
}

/** Raises an alarm for each ceiling below what somebody pays for, and clears those that are no longer so. */
export async function alarmAboutCeilings(db: Db): Promise<void> {
  const [above, open] = await Promise.all([paidAboveCeilings(db), openSubjects(db, 'paid_above_ceiling')])
  const details = new Map(
    above.map(({ ceilingId, organizationId, ladder, pays, stands, subscription }) => [
      `ceiling:${ceilingId}`,
      `organization ${organizationId} pays for ${pays} (${subscription}) and stands on ${stands} of ${ladder}`,
    ]),
  )
  for (const [subject, detail] of details) {
    if (!open.has(subject)) await raiseAlarm(db, 'paid_above_ceiling', subject, detail)
  }
  for (const subject of open) {
    if (!details.has(subject)) await clearAlarm(db, 'paid_above_ceiling', subject)
  }
}

async function alarmAboutFailures(db: Db, failed: DueExpired['failed']): Promise<void> {
  const open = await openSubjects(db, 'expiry_failed')
  const now = new Map(failed.map(({ kind, id, error }) => [`${kind}:${id}`, codeOf(error)]))
  for (const [subject, code] of now) {
    if (!open.has(subject)) await raiseAlarm(db, 'expiry_failed', subject, code)
  }
  for (const subject of open) if (!now.has(subject)) await clearAlarm(db, 'expiry_failed', subject)
}

function codeOf(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string }
  return code ?? message ?? 'unknown'
}
