import { hash } from 'node:crypto'
import { type Envelope, inboxFactsOf } from '../event/envelope.ts'
import { noticeType } from '../event/notice.ts'
import { differenceOf, type StateDifference } from '../event/state-difference.ts'
import type { Mode, SubscriptionState, TrailKind } from '../event/subscription-event.ts'
import { subscriptionEventOf } from '../event/subscription-event-of.ts'
import { asides } from '../event/vertex.ts'
import { vertexHash } from '../event/vertex-hash.ts'
import { type Write, writes } from './event-writes.ts'

/** A body whose signature was verified, and what was read in it. */
export type Delivery = {
  body: Uint8Array
  envelope: Envelope
  /** `webhook` unless told otherwise. */
  source?: 'webhook' | 'replay' | 'fetch'
}

/** A write that is settled at the door: nobody has to be rung for it. */
type DoorMarker = { write: Write; state: 'ignored' | 'parked'; reason: string; detail: string | null }

/** One row of stripe.events. Times are Unix seconds; the hash is in hex. */
export type InboxRow = {
  eventId: string
  type: string
  apiVersion: string | null
  mode: Mode
  stripeAccount: string | null
  created: number
  requestId: string | null
  objectType: string | null
  objectId: string | null
  subscription: string | null
  customer: string | null
  source: 'webhook' | 'replay' | 'fetch'
  bodyHash: string
  trailKind: TrailKind | null
  /** The state before, as what differs from the one after; null: there is none, or it cannot be told. */
  fromDifference: StateDifference | null
  toState: SubscriptionState | null
  fromHash: string | null
  toHash: string | null
  /** [cancellation, pause, trial] */
  fromAsides: string[] | null
  toAsides: string[] | null
  fingerprint: string | null
  projectionVersion: number | null
  markers: DoorMarker[]
}

/** Which reading of Stripe's object made a row's states and hashes: counted up whenever that reading changes. */
const projectionVersion = 1

/** Events that tell which organization a customer is. */
export const linkingTypes: ReadonlySet<string> = new Set([
  'checkout.session.completed',
  'customer.created',
  'customer.updated',
  'customer.deleted',
])

/** Events that tell how a subscription's payment went: no step of its trail, and a reason to look at where it stands. */
export const paymentTypes: ReadonlySet<string> = new Set(['invoice.paid', 'invoice.payment_failed'])

/** Events that can change anything commercial; the other events of a subscription are sightings. */
const changingTypes = new Set([
  'customer.subscription.created',
  'customer.subscription.updated',
  'customer.subscription.deleted',
])

const none = {
  stripeAccount: null,
  requestId: null,
  objectType: null,
  objectId: null,
  subscription: null,
  customer: null,
  apiVersion: null,
  trailKind: null,
  fromDifference: null,
  toState: null,
  fromHash: null,
  toHash: null,
  fromAsides: null,
  toAsides: null,
  fingerprint: null,
  projectionVersion: null,
} as const

/**
 * What the inbox writes for a delivery. Pure, and never throws: whatever was signed has a row.
 * @param mode the mode that this deployment serves. A body that tells no mode is filed under it.
 * @param nowSeconds Unix seconds: the date of a body that tells none.
 */
export function inboxRowOf(delivery: Delivery, mode: Mode, nowSeconds: number): InboxRow {
  const { envelope, body, source = 'webhook' } = delivery
  const bodyHash = hash('sha256', body, 'hex')
  if (envelope.kind === 'unreadable') {
    const { id, reason } = envelope
    const markers = both('parked', 'unreadable', reason)
    const filed = { eventId: id, type: 'unreadable', mode, created: Math.floor(nowSeconds) }
    return { ...none, ...filed, source, bodyHash, markers }
  }
  const facts = inboxFactsOf(envelope)
  const row: InboxRow = {
    ...none,
    eventId: facts.event,
    type: facts.type,
    apiVersion: facts.apiVersion,
    mode: facts.livemode ? 'live' : 'test',
    stripeAccount: facts.account,
    created: facts.created,
    requestId: facts.request,
    objectType: facts.objectType,
    objectId: facts.objectId,
    subscription: facts.subscription,
    customer: facts.customer,
    source,
    bodyHash,
    markers: [],
  }
  if (row.mode !== mode) return { ...row, markers: both('ignored', 'other_mode') }
  if (envelope.kind === 'thin') return { ...row, markers: thinMarkers(row.type) }
  const told = subscriptionEventOf(envelope)
  if (told === null)
    return {
      ...row,
      markers: markersOf(row.type, false, paymentTypes.has(row.type) && row.subscription !== null),
    }
  if ('unreadable' in told) {
    return { ...row, markers: both('parked', 'unreadable_subscription', told.unreadable) }
  }
  const difference = told.before && differenceOf(told.before, told.after)
  const toHash = vertexHash(told.after)
  return {
    ...row,
    // The subscription's own words, for a type of event that every API version has.
    subscription: told.after.subscription,
    customer: told.after.customer,
    trailKind: told.kind,
    fromDifference: difference,
    toState: told.after,
    // Most events leave the vertex as it is.
    fromHash: difference && (difference.status || difference.items ? vertexHash(told.before!) : toHash),
    toHash,
    fromAsides: told.before && asidesOf(told.before),
    toAsides: asidesOf(told.after),
    fingerprint: told.fingerprint,
    projectionVersion,
    markers: markersOf(row.type, true),
  }
}

/** A row that Postgres refused, for whatever its columns held: kept raw, under an id made from its bytes, and parked. */
export function rawRowOf(delivery: Delivery, mode: Mode, nowSeconds: number, reason: string): InboxRow {
  const id = `raw_${hash('sha256', delivery.body, 'hex').slice(0, 32)}`
  return inboxRowOf({ ...delivery, envelope: { kind: 'unreadable', id, reason } }, mode, nowSeconds)
}

/** The mode that a delivery tells, if any. */
export function modeTold(envelope: Envelope): Mode | null {
  if (envelope.kind === 'unreadable') return null
  const livemode = envelope.kind === 'thin' ? envelope.livemode : envelope.event.livemode
  return livemode ? 'live' : 'test'
}

/** The writes that nobody has settled yet: those whose worker is rung. */
export function openWrites(row: InboxRow): Write[] {
  return writes.filter((write) => !row.markers.some((marker) => marker.write === write))
}

function markersOf(type: string, ofTrail: boolean, ofPayment = false): DoorMarker[] {
  const markers: DoorMarker[] = []
  if (!ofTrail && !ofPayment && !linkingTypes.has(type)) markers.push(ignored('enrollment', 'not_for_us'))
  if (!changingTypes.has(type))
    markers.push(ignored('subscription-changes', ofTrail ? 'sighting' : 'not_for_us'))
  return markers
}

/** A thin event tells nothing by itself; of a notice there is something to be done all the same. */
function thinMarkers(type: string): DoorMarker[] {
  if (type !== noticeType) return both('ignored', 'thin')
  return [ignored('subscription-changes', 'thin')]
}

function ignored(write: Write, reason: string): DoorMarker {
  return { write, state: 'ignored', reason, detail: null }
}

function both(state: DoorMarker['state'], reason: string, detail: string | null = null): DoorMarker[] {
  return writes.map((write) => ({ write, state, reason, detail }))
}

function asidesOf(state: SubscriptionState): string[] {
  const { cancellation, pause, trial } = asides(state)
  return [cancellation, pause, trial]
}
