import type { Db } from '../db/types.ts'
import { takeSignals } from '../governance/signals/take-signals.ts'
import { type SweepParts, sweepOften } from './sweep-often.ts'

/**
 * Takes up what subscriptions have told of risks. No bell is rung for it: with nothing to take up it is two looks at an
 * empty index, and a plan has days.
 */
export async function sweepSignals(db: Db, parts: SweepParts): Promise<void> {
  const { log, signal } = parts
  await sweepOften('signals', parts, async () => {
    await takeSignals(db, {
      now: () => new Date(),
      signal,
      failed: (accountId, error) =>
        log.warn(
          { part: 'sweep', organization: accountId, error },
          'What was told of an account could not be taken up; the next sweep tries again',
        ),
    })
  })
}
