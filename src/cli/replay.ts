import { createInterface } from 'node:readline/promises'
import type { Command } from 'commander'
import { isEmbedded } from '../db/embedded-home.ts'
import { Refused, UsageError } from '../errors.ts'
import { partReplay, type ReplaySelection, type ReplayWrite, selectReplay } from '../stripe/inbox/replay.ts'
import { type Answer, answering } from './output.ts'
import { replayAnswer, summaryOf } from './replay-answer.ts'
import { ringAgain, waitForReplay } from './replay-run.ts'
import { type Session, withSession } from './session.ts'

type Options = { yes?: boolean; dryRun?: boolean; wait: boolean; timeout: number }

/** `stepladder replay`: has events of the inbox handled again. Whatever was handled already changes nothing twice. */
export function register(program: Command): void {
  const replay = program
    .command('replay')
    .description('have events of the inbox handled again; nothing is done twice')
  bulk(replay.command('failed'))
    .description('writes that were parked, by default because every try failed')
    .option('--reason <reason>', 'parked for this reason', 'failed')
    .action(
      answering((options: Options & { reason: string }) =>
        run({ kind: 'failed', reason: options.reason }, options),
      ),
    )
  bulk(replay.command('waiting'))
    .description('writes that wait for something; they go on by themselves when it arrives')
    .option('--on <what>', 'only what waits on this, such as price:price_123 or customer:cus_123')
    .action(
      answering((options: Options & { on?: string }) =>
        run({ kind: 'waiting', on: options.on ?? null }, options),
      ),
    )
  common(replay.command('event'))
    .description('these events, though they were handled')
    .argument('<evt...>', "Stripe's ids of events in the inbox")
    .action(answering((events: string[], options: Options) => run({ kind: 'events', events }, options)))
}

function common(command: Command): Command {
  return command
    .option('--dry-run', 'show what would be replayed, and ring nothing')
    .option('--no-wait', 'ring and leave, without waiting for what becomes of it')
    .option('--timeout <seconds>', 'how long to wait for it', wholeSeconds, 60)
    .option('--json', 'print one JSON document')
}

function bulk(command: Command): Command {
  return common(command).option('-y, --yes', 'do not ask')
}

async function run(selection: ReplaySelection, options: Options): Promise<Answer> {
  return withSession(async (session) => {
    const selected = await selectReplay(session.app, selection)
    if (selection.kind === 'events') refuseUnknown(selection.events, selected)
    const { toRing, settled } = partReplay(selected)
    if (options.dryRun) return replayAnswer({ kind: 'dry_run', toRing, settled })
    if (toRing.length === 0) return replayAnswer({ kind: 'nothing', settled })
    if (selection.kind !== 'events' && !options.yes && !(await agreed(toRing))) {
      return replayAnswer({ kind: 'declined', toRing, settled })
    }
    await ringAgain(session, toRing)
    const alone = isAlone(session)
    if (alone || !options.wait) return replayAnswer({ kind: 'rung', toRing, settled, alone })
    const { handled, open } = await waitForReplay(session, toRing, options.timeout)
    return replayAnswer({ kind: 'waited', handled, open, settled, seconds: options.timeout })
  })
}

/** All or nothing: a list with a wrong id in it may be wrong altogether. */
function refuseUnknown(events: readonly string[], selected: readonly ReplayWrite[]): void {
  const unknown = events.filter((event) => !selected.some((one) => one.event === event))
  if (unknown.length === 0) return
  const are = unknown.length === 1 ? 'is' : 'are'
  throw new Refused(
    'event_not_in_inbox',
    `${unknown.join(', ')} ${are} not in the inbox, so there is nothing to replay; nothing was rung.`,
    'Look at the spelling. Have Stripe deliver it again from its dashboard; taking in from Stripe what never arrived comes with `replay missed`, which this version has not.',
    404,
  )
}

/** @throws UsageError where nobody can be asked. */
async function agreed(selected: readonly ReplayWrite[]): Promise<boolean> {
  process.stderr.write(`${summaryOf(selected)}\n`)
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new UsageError(
      'confirmation_needed',
      `This would replay ${selected.length} writes, and there is no terminal to ask at.`,
      'Give --yes to do it, or --dry-run to see what it would touch.',
    )
  }
  const asking = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await asking.question(
      `Replay ${selected.length === 1 ? 'it' : `these ${selected.length} writes`}? [y/N] `,
    )
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    asking.close()
  }
}

/** The embedded database, started for this command alone: no worker can be listening. */
function isAlone({ config, appUrl, runningUrl }: Session): boolean {
  return runningUrl === null && config.redisUrls.length === 0 && isEmbedded(config.home, appUrl)
}

function wholeSeconds(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text)
  throw new UsageError(
    'option_invalid',
    `--timeout has to be a whole number of seconds, not ${text}.`,
    'Such as --timeout 120.',
  )
}
