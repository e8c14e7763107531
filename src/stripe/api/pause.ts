import { setTimeout as sleep } from 'node:timers/promises'

/** Waits so many milliseconds. @throws the signal's own reason when it ends the wait. */
export async function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, signal && { signal }).catch(() => {})
  signal?.throwIfAborted()
}
