import type { Db } from '../../db/types.ts'
import { readEnvelope } from '../event/envelope.ts'
import type { Mode } from '../event/subscription-event.ts'
import { type Write, writes } from './event-writes.ts'
import { createInbox } from './inbox.ts'

/** The bell, as intake needs it: it answers whether it was heard, and never rejects. */
export type RingUnmarked = (
  inboxIds: readonly number[],
  options: { queues: readonly Write[] },
) => Promise<boolean>

export type ToldTaken = {
  /** Ids of the events that are new. */
  stored: string[]
  /** How many were there already: nothing of them changed. */
  present: number
  /** false: stored all the same, and the sweeper rings again. */
  heard: boolean
}

/** Milliseconds: whoever asked Stripe for these can wait longer for the database than a delivery may. */
const longestWait = 60_000

/**
 * Takes in events that Stripe's API told, unsigned but fetched: the same rows and the same verdicts at the door as for a
 * delivery, under their own source, and rung for after the commit. The body that is kept is the event as JSON, as it was told.
 * @param objects in the order in which they are to arrive.
 * @throws Unavailable when one could not be stored; those before it may have been.
 */
export async function takeToldEvents(
  db: Db,
  objects: readonly Record<string, unknown>[],
  options: { source: 'replay'; ring: RingUnmarked; keyMode?: Mode | null },
): Promise<ToldTaken> {
  const unmarked: Record<Write, number[]> = { enrollment: [], 'subscription-changes': [] }
  const inbox = createInbox(db, {
    onStored: (stored) => {
      for (const write of writes) unmarked[write].push(...stored[write])
    },
    keyMode: options.keyMode ?? null,
    // One batch at a time, so that the order of arrival is the order given.
    maxInFlight: 1,
    timeoutMs: longestWait,
    maxWaiting: objects.length + 1,
  })
  const taken = await Promise.all(
    objects.map((object) => {
      const body = Buffer.from(JSON.stringify(object))
      return inbox.take({ body, envelope: readEnvelope(body), source: options.source })
    }),
  ).finally(() => inbox.close())
  const stored = objects.filter((_, n) => taken[n] === 'stored').map(({ id }) => String(id))
  const heard = await Promise.all(
    writes.map((write) => unmarked[write].length === 0 || options.ring(unmarked[write], { queues: [write] })),
  )
  return { stored, present: objects.length - stored.length, heard: heard.every(Boolean) }
}
