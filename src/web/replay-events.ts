import type { Caller } from '../auth/api-keys.ts'
import type { Db } from '../db/types.ts'
import { Refused } from '../errors.ts'
import type { Log } from '../log.ts'
import { partReplay, type ReplayWrite, selectReplay } from '../stripe/inbox/replay.ts'
import { type RingAgain, ringReplay } from '../stripe/inbox/ring-replay.ts'
import { searchInbox } from '../stripe/inbox/search-inbox.ts'

/** Events that one replay over HTTP may name; the command line has no such end. */
export const mostReplayed = 1_000

export type ReplayPlan = {
  toRing: ReplayWrite[]
  /** Decided by what was received: done again they would only come to the same verdict. */
  settled: ReplayWrite[]
}

/**
 * What replaying these events would touch, and nothing is touched by asking.
 * @throws Refused `event_unknown` (404) for one that is not in the inbox or is another tenant's: a list with a wrong id in it
 * may be wrong altogether; `too_many_events` (422).
 */
export async function planReplay(db: Db, tenantId: string, events: readonly string[]): Promise<ReplayPlan> {
  const wanted = [...new Set(events)]
  if (wanted.length > mostReplayed)
    throw new Refused(
      'too_many_events',
      `At most ${mostReplayed} events can be replayed at once here.`,
      'Replay fewer, or use `stepladder replay`.',
      422,
    )
  const found = await searchInbox(db, { tenantId, events: wanted }, { before: null, limit: wanted.length })
  const missing = wanted.filter((id) => !found.some(({ event }) => event === id))
  if (missing.length > 0) throw unknownEvent(missing[0]!)
  return partReplay(await selectReplay(db, { kind: 'events', events: wanted }))
}

/**
 * Has these events handled again, although they were: the verbs of the command line. Who asked for it is logged.
 * @throws as `planReplay`; Unavailable `queue_unavailable`
 */
export async function replayEvents(
  parts: { db: Db; ringAgain: RingAgain; log: Log },
  caller: Caller,
  events: readonly string[],
): Promise<ReplayPlan> {
  const plan = await planReplay(parts.db, caller.tenantId, events)
  if (plan.toRing.length === 0) return plan
  await ringReplay(parts.ringAgain, plan.toRing)
  const rung = [...new Set(plan.toRing.map(({ event }) => event))]
  parts.log.info(
    {
      key: caller.id,
      name: caller.name,
      tenant: caller.tenantId,
      count: rung.length,
      events: rung.slice(0, 100),
    },
    'An operator has events replayed',
  )
  return plan
}

export function unknownEvent(event: string): Refused {
  return new Refused(
    'event_unknown',
    `There is no event ${JSON.stringify(event.slice(0, 60))} in the inbox.`,
    'Look at the id: events begin with evt_.',
    404,
  )
}
