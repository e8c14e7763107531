import { setTimeout as sleep } from 'node:timers/promises'
import { Unavailable } from '../errors.ts'
import { openBells } from '../processes/bells.ts'
import { bellsOf, lookAfterReplay, type ReplayWrite } from '../stripe/inbox/replay.ts'
import { createProgress } from './progress.ts'
import type { Session } from './session.ts'

/**
 * Rings the queues for these writes, deliberately: they are done although they were handled.
 * @throws Unavailable when a queue does not hear it; nothing is lost, since a replay may be asked for again.
 */
export async function ringAgain(
  { config, appUrl, log }: Session,
  selected: readonly ReplayWrite[],
): Promise<void> {
  const bells = openBells({ redisUrls: config.redisUrls, databaseUrl: appUrl, log })
  try {
    await bells.backend.check()
    for (const { write, inboxIds } of bellsOf(selected)) {
      if (await bells.ring.ring(inboxIds, { queues: [write], again: true })) continue
      throw new Unavailable(
        'queue_unavailable',
        `The queue ${write} could not be rung.`,
        'Look at the queues (`/readyz` tells of them), then replay again: nothing is done twice.',
      )
    }
  } finally {
    await bells.close()
  }
}

/**
 * Waits until the markers of these writes have been written again, `seconds` long at most.
 * @returns how each stands now, and those that nobody has handled in that time.
 */
export async function waitForReplay(
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
