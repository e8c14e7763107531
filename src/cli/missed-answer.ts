import { handledTypes } from '../stripe/missed/handled-types.ts'
import type { MissedReplayed } from '../stripe/missed/replay-missed.ts'
import { minuteOf } from './moment.ts'
import type { Answer } from './output.ts'
import { takenUpBy, typesTable } from './replay-words.ts'

/** Days for which Stripe keeps events. Source: https://docs.stripe.com/api/events */
export const KEPT_DAYS = 30

/** What is looked through, and what of it Stripe no longer has. */
export type MissedRange = { from: Date; until: Date; keptSince: Date | null }

/** As much of a range as Stripe still keeps; `keptSince` where that is not all. */
export function keptPart(from: Date, until: Date, now: Date): MissedRange {
  const keptSince = new Date(now.getTime() - KEPT_DAYS * 86_400_000)
  return from < keptSince ? { from: keptSince, until, keptSince } : { from, until, keptSince: null }
}

type Outcome = 'dry_run' | 'declined' | 'nothing' | 'taken'

/** What a look for missing events found, and what was done about it. */
export function missedAnswer(
  outcome: Outcome,
  done: MissedReplayed,
  range: MissedRange,
  alone = false,
): Answer {
  return {
    json: {
      outcome,
      from: range.from.toISOString(),
      until: range.until.toISOString(),
      types: handledTypes,
      listed: done.listed,
      missing: done.missing,
      taken: done.taken,
      by_type: Object.fromEntries([...done.byType].sort(([a], [b]) => (a < b ? -1 : 1))),
      went_on_from: done.goesOnFrom?.toISOString() ?? null,
      kept_since: range.keptSince?.toISOString() ?? null,
    },
    text: [...said(outcome, done, range, alone), ...beyond(range)].join('\n'),
    failed: outcome === 'declined',
  }
}

function said(
  outcome: Outcome,
  done: MissedReplayed,
  { from, until }: MissedRange,
  alone: boolean,
): string[] {
  const looked = `Compared ${done.listed} events that Stripe lists from ${minuteOf(from)} to ${minuteOf(until)} with the inbox.`
  if (outcome === 'declined') return ['Nothing was taken in.']
  if (done.missing === 0) return [`${looked} Nothing is missing.`]
  const lacked = `${looked} It lacked ${done.missing}:`
  if (outcome === 'dry_run') return [lacked, typesTable(done.byType), 'Dry run: nothing was taken in.']
  const others = done.missing - done.taken
  return [
    lacked,
    typesTable(done.byType),
    `Took in ${done.taken}.${others > 0 ? ` ${others} came by themselves in the meantime.` : ''}`,
    ...(done.taken > 0
      ? [
          done.heard
            ? takenUpBy(alone)
            : 'The queues did not hear of all of them; the sweeper rings again by itself.',
        ]
      : []),
  ]
}

/** What Stripe no longer tells, and what to do instead. */
export function beyond({ keptSince }: MissedRange): string[] {
  if (keptSince === null) return []
  return [
    `Stripe keeps events for ${KEPT_DAYS} days, so nothing before ${minuteOf(keptSince)} could be compared.`,
    'What changed before that shows in `stepladder reconcile`, and `--repair` there mends it.',
  ]
}
