import type { NextInLine } from '../entitlements/explain-ladder.ts'
import type { CauseExplained, Evidence } from '../stripe/enrollment/explain-cause.ts'

/** Columns that a story may fill. */
const WIDTH = 100

/** A delivery within so many seconds is as usual. */
const USUAL_SECONDS = 60

/** A time as a person reads it, from ISO 8601. */
export type Clock = (iso: string) => string

/**
 * Local time to the second, with what it is ahead of UTC, so that both are told: `2026-11-20 10:24:05+01:00`, or `…Z` where
 * local is UTC. `--at` takes it as it stands.
 * @param zone as IANA names it, such as Europe/Berlin
 */
export function clockOf(zone: string): Clock {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'longOffset',
  })
  return (iso) => {
    const told = new Map(parts.formatToParts(new Date(iso)).map(({ type, value }) => [type, value]))
    const part = (type: Intl.DateTimeFormatPartTypes) => told.get(type)!
    const offset = part('timeZoneName').replace(/^GMT(\+00:00)?/, '') || 'Z'
    const day = `${part('year')}-${part('month')}-${part('day')}`
    return `${day} ${part('hour')}:${part('minute')}:${part('second')}${offset}`
  }
}

/** Breaks a text between words so that no line is longer than a page is wide; lines after the first hang under `hang` columns. */
export function wrapped(text: string, indent: number, hang = indent): string {
  const lines: string[] = []
  let line = ' '.repeat(indent)
  let begun = false
  // A time is one word.
  for (const word of text.split(/ (?!\d\d:\d\d:\d\d)/)) {
    if (begun && line.length + 1 + word.length > WIDTH) {
      lines.push(line)
      line = ' '.repeat(hang) + word
    } else line += begun ? ` ${word}` : word
    begun = true
  }
  return [...lines, line].join('\n')
}

/** `pro (rank 2)`. */
export function tierOf({ product, rank }: { product: string | null; rank: number | null }): string {
  return `${product} (rank ${rank ?? 'none any more'})`
}

/** Where a place goes: `standard (rank 1), subscription sub_1`. */
export function lineOf(next: NextInLine): string {
  if (next.by === null) return 'nobody'
  if (next.by.kind === 'default') return `${tierOf(next)}, the default`
  return `${tierOf(next)}, ${next.by.kind} ${next.by.id}`
}

/** What caused a move, in a paragraph of its own. */
export function causeStory(cause: CauseExplained, clock: Clock): string {
  const told = evidenceStory(cause, clock)
  if (told) return told
  if (cause.kind === 'catalog') return `the catalog gave the prices of ${cause.id} another meaning`
  return [cause.kind, cause.id].filter(Boolean).join(' ')
}

/** An event, a fetch or an operator's decision with its times; null where none is known. */
export function evidenceStory({ event, fetch, decision }: Evidence, clock: Clock): string | null {
  if (event) {
    const { type, created_at, received_at, source, overtaken_by } = event
    const after =
      overtaken_by.length === 0
        ? ''
        : `; out of order: ${overtaken_by.join(', ')}, which Stripe ${overtaken_by.length === 1 ? 'dates' : 'date'} later, came before it`
    const how = source === 'webhook' ? '' : `, taken in by ${source}`
    return `event ${event.event} (${type}), made ${clock(created_at)}, here ${clock(received_at)}${lateness(event.seconds_late)}${how}${after}`
  }
  if (fetch) {
    const { status, fetched_at } = fetch
    return `${fetch.fetch}: Stripe was asked ${clock(fetched_at)} and said ${status ?? 'nothing readable'}`
  }
  if (decision) {
    const { what, product, given_by, given_at, reason, ends_at, ended_at, ended_how } = decision
    const kind = what === 'ceiling' ? 'a ceiling' : `a ${what} grant`
    const until = ends_at === null ? '' : `, until ${clock(ends_at)}`
    const ended = ended_at === null ? '' : `; ${ended_how} ${clock(ended_at)}`
    return `${kind} of ${product} by ${given_by}, ${clock(given_at)}${until}${reason ? `: ${reason}` : ''}${ended}`
  }
  return null
}

function lateness(seconds: number): string {
  if (seconds < USUAL_SECONDS) return ''
  const [count, unit] =
    seconds < 3600
      ? [Math.round(seconds / 60), 'min']
      : seconds < 172_800
        ? [Math.round(seconds / 3600), 'h']
        : [Math.round(seconds / 86_400), 'days']
  return ` (${count} ${unit} late)`
}
