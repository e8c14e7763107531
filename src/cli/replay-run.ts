import { setTimeout as sleep } from 'node:timers/promises'
import { isEmbedded } from '../db/embedded-home.ts'
import { type Bells, openBells } from '../processes/bells.ts'
import { lookAfterReplay, type ReplayWrite } from '../stripe/inbox/replay.ts'
import { ringReplay } from '../stripe/inbox/ring-replay.ts'
import { createProgress } from './progress.ts'
import { counted, type ReplayOutcome, summaryOf, typesOf } from './replay-answer.ts'
import type { ReplayOptions } from './replay-options.ts'
import { typesTable } from './replay-words.ts'
import type { Session } from './session.ts'

/** Does something with the bell of this deployment's queues, and puts it away. */
export async function withBells<T>(
  { config, appUrl, log }: Session,
  work: (bells: Bells) => Promise<T>,
): Promise<T> {
  const bells = openBells({ redisUrls: config.redisUrls, databaseUrl: appUrl, log })
  try {
    return await work(bells)
  } finally {
    await bells.close()
  }
}

/** What a replay is about: `fresh` ones were rung for when they were taken in, and are only waited for. */
export type Replayed = {
  again: readonly ReplayWrite[]
  fresh?: readonly ReplayWrite[]
  settled: ReplayWrite[]
}

/** What a person is shown and asked before many are replayed. `more`: what else would be done, on lines of its own. */
export function askedAbout(selected: readonly ReplayWrite[], more = '') {
  const these = selected.length === 1 ? 'it' : `these ${selected.length} writes`
  return {
    shown: [summaryOf(selected), typesTable(typesOf(selected)), more].filter(Boolean).join('\n'),
    what: `replay ${counted(selected.length, 'write')}`,
    question: selected.length === 0 ? 'Take them in?' : `Replay ${these}${more && ', and take those in'}?`,
  }
}

/**
 * Rings the queues for these writes, deliberately: they are done although they were handled; and waits for what becomes of them,
 * where somebody can be listening and the options say so.
 * @throws Unavailable when a queue does not hear it; nothing is lost, since a replay may be asked for again.
 */
export async function ringAndWait(
  session: Session,
  { again, fresh = [], settled }: Replayed,
  options: ReplayOptions,
): Promise<ReplayOutcome> {
  await withBells(session, async ({ backend, ring }) => {
    await backend.check()
    await ringReplay(ring.ring, again)
  })
  const toRing = [...again, ...fresh]
  const alone = isAlone(session)
  if (alone || !options.wait) return { kind: 'rung', toRing, settled, alone }
  const { handled, open } = await waitForReplay(session, toRing, options.timeout)
  return { kind: 'waited', handled, open, settled, seconds: options.timeout }
}

/** The embedded database, started for this command alone: no worker can be listening. */
export function isAlone({ config, appUrl, runningUrl }: Session): boolean {
  return runningUrl === null && config.redisUrls.length === 0 && isEmbedded(config.home, appUrl)
}

/**
 * Waits until the markers of these writes have been written again, `seconds` long at most.
 * @returns how each stands now, and those that nobody has handled in that time.
 */
async function waitForReplay(
  { app }: Session,
  selected: readonly ReplayWrite[],
  seconds: number,
): Promise<{ handled: ReplayWrite[]; open: ReplayWrite[] }> {
  const progress = createProgress('Replaying', selected.length)
  const until = performance.now() + seconds * 1000
  const handled: ReplayWrite[] = []
  let open = [...selected]
  let pause = 50
  for (;;) {
    const look = await lookAfterReplay(app, open)
    handled.push(...look.handled)
    open = look.open
    if (handled.length > 0) progress.at(handled.length)
    if (open.length === 0 || performance.now() > until) break
    await sleep(pause)
    pause = Math.min(500, pause * 1.5)
  }
  progress.end()
  return { handled, open }
}
