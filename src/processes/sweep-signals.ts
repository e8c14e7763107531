import { setTimeout as sleep } from 'node:timers/promises'
import type { Db } from '../db/types.ts'
import { takeSignals } from '../governance/signals/take-signals.ts'
import type { Log } from '../log.ts'

/**
 * Takes up what subscriptions have told of risks, every `everyMs` give or take a quarter, until it is told to stop. No bell is rung
 * for it: with nothing to take up a look costs one read of an empty index, and a plan has days.
 */
export async function sweepSignals(
  db: Db,
  parts: { log: Log; signal: AbortSignal; everyMs?: number },
): Promise<void> {
  const { log, signal, everyMs = 2_000 } = parts
  while (!signal.aborted) {
    try {
      await takeSignals(db, {
        now: () => new Date(),
        signal,
        failed: (accountId, error) =>
          log.warn(
            { part: 'sweep', organization: accountId, error },
            'What was told of an account could not be taken up; the next sweep tries again',
          ),
      })
    } catch (error) {
      log.warn({ part: 'sweep', error }, 'A sweep for signals failed; the next one looks again')
    }
    await sleep(everyMs * (0.75 + Math.random() / 2), undefined, { signal }).catch(() => {})
  }
}
