import type { SubscriptionItem, SubscriptionState } from './subscription-event.ts'

/** Statuses from which a subscription never comes back. Source: Stripe's subscription lifecycle. */
const TERMINAL_STATUSES = ['canceled', 'incomplete_expired'] as const

/** The three things of a subscription that the tier does not depend on; each is a trail of its own. */
export type Asides = { cancellation: string; pause: string; trial: string }

/**
 * What the tier depends on, as one canonical string: the status and the items as (item, price, quantity).
 * JSON and not a join by a separator, so that two different states never share a string whatever an id contains.
 */
export function tierVertex(state: SubscriptionState): string {
  return JSON.stringify([
    state.status,
    sorted(state.items).map((item) => [item.item, item.price, item.quantity]),
  ])
}

/** The vertices of the asides: the date of a scheduled cancellation, pause_collection, and the trial's end (Unix seconds). */
export function asides(state: SubscriptionState): Asides {
  return {
    cancellation: JSON.stringify(state.cancelAt),
    pause: JSON.stringify(state.pause && [state.pause.behavior, state.pause.resumesAt]),
    trial: JSON.stringify(state.trialEnd),
  }
}

/** The values behind the vertices of `asides`. */
export function readAsides(told: Asides): Pick<SubscriptionState, 'cancelAt' | 'pause' | 'trialEnd'> {
  const pause = JSON.parse(told.pause) as [string, number | null] | null
  return {
    cancelAt: JSON.parse(told.cancellation) as number | null,
    pause: pause && { behavior: pause[0], resumesAt: pause[1] },
    trialEnd: JSON.parse(told.trial) as number | null,
  }
}

export function isTerminalStatus(status: string): boolean {
  return TERMINAL_STATUSES.some((terminal) => terminal === status)
}

/** Whether a string of `tierVertex` shows a terminal status; it reads the string's beginning only, since it runs for every event of a trail. */
export function isTerminalVertex(vertex: string): boolean {
  return vertex.startsWith(CANCELED) || vertex.startsWith(INCOMPLETE_EXPIRED)
}

const [CANCELED, INCOMPLETE_EXPIRED] = TERMINAL_STATUSES.map((status) => `["${status}",`) as [string, string]

function sorted(items: readonly SubscriptionItem[]): readonly SubscriptionItem[] {
  return items.length < 2
    ? items
    : [...items].sort((a, b) => (a.item < b.item ? -1 : a.item > b.item ? 1 : 0))
}
