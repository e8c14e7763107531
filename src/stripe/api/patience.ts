import type { Log } from '../../log.ts'
import { apiErrorOf, worthATry } from './api-errors.ts'
import { pause } from './pause.ts'

/** About two minutes in all, where Stripe says nothing of its own. */
const MOST_TRIES = 9
const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 30_000
/** What Stripe may ask for at most: beyond it, a person should hear of it. */
const LONGEST_ASKED_MS = 120_000

export type PatienceOptions = {
  log?: Log
  onWait?: (seconds: number, why: string) => void
  signal?: AbortSignal
  firstWaitMs?: number
}

/**
 * Tries a read again where that may help: after 429, 5xx, and where nobody answered. Waits grow twofold and are spread over
 * half their length, so that several callers do not come back together; what Stripe asks for in `Retry-After` is the least.
 * @throws what `apiErrorOf` makes of the last error; the signal's reason when it ends a wait.
 */
export function createPatience(options: PatienceOptions): <T>(read: () => Promise<T>) => Promise<T> {
  const { log, onWait, signal, firstWaitMs = FIRST_WAIT_MS } = options
  return async (read) => {
    for (let tries = 1; ; tries++) {
      signal?.throwIfAborted()
      try {
        return await read()
      } catch (error) {
        const again = worthATry(error)
        if (!again || tries === MOST_TRIES) throw apiErrorOf(error, tries)
        const grown = Math.min(LONGEST_WAIT_MS, firstWaitMs * 2 ** (tries - 1)) * (0.5 + Math.random() / 2)
        const wait = Math.max(grown, Math.min(LONGEST_ASKED_MS, again.askedMs))
        log?.debug(
          { part: 'stripe-api', reason: again.why, attempt: tries, seconds: wait / 1000 },
          'Stripe wants a wait',
        )
        onWait?.(wait / 1000, again.why)
        await pause(wait, signal)
      }
    }
  }
}
