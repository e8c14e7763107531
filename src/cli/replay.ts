import type { Command } from 'commander'
import { partReplay, type ReplaySelection, selectReplay } from '../stripe/inbox/replay.ts'
import { agreed } from './agree.ts'
import { type Answer, answering } from './output.ts'
import { replayAnswer } from './replay-answer.ts'
import { registerEvent } from './replay-event.ts'
import { registerMissed } from './replay-missed.ts'
import { bulkReplayOptions, type ReplayOptions } from './replay-options.ts'
import { registerRange } from './replay-range.ts'
import { askedAbout, ringAndWait } from './replay-run.ts'
import { withSession } from './session.ts'

/** `stepladder replay`: has events handled again, or for the first time. Whatever was handled already changes nothing twice. */
export function register(program: Command): void {
  const replay = program
    .command('replay')
    .description('have events handled again, or taken in from Stripe; nothing is done twice')
  registerMissed(replay)
  registerEvent(replay)
  registerRange(replay)
  bulkReplayOptions(replay.command('failed'))
    .description('writes that were parked, by default because every try failed')
    .option('--reason <reason>', 'parked for this reason', 'failed')
    .action(
      answering((options: ReplayOptions & { reason: string }) =>
        run({ kind: 'failed', reason: options.reason }, options),
      ),
    )
  bulkReplayOptions(replay.command('waiting'))
    .description('writes that wait for something; they go on by themselves when it arrives')
    .option('--on <what>', 'only what waits on this, such as price:price_123 or customer:cus_123')
    .action(
      answering((options: ReplayOptions & { on?: string }) =>
        run({ kind: 'waiting', on: options.on ?? null }, options),
      ),
    )
}

async function run(selection: ReplaySelection, options: ReplayOptions): Promise<Answer> {
  return withSession(async (session) => {
    const { toRing, settled } = partReplay(await selectReplay(session.app, selection))
    if (options.dryRun) return replayAnswer({ kind: 'dry_run', toRing, settled })
    if (toRing.length === 0) return replayAnswer({ kind: 'nothing', settled })
    if (!options.yes && !(await agreed(askedAbout(toRing)))) {
      return replayAnswer({ kind: 'declined', toRing, settled })
    }
    return replayAnswer(await ringAndWait(session, { again: toRing, settled }, options))
  })
}
