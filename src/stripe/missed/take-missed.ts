import type { Db } from '../../db/types.ts'
import type { Mode } from '../event/subscription-event.ts'
import { type RingUnmarked, takeToldEvents } from '../inbox/take-told-events.ts'

export type Taken = {
  /** Events that were taken in now; what arrived by itself in the meantime is not among them. */
  taken: number
  byType: Map<string, number>
  /** false: stored all the same, and the sweeper rings again. */
  heard: boolean
}

/**
 * Takes in what `findMissedEvents` found, as if it had been delivered. Once in effect, however often and by however many.
 * @throws Unavailable when the database does not store it.
 */
export async function takeMissed(
  db: Db,
  missing: readonly Record<string, unknown>[],
  parts: { ring: RingUnmarked; keyMode?: Mode | null },
): Promise<Taken> {
  if (missing.length === 0) return { taken: 0, byType: new Map(), heard: true }
  const { stored, heard } = await takeToldEvents(db, missing, { source: 'replay', ...parts })
  const now = new Set(stored)
  return { taken: now.size, byType: countByType(missing.filter(({ id }) => now.has(String(id)))), heard }
}

/** How many events of each type. */
export function countByType(events: readonly Record<string, unknown>[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { type } of events) counts.set(String(type), (counts.get(String(type)) ?? 0) + 1)
  return counts
}
