import type { Db } from '../../db/types.ts'
import { clearAlarm, raiseAlarm } from '../alarms.ts'
import type { StripeApi } from '../api/stripe-api.ts'
import type { Mode } from '../event/subscription-event.ts'
import type { RingUnmarked } from '../inbox/take-told-events.ts'
import { findMissedEvents } from '../missed/find-missed-events.ts'
import { takeMissed } from '../missed/take-missed.ts'

export type GapWatchParts = {
  api: Pick<StripeApi, 'events'>
  ring: RingUnmarked
  keyMode: Mode | null
  now: Date
  signal: AbortSignal
}

export type GapLook = {
  /** How many events Stripe listed, and how many of them nobody had delivered. */
  listed: number
  found: number
  byType: Map<string, number>
  /** The last look is so long ago that Stripe's list does not reach back to it: reconcile is for what lies before. */
  beyondList: boolean
}

const MINUTE = 60
const DAY = 86_400
/** Seconds. What is younger is most likely on its way: a delivery takes some seconds, and its first try may fail. */
const ON_ITS_WAY = 2 * MINUTE
/** Seconds that each look goes back behind the last: Stripe's list may show an event later than its `created` says. */
const OVERLAP = 60 * MINUTE
const FIRST_LOOK = 3 * DAY
/** What Stripe keeps. Source: https://docs.stripe.com/api/events */
const KEPT = 30 * DAY
/** Looks without a finding until the alarm clears. */
const CLEAN_LOOKS = 2

/**
 * One look for events that Stripe lists and nobody delivered, from where the last one ended until now; what is missing is taken in
 * as if it had been delivered. Window by window it notes how far it has come, so that one that is cut off is not begun anew.
 * @throws Unavailable, Refused as StripeApi says; then it goes on from there the next time.
 */
export async function watchForGaps(db: Db, parts: GapWatchParts): Promise<GapLook> {
  const now = Math.floor(parts.now.getTime() / 1000)
  const comparedUntil = await readComparedUntil(db)
  const wanted = comparedUntil === null ? now - FIRST_LOOK : comparedUntil - OVERLAP
  const from = Math.max(wanted, now - KEPT)
  const look: GapLook = { listed: 0, found: 0, byType: new Map(), beyondList: from > wanted }
  // An inbox that nothing was delivered to has no gaps: it begins.
  const begins = comparedUntil === null && !(await anyDelivered(db))
  const range = { from, until: now - ON_ITS_WAY, signal: parts.signal }
  for await (const { missing, listed, walkedUntil } of findMissedEvents(db, parts.api, range)) {
    const { taken, byType } = await takeMissed(db, missing, parts)
    look.listed += listed
    look.found += taken
    for (const [type, count] of byType) look.byType.set(type, (look.byType.get(type) ?? 0) + count)
    await noteCompared(db, walkedUntil, taken)
  }
  if (look.found > 0) {
    await noteLook(db, false)
    if (!begins) await raiseAlarm(db, 'events_missed', 'gap-watch', inWords(look))
  } else if ((await noteLook(db, true)) >= CLEAN_LOOKS) await clearAlarm(db, 'events_missed', 'gap-watch')
  return look
}

function inWords({ found, byType }: Pick<GapLook, 'found' | 'byType'>): string {
  const types = [...byType].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
  return `${found} not delivered: ${types.map(([type, count]) => `${type} ${count}`).join(', ')}`
}

async function readComparedUntil(db: Db): Promise<number | null> {
  const [row] = await db<{ until: number }[]>`
    select extract(epoch from compared_until)::float8 as until from stripe.gap_watch`
  return row ? Math.floor(row.until) : null
}

async function anyDelivered(db: Db): Promise<boolean> {
  const [first] = await db`select from stripe.events limit 1`
  return first !== undefined
}

/** The mark never falls: a look that lost its lease may end after the one that took over. */
async function noteCompared(db: Db, until: number, found: number): Promise<void> {
  await db`
    insert into stripe.gap_watch as g (compared_until, found) values (to_timestamp(${until}), ${found})
    on conflict (singleton) do update
    set compared_until = greatest(g.compared_until, excluded.compared_until), found = g.found + excluded.found
  `
}

/** Answers how many looks in a row have found nothing now. */
async function noteLook(db: Db, clean: boolean): Promise<number> {
  const [row] = await db<{ cleanLooks: number }[]>`
    update stripe.gap_watch set clean_looks = case when ${clean} then clean_looks + 1 else 0 end
    returning clean_looks
  `
  return row?.cleanLooks ?? 0
}
