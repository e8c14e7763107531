import { within } from '../within.ts'

/** As much of a BullMQ worker as it takes to close it. */
type Closable = { pause: () => Promise<void>; close: (force: boolean) => Promise<void> }

/**
 * Closes a worker: no new job from here on, and what runs, or was fetched and is about to, is given `limitMs`. Only then is it closed, by
 * force if need be: one closed without it would keep the lock of what never ends. Never rejects.
 * @returns whether all that ran had ended; what had not is done again by another worker
 */
export async function closeWorker(worker: Closable, limitMs: number): Promise<boolean> {
  const ended = await within(limitMs, 'Work under way', worker.pause()).then(
    () => true,
    () => false,
  )
  await within(3_000, 'The queue', worker.close(!ended)).catch(() => {})
  return ended
}
