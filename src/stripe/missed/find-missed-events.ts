import type { Reader } from '../../db/types.ts'
import type { StripeApi } from '../api/stripe-api.ts'
import { handledTypes } from './handled-types.ts'

/** A window of Stripe's list that was compared with the inbox. */
export type MissedBatch = {
  /** Events as Stripe told them whose ids are not in the inbox, oldest first. */
  missing: Record<string, unknown>[]
  /** How many events Stripe listed in this window. */
  listed: number
  /** Unix seconds by Stripe's clock: everything of the range up to here, this second included, has been compared. */
  walkedUntil: number
}

export type FindMissed = {
  /** Unix seconds by Stripe's clock, both included. */
  from: number
  until: number
  /** Those that something is done about, unless told otherwise; at most 20. */
  types?: readonly string[]
  /** Ends the walk between two pages, by throwing its reason. */
  signal?: AbortSignal
  /** Called for each page, with how many events it listed. */
  onPage?: (listed: number) => void
}

/** Seconds. */
const FIRST_WINDOW = 3600
const LONGEST_WINDOW = 86_400
/** Pages of 100: what one window may hold in memory, and what is read in vain when a window proves too long. */
const MOST_PAGES = 10

/**
 * Compares Stripe's list of events with the inbox, by id alone: whether a delivery succeeded says nothing of what was acknowledged
 * and then lost. Yields what is missing, oldest first, window by window; taking it in is the caller's affair.
 *
 * Stripe lists newest first. Walking its list as it comes would take in the end of a story before its beginning, and a walk that was cut
 * off would have to begin anew, as what is new comes in at its front. So time is cut into windows, the oldest
 * goes first, and only what is missing of one window is held. How long a window is follows how full the last one was: no
 * more than ten pages, so that memory is bounded; but one second is never cut.
 * @throws Unavailable, Refused as StripeApi says.
 */
export async function* findMissedEvents(
  db: Reader,
  api: Pick<StripeApi, 'events'>,
  range: FindMissed,
): AsyncGenerator<MissedBatch> {
  let from = range.from
  let length = FIRST_WINDOW
  while (from <= range.until) {
    const until = Math.min(range.until, from + length - 1)
    const window = await readWindow(db, api, { ...range, from, until })
    if (window.kind === 'too_full') {
      length = window.fits
      continue
    }
    const { missing, listed, pages } = window
    yield { missing, listed, walkedUntil: until }
    from = until + 1
    if (pages <= MOST_PAGES / 4) length = Math.min(LONGEST_WINDOW, length * 2)
  }
}

type Window =
  | { kind: 'read'; missing: Record<string, unknown>[]; listed: number; pages: number }
  /** `fits`: seconds in which so many events will most likely not lie. */
  | { kind: 'too_full'; fits: number }

async function readWindow(db: Reader, api: Pick<StripeApi, 'events'>, window: FindMissed): Promise<Window> {
  const { from, until, types = handledTypes, signal, onPage } = window
  const missing: Record<string, unknown>[] = []
  let listed = 0
  let pages = 0
  for await (const { objects, more } of api.events({ from, until, types })) {
    signal?.throwIfAborted()
    listed += objects.length
    pages++
    if (more && pages === MOST_PAGES && until > from) {
      const oldest = Number(objects.at(-1)!.created)
      // From the newest to the oldest that was read lie ten pages: a good half of that time holds fewer.
      return {
        kind: 'too_full',
        fits: Math.max(1, Math.min(Math.ceil((until - from) / 2), Math.floor((until - oldest) * 0.6))),
      }
    }
    missing.push(...(await notInInbox(db, objects)))
    onPage?.(objects.length)
  }
  return { kind: 'read', missing: missing.reverse(), listed, pages }
}

async function notInInbox(
  db: Reader,
  objects: readonly Record<string, unknown>[],
): Promise<Record<string, unknown>[]> {
  const ids = objects.map(({ id }) => String(id))
  const known = await db<{ eventId: string }[]>`
    select event_id from stripe.events where event_id = any(${ids})`
  const there = new Set(known.map(({ eventId }) => eventId))
  return objects.filter(({ id }) => !there.has(String(id)))
}
