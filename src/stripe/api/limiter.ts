import { pause } from './pause.ts'

/**
 * Evenly spaced turns, so many a second: each call resolves when its turn has come. Spaced rather than counted by the second,
 * or the turns of two seconds could come in one.
 * @throws the signal's reason when it ends the wait.
 */
export function createLimiter(perSecond: number, signal?: AbortSignal): () => Promise<void> {
  const apart = 1000 / perSecond
  let next = 0
  return async () => {
    const now = performance.now()
    const at = Math.max(now, next)
    next = at + apart
    if (at > now) await pause(at - now, signal)
  }
}
