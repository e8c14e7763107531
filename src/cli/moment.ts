import { UsageError } from '../errors.ts'

const units: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

/** A day, or a time to the minute or finer; what names no zone is UTC. */
const written = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)(Z|[+-]\d\d:?\d\d)?)?$/i

/**
 * A moment as an option says it: `2026-11-20`, `2026-11-20T09:30Z`, or how long ago, as `72h`.
 * @param option the option's name, for the error.
 * @throws UsageError `time_invalid`; `time_in_future` for what has not come yet.
 */
export function pastMoment(text: string, option: string, now: Date): Date {
  const moment = momentOf(text.trim(), now)
  if (moment === null) {
    throw new UsageError(
      'time_invalid',
      `${option} has to be a time, and ${text} is none.`,
      `Write it as ${option} 2026-11-20, ${option} 2026-11-20T09:30Z (UTC unless it names a zone), or how long ago: ${option} 72h (s, m, h, d, w).`,
    )
  }
  if (moment > now) {
    throw new UsageError(
      'time_in_future',
      `${option} ${text} has not come yet: it is ${minuteOf(now)}.`,
      'Give a time that has passed.',
    )
  }
  return moment
}

/** @throws UsageError `range_reversed` unless the first is before the second. */
export function refuseReversed(from: Date, until: Date, options: [from: string, until: string]): void {
  if (from < until) return
  throw new UsageError(
    'range_reversed',
    `${options[0]} (${minuteOf(from)}) has to be before ${options[1]} (${minuteOf(until)}).`,
    from > until ? 'Exchange the two.' : `Move ${options[0]} back.`,
  )
}

/** `2026-11-20 09:30 UTC`. */
export function minuteOf(time: Date): string {
  return `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

function momentOf(text: string, now: Date): Date | null {
  const ago = /^(\d{1,6})([smhdw])$/i.exec(text)
  if (ago) return new Date(now.getTime() - Number(ago[1]) * units[ago[2]!.toLowerCase()]! * 1000)
  const parts = written.exec(text)
  if (!parts) return null
  const [, day, clock = '00:00', zone = 'Z'] = parts
  const moment = new Date(`${day}T${clock}${zone.toUpperCase()}`)
  // The 31st of a shorter month is taken for the first of the next one.
  const isThere = !Number.isNaN(moment.getTime()) && new Date(`${day}T00:00Z`).toISOString().startsWith(day!)
  return isThere ? moment : null
}
