import { setTimeout as sleep } from 'node:timers/promises'
import type { QueueName } from './names.ts'

/**
 * Milliseconds between two adds to a queue, and between the beginnings of two batches out of it: an add, and a batch, costs several processes far
 * more than one more id in it (decision 0019). Somebody waits for a tier, nobody as much for the rows of commercial changes.
 */
export const paceMs: Record<QueueName, { bells: number; batches: number }> = {
  enrollment: { bells: 14, batches: 10 },
  'subscription-changes': { bells: 100, batches: 200 },
}

/**
 * Beginnings that are at least `everyMs` apart: the first comes at once, and one soon after another waits for the rest of the
 * time, so that what arrives meanwhile goes along with it. One waits at a time.
 */
export function createPace(everyMs: number): () => Promise<void> {
  let lastAt = Number.NEGATIVE_INFINITY
  return async () => {
    const rest = lastAt + everyMs - performance.now()
    // Less than a millisecond is less than a timer can tell.
    if (rest >= 1) await sleep(rest)
    lastAt = performance.now()
  }
}
