import type { SubscriptionItem, SubscriptionState } from '../stripe/event/subscription-event.ts'
import { SEATS_PRICE, TIER_PRICES } from './prices.ts'
import { chance, oneOf, type Random, token, whole } from './random.ts'
import { itemOf, type Snapshot } from './snapshot.ts'

export const DAY = 86_400
export const MONTH = 30 * DAY

/** A step of a life: what the subscription becomes, by whom, and which sightings Stripe sends beside it. */
export type Step = {
  after: Snapshot
  type: 'updated' | 'deleted'
  /** By a request of a customer or operator; else by Stripe itself. */
  requested: boolean
  sightings?: readonly SightingType[]
}

export type SightingType = 'paused' | 'resumed' | 'trial_will_end' | 'pending_update_applied'

/** `when`: 'now', or the date at which Stripe does it by itself. null from `make`: it does not apply. */
type Move = {
  name: string
  weight: number
  when?: (snapshot: Snapshot) => number | null
  make: (snapshot: Snapshot, at: number, random: Random) => Step | null
}

const PAYING = ['trialing', 'active', 'past_due']

/** Every move that a life may make from a snapshot, with the frequencies of a lively account. */
export const MOVES: readonly Move[] = [
  { name: 'change price', weight: 6, make: changePrice },
  { name: 'swap item', weight: 2, make: swapItem },
  { name: 'change quantity', weight: 2, make: changeQuantity },
  { name: 'extra seats', weight: 3, make: changeSeats },
  {
    name: 'payment fails',
    weight: 2,
    make: (s, _, r) => turn(s, ['active'], 'past_due', { latestInvoice: invoice(r) }),
  },
  {
    name: 'payment recovers',
    weight: 4,
    make: (s) => turn(s, ['past_due', 'unpaid', 'incomplete'], 'active'),
  },
  { name: 'dunning gives up', weight: 2, make: (s) => turn(s, ['past_due'], 'unpaid') },
  {
    name: 'dunning cancels',
    weight: 1,
    make: (s, at) => (is(s, ['past_due', 'unpaid']) ? cancel(s, at, false) : null),
  },
  { name: 'first payment never comes', weight: 1, make: (s, at) => expire(s, at) },
  { name: 'pause', weight: 1, make: (s) => turn(s, ['trialing', 'active'], 'paused', {}, ['paused']) },
  { name: 'resume', weight: 4, make: (s) => turn(s, ['paused'], 'active', {}, ['resumed']) },
  { name: 'schedule cancellation', weight: 2, make: scheduleCancellation },
  { name: 'withdraw cancellation', weight: 2, make: withdrawCancellation },
  { name: 'scheduled end', weight: 2, when: (s) => s.state.cancelAt, make: (s, at) => cancel(s, at, false) },
  { name: 'pause collection', weight: 1, make: pauseCollection },
  { name: 'collect again', weight: 2, make: (s) => (s.state.pause ? change(s, { pause: null }) : null) },
  { name: 'trial ends', weight: 4, when: (s) => s.state.trialEnd, make: endTrial },
  { name: 'trial moves', weight: 1, make: moveTrial },
  { name: 'trial reminder', weight: 2, make: remindOfTrial },
  { name: 'renewal', weight: 5, when: (s) => s.state.periodEnd, make: renew },
  { name: 'note', weight: 2, make: (s, _, r) => (is(s, PAYING) ? beside(s, { note: token(r, 8) }) : null) },
  { name: 'cancel now', weight: 1, make: (s, at) => (is(s, PAYING) ? cancel(s, at, true) : null) },
]

/** The period that begins at `start`, of the first item's interval. Seconds. */
export function periodFrom(start: number, items: readonly SubscriptionItem[]): number {
  return start + (items[0]?.interval === 'year' ? 365 * DAY : MONTH)
}

export function invoice(random: Random): string {
  return `in_sim_${token(random, 16)}`
}

function is(snapshot: Snapshot, statuses: readonly string[]): boolean {
  return statuses.includes(snapshot.state.status)
}

function beside(snapshot: Snapshot, more: Partial<Omit<Snapshot, 'state'>>): Step {
  return { after: { ...snapshot, ...more }, type: 'updated', requested: true }
}

function change(snapshot: Snapshot, state: Partial<SubscriptionState>, requested = true): Step {
  return { after: { ...snapshot, state: { ...snapshot.state, ...state } }, type: 'updated', requested }
}

/** A status that Stripe turns by itself. */
function turn(
  snapshot: Snapshot,
  from: readonly string[],
  status: string,
  more: Partial<Omit<Snapshot, 'state'>> = {},
  sightings: readonly SightingType[] = [],
): Step | null {
  if (!is(snapshot, from)) return null
  const step = change({ ...snapshot, ...more }, { status }, false)
  return { ...step, sightings }
}

function byItem(items: SubscriptionItem[]): SubscriptionItem[] {
  return items.sort((a, b) => (a.item < b.item ? -1 : 1))
}

function isTierItem(item: SubscriptionItem): boolean {
  return item.price !== SEATS_PRICE.price
}

function changePrice(snapshot: Snapshot, _: number, random: Random): Step | null {
  if (!is(snapshot, PAYING)) return null
  const { items } = snapshot.state
  const current = items.find(isTierItem)!
  const price = oneOf(
    random,
    TIER_PRICES.filter((p) => p.price !== current.price),
  )
  const changed = items.map((i) => (i === current ? itemOf(i.item, price.price, i.quantity ?? 1) : i))
  const step = change(snapshot, { items: changed })
  return chance(random, 0.1) ? { ...step, sightings: ['pending_update_applied'] } : step
}

function swapItem(snapshot: Snapshot, _: number, random: Random): Step | null {
  if (!is(snapshot, PAYING)) return null
  const fresh = itemOf(`si_sim_${token(random, 14)}`, oneOf(random, TIER_PRICES).price, 1)
  return change(snapshot, { items: byItem([...snapshot.state.items.filter((i) => !isTierItem(i)), fresh]) })
}

function changeQuantity(snapshot: Snapshot, _: number, random: Random): Step | null {
  if (!is(snapshot, PAYING)) return null
  const item = oneOf(random, snapshot.state.items)
  const quantity = chance(random, 0.1) ? 0 : whole(random, 1, 5)
  if (quantity === item.quantity) return null
  return change(snapshot, { items: snapshot.state.items.map((i) => (i === item ? { ...i, quantity } : i)) })
}

function changeSeats(snapshot: Snapshot, _: number, random: Random): Step | null {
  if (!is(snapshot, PAYING)) return null
  const { items } = snapshot.state
  const without = items.filter(isTierItem)
  if (without.length < items.length) return change(snapshot, { items: without })
  const seats = itemOf(`si_sim_${token(random, 14)}`, SEATS_PRICE.price, whole(random, 1, 4))
  return change(snapshot, { items: byItem([...items, seats]) })
}

function scheduleCancellation(snapshot: Snapshot, at: number, random: Random): Step | null {
  if (!is(snapshot, PAYING)) return null
  const { periodEnd } = snapshot.state
  const cancelsAtPeriodEnd = chance(random, 0.7)
  const cancelAt = cancelsAtPeriodEnd ? periodEnd : Math.floor(at) + whole(random, 10, 25) * DAY
  if (cancelAt === snapshot.state.cancelAt && cancelsAtPeriodEnd === snapshot.cancelsAtPeriodEnd) return null
  return change({ ...snapshot, cancelsAtPeriodEnd, canceledAt: Math.floor(at) }, { cancelAt })
}

function withdrawCancellation(snapshot: Snapshot): Step | null {
  if (snapshot.state.cancelAt === null) return null
  return change({ ...snapshot, cancelsAtPeriodEnd: false, canceledAt: null }, { cancelAt: null })
}

function cancel(snapshot: Snapshot, at: number, requested: boolean): Step {
  const now = Math.floor(at)
  const canceled = { ...snapshot, canceledAt: snapshot.canceledAt ?? now }
  return { ...change(canceled, { status: 'canceled', endedAt: now }, requested), type: 'deleted' }
}

function expire(snapshot: Snapshot, at: number): Step | null {
  if (!is(snapshot, ['incomplete'])) return null
  return change(snapshot, { status: 'incomplete_expired', endedAt: Math.floor(at) }, false)
}

function pauseCollection(snapshot: Snapshot, at: number, random: Random): Step | null {
  if (!is(snapshot, ['active'])) return null
  const resumesAt = chance(random, 0.5) ? Math.floor(at) + MONTH : null
  const behavior = oneOf(random, ['void', 'keep_as_draft', 'mark_uncollectible'])
  return change(snapshot, { pause: { behavior, resumesAt } })
}

function endTrial(snapshot: Snapshot, at: number, random: Random): Step | null {
  if (!is(snapshot, ['trialing'])) return null
  const start = Math.floor(at)
  const ended = { ...snapshot, periodStart: start, latestInvoice: invoice(random) }
  return change(ended, { status: 'active', ...periodOf(snapshot, start) }, false)
}

function moveTrial(snapshot: Snapshot, at: number, random: Random): Step | null {
  if (!is(snapshot, ['trialing'])) return null
  const trialEnd = Math.floor(at) + whole(random, 5, 20) * DAY
  const { cancelsAtPeriodEnd } = snapshot
  return change(snapshot, {
    trialEnd,
    periodEnd: trialEnd,
    ...(cancelsAtPeriodEnd ? { cancelAt: trialEnd } : {}),
  })
}

/** A sighting alone: nothing changes. */
function remindOfTrial(snapshot: Snapshot): Step | null {
  if (!is(snapshot, ['trialing'])) return null
  return { after: snapshot, type: 'updated', requested: false, sightings: ['trial_will_end'] }
}

function renew(snapshot: Snapshot, at: number, random: Random): Step | null {
  if (!is(snapshot, ['active']) || snapshot.state.cancelAt !== null) return null
  const start = Math.floor(at)
  const renewed = { ...snapshot, periodStart: start, latestInvoice: invoice(random) }
  return change(renewed, periodOf(snapshot, start), false)
}

/** The next period; a cancellation at the period's end moves with it. */
function periodOf(snapshot: Snapshot, start: number): Partial<SubscriptionState> {
  const periodEnd = periodFrom(start, snapshot.state.items)
  return snapshot.cancelsAtPeriodEnd ? { periodEnd, cancelAt: periodEnd } : { periodEnd }
}
