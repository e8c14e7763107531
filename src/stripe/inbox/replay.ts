import type { Reader } from '../../db/types.ts'
import { type Write, writes } from './event-writes.ts'

/** One write of one event that a person wants done again. */
export type ReplayWrite = {
  event: string
  inboxId: number
  type: string
  write: Write
  /** `received`: nobody took it up yet. */
  state: 'received' | 'done' | 'ignored' | 'waiting' | 'parked'
  reason: string | null
  waitingOn: string | null
  subscription: string | null
  /** When the marker was last written, to the microsecond; null without a marker. Another value later: it was handled since. */
  handledAt: string | null
}

export type ReplaySelection =
  | { kind: 'failed'; reason: string }
  | { kind: 'waiting'; on: string | null }
  | { kind: 'events'; events: readonly string[] }
  /** By Stripe's `created`, both ends included. */
  | { kind: 'range'; from: Date; until: Date; type: string | null }

/** Verdicts on the body alone, given when it was received: done again they would be the same, since inbox rows never change. */
const decidedAtTheDoor = [
  'other_mode',
  'thin',
  'unreadable',
  'unreadable_subscription',
  'not_for_us',
  'sighting',
  // What is paid is read anew with every signal.
  'no_payment_at_risk',
]

/**
 * The writes that a selection means, in the order of arrival, `most` at most. For events and ranges both writes of each event; an id that
 * is not in the inbox is left out.
 */
export async function selectReplay(
  reader: Reader,
  selection: ReplaySelection,
  most: number | null = null,
): Promise<ReplayWrite[]> {
  if (selection.kind === 'events' || selection.kind === 'range') return readWrites(reader, selection, most)
  const state = selection.kind === 'failed' ? 'parked' : 'waiting'
  const reason = selection.kind === 'failed' ? selection.reason : null
  const on = selection.kind === 'waiting' ? selection.on : null
  return reader<ReplayWrite[]>`
    select
      e.event_id as event, e.inbox_id, e.type, w.write, w.state, w.reason, w.waiting_on,
      e.stripe_subscription_id as subscription, w.handled_at::text as handled_at
    from stripe.event_writes w join stripe.events e using (event_id)
    where w.state = ${state}
      and (${reason}::text is null or w.reason = ${reason})
      and (${on}::text is null or w.waiting_on = ${on})
    order by e.inbox_id, w.write
    limit ${most}`
}

/** How both writes of some events stand now, in the order of arrival: of those named, or of those that Stripe created in a range. */
async function readWrites(
  reader: Reader,
  wanted: { events: readonly string[] } | Extract<ReplaySelection, { kind: 'range' }>,
  most: number | null = null,
): Promise<ReplayWrite[]> {
  const meant =
    'events' in wanted
      ? reader`e.event_id = any(${wanted.events as string[]})`
      : reader`e.created_at between ${wanted.from} and ${wanted.until} and (${wanted.type}::text is null or e.type = ${wanted.type})`
  return reader<ReplayWrite[]>`
    select
      e.event_id as event, e.inbox_id, e.type, k.write, coalesce(w.state, 'received') as state, w.reason, w.waiting_on,
      e.stripe_subscription_id as subscription, w.handled_at::text as handled_at
    from stripe.events e
    cross join unnest(${[...writes]}::text[]) as k (write)
    left join stripe.event_writes w on w.event_id = e.event_id and w.write = k.write
    where ${meant}
    order by e.inbox_id, k.write
    limit ${most}`
}

/** Those of a selection for which a bell is rung, and those that would only come to the same verdict. */
export function partReplay(selected: readonly ReplayWrite[]): {
  toRing: ReplayWrite[]
  settled: ReplayWrite[]
} {
  const isSettled = ({ reason }: ReplayWrite) => reason !== null && decidedAtTheDoor.includes(reason)
  return { toRing: selected.filter((one) => !isSettled(one)), settled: selected.filter(isSettled) }
}

/** Inbox ids by write: what each queue is rung for. */
export function bellsOf(selected: readonly ReplayWrite[]): { write: Write; inboxIds: number[] }[] {
  return writes
    .map((write) => ({
      write,
      inboxIds: selected.filter((one) => one.write === write).map(({ inboxId }) => inboxId),
    }))
    .filter(({ inboxIds }) => inboxIds.length > 0)
}

/**
 * What has become of writes that were rung for: `handled` where the marker was written since, with what it says now.
 * Asks only for those that are still `open`.
 */
export async function lookAfterReplay(
  reader: Reader,
  open: readonly ReplayWrite[],
): Promise<{ handled: ReplayWrite[]; open: ReplayWrite[] }> {
  const now = await readWrites(reader, { events: [...new Set(open.map(({ event }) => event))] })
  const byKey = new Map(now.map((one) => [keyOf(one), one]))
  const handled: ReplayWrite[] = []
  const still: ReplayWrite[] = []
  for (const before of open) {
    const after = byKey.get(keyOf(before))
    if (after && after.handledAt !== before.handledAt) handled.push(after)
    else still.push(before)
  }
  return { handled, open: still }
}

function keyOf({ event, write }: ReplayWrite): string {
  return `${event} ${write}`
}
