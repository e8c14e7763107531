import type { Command } from 'commander'
import { Refused } from '../errors.ts'
import { modeOfKey } from '../stripe/deployment-mode.ts'
import { partReplay, type ReplayWrite, selectReplay } from '../stripe/inbox/replay.ts'
import { countByType, takeMissed } from '../stripe/missed/take-missed.ts'
import { type Answer, answering } from './output.ts'
import { replayAnswer } from './replay-answer.ts'
import { type ReplayOptions, replayOptions } from './replay-options.ts'
import { ringAndWait, withBells } from './replay-run.ts'
import { type Session, stripeApiOf, withSession } from './session.ts'

/** `stepladder replay event`: these events, though they were handled; from Stripe where the inbox has not got them. */
export function registerEvent(replay: Command): void {
  replayOptions(replay.command('event'))
    .description('these events, though they were handled; what the inbox lacks is taken in from Stripe')
    .argument('<evt...>', "Stripe's ids of events")
    .action(answering((events: string[], options: ReplayOptions) => run([...new Set(events)], options)))
}

async function run(events: readonly string[], options: ReplayOptions): Promise<Answer> {
  return withSession(async (session) => {
    const selected = await selectReplay(session.app, { kind: 'events', events })
    const absent = events.filter((event) => !selected.some((one) => one.event === event))
    const told = await tellFromStripe(session, absent)
    const missing = { missing: told.length, byType: countByType(told) }
    const { toRing, settled } = partReplay(selected)
    if (options.dryRun) return replayAnswer({ kind: 'dry_run', toRing, settled }, { ...missing, taken: 0 })
    const taken = await takeIn(session, told)
    const fresh = partReplay(await firstTime(session, absent))
    const all = { again: toRing, fresh: fresh.toRing, settled: [...settled, ...fresh.settled] }
    if (all.again.length + all.fresh.length === 0) {
      return replayAnswer({ kind: 'nothing', settled: all.settled }, { ...missing, taken })
    }
    return replayAnswer(await ringAndWait(session, all, options), { ...missing, taken })
  })
}

/**
 * All or nothing: a list with a wrong id in it may be wrong altogether.
 * @throws Refused `event_not_in_inbox` without a key, `event_unknown` where Stripe has not got one either.
 */
async function tellFromStripe(
  session: Session,
  absent: readonly string[],
): Promise<Record<string, unknown>[]> {
  if (absent.length === 0) return []
  const [are, them] = absent.length === 1 ? ['is', 'it'] : ['are', 'them']
  if (session.config.stripeApiKey === null) {
    throw new Refused(
      'event_not_in_inbox',
      `${absent.join(', ')} ${are} not in the inbox, and without STRIPE_API_KEY Stripe cannot be asked for ${them}; nothing was rung.`,
      `Look at the spelling; or set STRIPE_API_KEY to a restricted, read-only key and run this again: what Stripe still keeps is taken in. For all that is missing: stepladder replay missed.`,
      404,
    )
  }
  const api = await stripeApiOf(session)
  const told: Record<string, unknown>[] = []
  const unknown: string[] = []
  for (const id of absent) {
    const answer = await api.event(id)
    if (answer.kind === 'found') told.push(answer.event)
    else unknown.push(id)
  }
  if (unknown.length === 0) return told
  throw new Refused(
    'event_unknown',
    `${unknown.join(', ')}: neither in the inbox nor at Stripe; nothing was taken in, and nothing was rung.`,
    'Look at the spelling, and whether the id is of the mode and the account of STRIPE_API_KEY. Stripe keeps events for 30 days: what changed before shows in stepladder reconcile.',
    404,
  )
}

async function takeIn(session: Session, told: readonly Record<string, unknown>[]): Promise<number> {
  if (told.length === 0) return 0
  const keyMode = modeOfKey(session.config.stripeApiKey!)
  return withBells(session, async ({ ring }) => {
    const { taken } = await takeMissed(session.app, told, { ring: ring.ring, keyMode })
    return taken
  })
}

/** The writes of events that were just taken in, as they stood before a worker could be faster than we are. */
async function firstTime(session: Session, events: readonly string[]): Promise<ReplayWrite[]> {
  if (events.length === 0) return []
  const selected = await selectReplay(session.app, { kind: 'events', events })
  return selected.map((write) => ({ ...write, handledAt: null }))
}
