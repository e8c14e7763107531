import { hash } from 'node:crypto'
import { type Envelope, idOf, type StripeEvent, textOf } from './envelope.ts'
import { DEEPEST, deeperThan, putBack } from './previous-attributes.ts'
import type { SubscriptionEvent, SubscriptionState, TrailKind } from './subscription-event.ts'
import { subscriptionStateOf, type Unreadable } from './subscription-state.ts'

/** The events that tell of a subscription's state, and what each is to the trail. All others tell nothing of it. */
const KINDS = new Map<string, TrailKind>([
  ['customer.subscription.created', 'root'],
  ['customer.subscription.updated', 'edge'],
  ['customer.subscription.deleted', 'end'],
  ['customer.subscription.paused', 'sighting'],
  ['customer.subscription.resumed', 'sighting'],
  ['customer.subscription.trial_will_end', 'sighting'],
  ['customer.subscription.pending_update_applied', 'sighting'],
  ['customer.subscription.pending_update_expired', 'sighting'],
])

export const trailTypes: readonly string[] = [...KINDS.keys()]

/**
 * What an event says of a subscription: null when it is of another kind, `unreadable` when its object cannot be read.
 * Never throws. Two event ids with one fingerprint told the same change (docs: the trail, twins).
 */
export function subscriptionEventOf(envelope: Envelope): SubscriptionEvent | null | Unreadable {
  if (envelope.kind === 'thin') return null
  if (envelope.kind === 'unreadable') return { unreadable: envelope.reason }
  const { event } = envelope
  const kind = KINDS.get(event.type)
  if (kind === undefined) return null
  if (deeperThan(event.object, DEEPEST) || deeperThan(event.previous, DEEPEST)) {
    return { unreadable: `nested more than ${DEEPEST} levels deep` }
  }
  const told = subscriptionStateOf(event.object)
  const after = 'unreadable' in told && kind === 'end' ? bareEnd(event, told) : told
  if ('unreadable' in after) return after
  return {
    event: event.id,
    type: event.type,
    kind,
    created: event.created,
    request: event.request,
    before: kind === 'edge' ? beforeOf(event, after) : kind === 'sighting' ? after : null,
    after,
    fingerprint: fingerprintOf(event),
  }
}

/**
 * null: a gap. Without previous_attributes nothing says what changed, and "nothing did" would be a guess;
 * an empty one does say so, for what changed then has no name in this API version.
 */
function beforeOf(event: StripeEvent, after: SubscriptionState): SubscriptionState | null {
  if (event.previous === null) return null
  const object = putBack(event.object, event.previous)
  if (object === null) return null
  const before = subscriptionStateOf(object)
  return 'unreadable' in before || before.subscription !== after.subscription ? null : before
}

/** `deleted` ends by its type, whatever its body says: its subscription's id is all that has to be readable. */
function bareEnd(event: StripeEvent, fault: Unreadable): SubscriptionState | Unreadable {
  const { object } = event
  const subscription = textOf(object.id)
  if (subscription === null || (object.object !== undefined && object.object !== 'subscription')) return fault
  return {
    subscription,
    customer: idOf(object.customer),
    status: 'canceled',
    items: [],
    itemsComplete: false,
    cancelAt: null,
    pause: null,
    trialEnd: null,
    periodEnd: null,
    endedAt: null,
    organization: null,
  }
}

function fingerprintOf({ type, object, previous }: StripeEvent): string {
  return hash('sha256', JSON.stringify([type, object, previous]), 'hex').slice(0, 32)
}
