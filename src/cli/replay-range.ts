import type { Command } from 'commander'
import { Refused } from '../errors.ts'
import { partReplay, selectReplay } from '../stripe/inbox/replay.ts'
import { handledTypes } from '../stripe/missed/handled-types.ts'
import type { MissedReplayed } from '../stripe/missed/replay-missed.ts'
import { agreed } from './agree.ts'
import { beyond, keptPart, type MissedRange } from './missed-answer.ts'
import { lookForMissed, type MissedLook } from './missed-look.ts'
import { pastMoment, refuseReversed } from './moment.ts'
import { type Answer, answering } from './output.ts'
import { type FromStripe, replayAnswer } from './replay-answer.ts'
import { bulkReplayOptions, type ReplayOptions } from './replay-options.ts'
import { askedAbout, ringAndWait } from './replay-run.ts'
import { typesTable } from './replay-words.ts'
import { type Session, withSession } from './session.ts'

type Options = ReplayOptions & { from: string; to?: string; type?: string }

/** Writes that one replay holds in memory and waits for. */
const mostWrites = 100_000

/** `stepladder replay range`: the events of a time, handled again; and those that Stripe still has and the inbox lacks. */
export function registerRange(replay: Command): void {
  bulkReplayOptions(replay.command('range'))
    .description(
      "the events of a time by Stripe's clock, though they were handled, and those that are missing",
    )
    .requiredOption('--from <time>', 'from when on: a time (UTC), or how long ago')
    .option('--to <time>', 'until when, included; now unless told otherwise')
    .option('--type <type>', 'only events of this type, such as customer.subscription.updated')
    .action(answering((options: Options) => run(options)))
}

async function run(options: Options): Promise<Answer> {
  const now = new Date()
  const from = pastMoment(options.from, '--from', now)
  const until = options.to === undefined ? now : pastMoment(options.to, '--to', now)
  refuseReversed(from, until, ['--from', '--to'])
  const type = options.type ?? null
  return withSession(async (session) => {
    const selected = await selectReplay(session.app, { kind: 'range', from, until, type }, mostWrites + 1)
    if (selected.length > mostWrites) throw tooWide()
    const { toRing, settled } = partReplay(selected)
    const range = keptPart(from, until, now)
    const looking = await stripesPart(session, range, type)
    const asking = !options.yes
    const found = looking && (options.dryRun || asking) ? await looking.look() : null
    const notes = notesOf(session, range)
    const missing = (done: MissedReplayed | null): FromStripe => ({
      missing: done?.missing ?? 0,
      byType: done?.byType ?? new Map(),
      taken: done?.taken ?? 0,
      notes,
    })
    if (options.dryRun) return replayAnswer({ kind: 'dry_run', toRing, settled }, missing(found))
    if (asking && toRing.length + (found?.missing ?? 0) > 0) {
      const asked = askedAbout(toRing, found && found.missing > 0 ? lacking(found) : '')
      if (!(await agreed(asked))) return replayAnswer({ kind: 'declined', toRing, settled }, missing(found))
    }
    // First what is missing: so what is done again is done with all that can be known.
    const done =
      looking && (found === null || found.missing > 0) ? await looking.take({ resume: false }) : found
    if (toRing.length === 0) return replayAnswer({ kind: 'nothing', settled }, missing(done))
    return replayAnswer(await ringAndWait(session, { again: toRing, settled }, options), missing(done))
  })
}

/** null: without a key, and for a time of which Stripe has nothing left. */
async function stripesPart(
  session: Session,
  range: MissedRange,
  type: string | null,
): Promise<MissedLook | null> {
  if (session.config.stripeApiKey === null || range.from >= range.until) return null
  return lookForMissed(session, range, type === null ? handledTypes : [type])
}

function notesOf(session: Session, range: MissedRange): string[] {
  return session.config.stripeApiKey === null
    ? ['Without STRIPE_API_KEY only the inbox was looked through; what is missing there was not looked for.']
    : beyond(range)
}

function lacking({ missing, byType }: MissedReplayed): string {
  return `To be taken in from Stripe, since the inbox lacks ${missing}:\n${typesTable(byType)}`
}

function tooWide(): Refused {
  return new Refused(
    'range_too_wide',
    `More than ${mostWrites} writes lie in that time.`,
    'Replay it in parts: move --from and --to closer, or name a --type.',
    422,
  )
}
