import type { Db, Reader, Tx } from '../db/types.ts'

/** What needs a person's eye. One row per kind and subject; it is counted, not repeated, when it happens again. */
export type Alarm = {
  kind: string
  subject: string
  detail: string
  firstAt: Date
  lastAt: Date
  times: number
  /** Set once the cause is gone; raised again, it is open again. */
  clearedAt: Date | null
}

/**
 * Raises an alarm, or counts one that is raised already. An alarm about something that work waits on takes the key of that
 * thing as its subject (`price:…`, `customer:…`): then it is cleared when the thing arrives. Give it the pool rather than a
 * transaction where you can: one row per subject is a place where transactions would wait for each other.
 * `detail` is shown to operators and logged: no names, addresses or bodies in it.
 */
export async function raiseAlarm(sql: Db | Tx, kind: string, subject: string, detail: string): Promise<void> {
  await sql`
    insert into stripe.alarms as a (alarm_kind, subject, detail)
    values (${kind}, ${subject}, ${detail})
    on conflict (alarm_kind, subject) do update
    set detail = excluded.detail, last_at = clock_timestamp(), times = a.times + 1, cleared_at = null
  `
}

/** Marks an alarm's cause as gone. Answers whether one was open. */
export async function clearAlarm(sql: Db | Tx, kind: string, subject: string): Promise<boolean> {
  const cleared = await sql`
    update stripe.alarms set cleared_at = clock_timestamp()
    where alarm_kind = ${kind} and subject = ${subject} and cleared_at is null
  `
  return cleared.count > 0
}

/** Clears whatever was raised about these subjects, of any kind. Answers how many. */
export async function clearAlarmsAbout(sql: Db | Tx, subjects: readonly string[]): Promise<number> {
  if (subjects.length === 0) return 0
  const cleared = await sql`
    update stripe.alarms a set cleared_at = clock_timestamp()
    from (
      select alarm_kind, subject from stripe.alarms
      where subject = any(${subjects as string[]}) and cleared_at is null
      order by alarm_kind, subject for update
    ) held
    where a.alarm_kind = held.alarm_kind and a.subject = held.subject
  `
  return cleared.count
}

/** What the open alarms of one kind are about. */
export async function openSubjects(reader: Reader, kind: string): Promise<Set<string>> {
  const rows = await reader<{ subject: string }[]>`
    select subject from stripe.alarms where alarm_kind = ${kind} and cleared_at is null`
  return new Set(rows.map(({ subject }) => subject))
}

/** The open alarms, the latest first. */
export async function openAlarms(reader: Reader): Promise<Alarm[]> {
  return reader<Alarm[]>`
    select alarm_kind as kind, subject, detail, first_at, last_at, times, cleared_at
    from stripe.alarms where cleared_at is null
    order by last_at desc, alarm_kind, subject
  `
}
