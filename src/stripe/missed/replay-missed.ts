import type { Db } from '../../db/types.ts'
import type { StripeApi } from '../api/stripe-api.ts'
import type { Mode } from '../event/subscription-event.ts'
import type { RingUnmarked } from '../inbox/take-told-events.ts'
import { findMissedEvents } from './find-missed-events.ts'
import { beginWalk, finishWalk, noteWalked } from './missed-walk.ts'
import { countByType, takeMissed } from './take-missed.ts'

export type ReplayMissed = {
  /** Unix seconds by Stripe's clock, both included. */
  from: number
  until: number
  types?: readonly string[]
  /** What was stored is rung for with it; null: only look, store nothing and remember nothing. */
  ring: RingUnmarked | null
  keyMode?: Mode | null
  signal?: AbortSignal
  /** Begin where a walk that was cut off had come to. */
  resume?: boolean
  /** Called once, before the first question. */
  onBegin?: (walk: { from: number; goesOnFrom: Date | null }) => void
  /** Called for each page with how many events were listed so far, and after each window with how far the walk has come. */
  onProgress?: (progress: MissedProgress) => void
}

export type MissedProgress = {
  /** Unix seconds: everything before it was compared. */
  walkedUntil: number
  listed: number
  missing: number
}

export type MissedReplayed = {
  listed: number
  /** Not in the inbox when they were compared. */
  missing: number
  byType: Map<string, number>
  /** Taken in by this replay. What is missing and not taken arrived by itself, or through another replay, meanwhile. */
  taken: number
  /** false: some were stored without a bell; the sweeper rings for them. */
  heard: boolean
  goesOnFrom: Date | null
}

/**
 * Takes in what Stripe lists and the inbox does not hold, oldest first. It may be cut off at any moment and run again, and
 * several may run at once, beside deliveries: each event is stored once.
 * @throws the signal's reason when it was told to stop; Unavailable, Refused as StripeApi says.
 */
export async function replayMissed(
  db: Db,
  api: Pick<StripeApi, 'events'>,
  parts: ReplayMissed,
): Promise<MissedReplayed> {
  const { from, until, types, ring, signal, onProgress } = parts
  const walk = ring && parts.resume ? await beginWalk(db, { from, until }) : null
  const begin = walk?.from ?? from
  const goesOnFrom = walk?.goesOnFrom ?? null
  parts.onBegin?.({ from: begin, goesOnFrom })
  const done: MissedReplayed = { listed: 0, missing: 0, byType: new Map(), taken: 0, heard: true, goesOnFrom }
  let walkedUntil = begin
  let seen = 0
  const told = () => onProgress?.({ walkedUntil, listed: seen, missing: done.missing })
  const range = {
    from: begin,
    until,
    ...(types && { types }),
    ...(signal && { signal }),
    onPage: (listed: number) => {
      seen += listed
      told()
    },
  }
  for await (const batch of findMissedEvents(db, api, range)) {
    done.listed += batch.listed
    done.missing += batch.missing.length
    for (const [type, count] of countByType(batch.missing)) {
      done.byType.set(type, (done.byType.get(type) ?? 0) + count)
    }
    if (ring) {
      const { taken, heard } = await takeMissed(db, batch.missing, { ring, keyMode: parts.keyMode ?? null })
      done.taken += taken
      done.heard &&= heard
      if (walk) await noteWalked(db, walk.walkId, batch.walkedUntil, taken)
    }
    walkedUntil = batch.walkedUntil
    told()
    signal?.throwIfAborted()
  }
  if (walk) await finishWalk(db, walk.walkId)
  return done
}
