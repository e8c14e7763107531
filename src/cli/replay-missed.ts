import type { Command } from 'commander'
import { Refused } from '../errors.ts'
import { handledTypes } from '../stripe/missed/handled-types.ts'
import { agreed, canAsk, confirmationNeeded } from './agree.ts'
import { KEPT_DAYS, keptPart, type MissedRange, missedAnswer } from './missed-answer.ts'
import { lookForMissed } from './missed-look.ts'
import { pastMoment, refuseReversed } from './moment.ts'
import { type Answer, answering } from './output.ts'
import { isAlone } from './replay-run.ts'
import { typesTable } from './replay-words.ts'
import { withSession } from './session.ts'

type Options = { since: string; until?: string; dryRun?: boolean; yes?: boolean }

/** `stepladder replay missed`: takes in what Stripe lists and the inbox does not hold, as if it had been delivered. */
export function registerMissed(replay: Command): void {
  replay
    .command('missed')
    .description("take in, as if delivered, what Stripe's list of events has and the inbox has not")
    .option('--since <time>', 'from when on: how long ago, or a time (UTC)', '72h')
    .option('--until <time>', 'until when; now unless told otherwise')
    .option('--dry-run', 'show what is missing, and take nothing in')
    .option('-y, --yes', 'do not ask')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `\nLooks for events of these types, since nothing is done about others:\n  ${handledTypes.join('\n  ')}`,
    )
    .action(answering((options: Options) => run(options)))
}

async function run(options: Options): Promise<Answer> {
  const range = rangeOf(options, new Date())
  return withSession(async (session) => {
    const looking = await lookForMissed(session, range, handledTypes)
    if (options.dryRun) return missedAnswer('dry_run', await looking.look(), range)
    if (!options.yes) {
      if (!canAsk()) throw confirmationNeeded('take in what is missing')
      const found = await looking.look()
      if (found.missing === 0) return missedAnswer('nothing', found, range)
      const what = `take in ${found.missing} events`
      const shown = `Stripe lists ${found.listed} events, and the inbox lacks ${found.missing} of them:\n${typesTable(found.byType)}`
      if (!(await agreed({ shown, what, question: 'Take them in?' })))
        return missedAnswer('declined', found, range)
    }
    const done = await looking.take({ resume: true })
    return missedAnswer(done.taken > 0 ? 'taken' : 'nothing', done, range, isAlone(session))
  })
}

function rangeOf({ since, until }: Options, now: Date): MissedRange {
  const from = pastMoment(since, '--since', now)
  const to = until === undefined ? now : pastMoment(until, '--until', now)
  refuseReversed(from, to, ['--since', '--until'])
  const range = keptPart(from, to, now)
  if (range.from < range.until) return range
  throw new Refused(
    'older_than_kept',
    `Stripe keeps events for ${KEPT_DAYS} days, and all of that time is older.`,
    'What changed since shows in stepladder reconcile, and --repair there mends it.',
    422,
  )
}
