import { Unavailable } from '../../errors.ts'
import type { Write } from './event-writes.ts'
import { bellsOf, type ReplayWrite } from './replay.ts'

/** Rings one queue or several for inbox ids; false: the bell was not heard. */
export type RingAgain = (
  inboxIds: readonly number[],
  options: { queues: readonly Write[]; again: true },
) => Promise<boolean>

/**
 * Rings the queues for these writes, deliberately: they are done although they were handled.
 * @throws Unavailable `queue_unavailable`; nothing is lost, since a replay may be asked for again.
 */
export async function ringReplay(ring: RingAgain, selected: readonly ReplayWrite[]): Promise<void> {
  for (const { write, inboxIds } of bellsOf(selected)) {
    if (await ring(inboxIds, { queues: [write], again: true })) continue
    throw new Unavailable(
      'queue_unavailable',
      `The queue ${write} could not be rung.`,
      'Look at the queues (`/readyz` tells of them), then replay again: nothing is done twice.',
    )
  }
}
