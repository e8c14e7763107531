import type { Marker } from '../inbox/event-writes.ts'
import { GRACE_SECONDS } from '../trail/next-look.ts'
import type { Decision } from './decide-subscription.ts'

export type BatchAlarm = { kind: string; subject: string; detail: string }

/** As much of a subscription in a batch as tells whether somebody has to look at it. */
type Decided = {
  owner: { held: { subscription: string } }
  decision: Pick<Decision, 'hold' | 'holeSeenAt'>
}
type Asking = { canFetch: boolean; now: Date; justFetched: ReadonlySet<string> }

/**
 * What waits and needs somebody to do something, one for each thing that is waited on. A hole in its trail is no such thing
 * here (see `unfetchable`), and neither is what Stripe is about to be asked for: only what an answer leaves open is.
 */
export function alarmsOf(
  markers: readonly Marker[],
  cases: readonly Decided[],
  { canFetch, justFetched }: Asking,
): BatchAlarm[] {
  const alarms = new Map<string, BatchAlarm>()
  const raise = (on: string, kind: string, detail: string) => alarms.set(on, { kind, subject: on, detail })
  for (const marker of markers) {
    if (marker.state !== 'waiting' || isHole(marker.waitingOn)) continue
    if (!(canFetch && isAskedFor(marker.waitingOn))) raise(marker.waitingOn, marker.reason, marker.eventId)
  }
  for (const { owner, decision } of cases) {
    const { subscription } = owner.held
    if (decision.hold && isItems(decision.hold.on) && justFetched.has(subscription))
      raise(decision.hold.on, decision.hold.reason, 'Stripe was asked, and told no more')
  }
  return [...alarms.values()]
}

/** The subscriptions with a hole that is past its grace, where nobody can be asked: no key. */
export function unfetchable(
  cases: readonly Decided[],
  { canFetch, now }: Asking,
): { subscription: string; why: string }[] {
  if (canFetch) return []
  return cases.flatMap(({ owner, decision: { hold, holeSeenAt } }) =>
    hold && holeSeenAt && isHole(hold.on) && now.getTime() - holeSeenAt.getTime() >= GRACE_SECONDS * 1000
      ? [{ subscription: owner.held.subscription, why: hold.reason }]
      : [],
  )
}

export function isHole(waitingOn: string): boolean {
  return waitingOn.startsWith('trail:')
}

/** Items that were not all told, and what Stripe gave notice of. */
function isAskedFor(waitingOn: string): boolean {
  return isItems(waitingOn) || waitingOn.startsWith('notice:')
}

function isItems(waitingOn: string): boolean {
  return waitingOn.startsWith('items:')
}
