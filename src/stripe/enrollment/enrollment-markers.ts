import { noticeKey, noticeType } from '../event/notice.ts'
import type { Marker } from '../inbox/event-writes.ts'
import { paymentTypes } from '../inbox/inbox-rows.ts'
import type { UnhandledEvent } from '../inbox/unhandled-events.ts'
import type { Case } from './decide-cases.ts'
import type { LinkOutcome, Owner } from './owners.ts'

/** What came of a batch, as its events' markers are told from it. */
export type BatchStanding = {
  owners: ReadonlyMap<string, Owner>
  links: ReadonlyMap<string, LinkOutcome>
  cases: readonly Case[]
  payments: ReadonlyMap<string, string[]>
}

/** What became of each event's enrollment write: done, not for us, or waiting for a named thing. */
export function markersOf(events: readonly UnhandledEvent[], standing: BatchStanding): Marker[] {
  const holds = new Map(standing.cases.map(({ owner, decision }) => [owner.held.subscription, decision.hold]))
  return events.map((event) => markerOf(event, standing, holds.get(event.subscription ?? '') ?? null))
}

function markerOf(
  { event, type, subscription, trailKind }: UnhandledEvent,
  { owners, links, payments }: BatchStanding,
  hold: Case['decision']['hold'],
): Marker {
  if (paymentTypes.has(type))
    return payments.has(subscription ?? '')
      ? { eventId: event, state: 'done' }
      : { eventId: event, state: 'ignored', reason: 'no_payment_at_risk' }
  // Stripe has to be asked what it could not tell: that is upkeep's.
  if (type === noticeType)
    return { eventId: event, state: 'waiting', waitingOn: noticeKey(event), reason: 'event_not_generated' }
  if (trailKind === null) {
    const link = links.get(event)!
    if (link.kind === 'none') return { eventId: event, state: 'ignored', reason: 'links_nobody' }
    if (link.kind === 'gone') return { eventId: event, state: 'ignored', reason: 'body_gone' }
    if (link.kind === 'linked') return { eventId: event, state: 'done' }
    return { eventId: event, state: 'waiting', waitingOn: link.on, reason: link.reason }
  }
  const owner = owners.get(subscription!)!
  if (owner.kind === 'waiting')
    return { eventId: event, state: 'waiting', waitingOn: owner.on, reason: owner.reason }
  if (hold) return { eventId: event, state: 'waiting', waitingOn: hold.on, reason: hold.reason }
  return { eventId: event, state: 'done' }
}
