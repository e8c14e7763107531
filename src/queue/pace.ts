import { setTimeout as sleep } from 'node:timers/promises'

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
