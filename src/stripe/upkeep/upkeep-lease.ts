import { setTimeout as sleep } from 'node:timers/promises'
import { databaseIsAway } from '../../database-errors.ts'
import type { Db } from '../../db/types.ts'
import { Refused, StepladderError, Unavailable } from '../../errors.ts'
import { clearAlarm, raiseAlarm } from '../alarms.ts'

/** What is done at its time and not for an event. */
export const upkeepTasks = ['gap-watch', 'notices', 'reconcile'] as const

export type UpkeepTask = (typeof upkeepTasks)[number]

/** `busy`: another process is at it. `stopped`: told to stop, or the lease was lost; the next time goes on. */
export type UpkeepOutcome =
  | { kind: 'done' }
  | { kind: 'busy' }
  | { kind: 'stopped' }
  | { kind: 'failed'; error: unknown }

const LEASE_SECONDS = 60
/** Several times within a lease, so that one renewal may be lost. */
const RENEW_MS = 15_000
/** One failure mends itself at the next time; so many in a row are an outage that a person should know of. */
const FAILURES_TOLD = 3

/**
 * Does a task, in one process at a time, and notes how it ended: an alarm after several failures in a row, or at the first if
 * it was refused, since then trying again does not help. It is cleared when the task ends well.
 * @param work its signal ends it: the process stops, or another took over because this one was not heard of for a minute.
 * @throws the driver's error when the database is away.
 */
export async function doUpkeep(
  db: Db,
  task: UpkeepTask,
  work: (signal: AbortSignal) => Promise<void>,
  stop: AbortSignal,
): Promise<UpkeepOutcome> {
  const token = await takeLease(db, task)
  if (token === null) return { kind: 'busy' }
  const ended = new AbortController()
  const lost = new AbortController()
  const renewing = renew(db, task, token, ended.signal).catch(() => lost.abort())
  const signal = AbortSignal.any([stop, lost.signal])
  try {
    await work(signal)
    await giveBack(db, task, token, 'well')
    await clearAlarm(db, 'upkeep_failed', task)
    return { kind: 'done' }
  } catch (error) {
    if (databaseIsAway(error) && !isStripeAway(error)) throw error
    if (signal.aborted) {
      await giveBack(db, task, token, 'stopped')
      return { kind: 'stopped' }
    }
    const failures = await giveBack(db, task, token, 'failed')
    if (failures >= FAILURES_TOLD || error instanceof Refused) {
      const why = error instanceof StepladderError ? error.code : 'unexpected'
      await raiseAlarm(db, 'upkeep_failed', task, failures > 1 ? `${why}, ${failures} times in a row` : why)
    }
    return { kind: 'failed', error }
  } finally {
    ended.abort()
    await renewing
  }
}

function isStripeAway(error: unknown): boolean {
  return error instanceof Unavailable && error.code === 'stripe_unavailable'
}

async function takeLease(db: Db, task: UpkeepTask): Promise<number | null> {
  const [lease] = await db<{ leaseToken: number }[]>`
    insert into stripe.upkeep as u (task, lease_token, lease_until)
    values (${task}, 1, clock_timestamp() + make_interval(secs => ${LEASE_SECONDS}))
    on conflict (task) do update set lease_token = u.lease_token + 1, lease_until = excluded.lease_until
    where u.lease_until is null or u.lease_until < clock_timestamp()
    returning lease_token
  `
  return lease?.leaseToken ?? null
}

/** Holds the lease until told that the work has ended. @throws when another holds it, or the database could not be asked in time. */
async function renew(db: Db, task: UpkeepTask, token: number, ended: AbortSignal): Promise<void> {
  let heldAt = performance.now()
  for (;;) {
    await sleep(RENEW_MS, undefined, { signal: ended }).catch(() => {})
    if (ended.aborted) return
    try {
      const held = await db`
        update stripe.upkeep set lease_until = clock_timestamp() + make_interval(secs => ${LEASE_SECONDS})
        where task = ${task} and lease_token = ${token}
      `
      if (held.count === 0)
        throw new Refused('lease_lost', `Another process took over ${task}.`, 'Nothing to do.')
      heldAt = performance.now()
    } catch (error) {
      if (error instanceof Refused || performance.now() - heldAt > (LEASE_SECONDS * 1000) / 2) throw error
    }
  }
}

/** Answers how often it has failed in a row now. */
async function giveBack(
  db: Db,
  task: UpkeepTask,
  token: number,
  how: 'well' | 'failed' | 'stopped',
): Promise<number> {
  const [row] = await db<{ failures: number }[]>`
    update stripe.upkeep set
      lease_until = null,
      failures = case ${how} when 'well' then 0 when 'failed' then failures + 1 else failures end,
      ended_well_at = case ${how} when 'well' then clock_timestamp() else ended_well_at end
    where task = ${task} and lease_token = ${token}
    returning failures
  `
  return row?.failures ?? 0
}
