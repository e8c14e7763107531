import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../log.ts'

export type SweepParts = {
  log: Log
  signal: AbortSignal
  /** Milliseconds between two sweeps, give or take a quarter, so that processes do not keep step. */
  everyMs?: number
}

/** Sweeps again and again until it is told to stop. One that fails is told in the log, and the next one looks again. */
export async function sweepOften(
  what: string,
  { log, signal, everyMs = 2_000 }: SweepParts,
  sweep: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await sweep()
    } catch (error) {
      log.warn({ part: 'sweep', error }, `A sweep for ${what} failed; the next one looks again`)
    }
    await sleep(everyMs * (0.75 + Math.random() / 2), undefined, { signal }).catch(() => {})
  }
}
