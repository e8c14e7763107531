import type { Life } from './life.ts'
import type { Snapshot } from './snapshot.ts'
import { type StripeObject, subscriptionObject } from './stripe-object.ts'

/** What Stripe's API answers for a subscription. `date` is the `Date` header in Unix seconds. */
export type ApiAnswer = { date: number; snapshot: Snapshot; object: () => StripeObject }

/**
 * The answer at a true time (Unix seconds), read from a replica that may be `staleSeconds` behind, with Stripe's own date.
 * null: 404, the subscription is not there yet.
 */
export function apiAnswer(life: Life, at: number, staleSeconds = 0): ApiAnswer | null {
  const snapshot = snapshotAt(life, at - staleSeconds)
  return snapshot && { date: Math.floor(at), snapshot, object: () => subscriptionObject(snapshot) }
}

function snapshotAt(life: Life, time: number): Snapshot | null {
  let snapshot: Snapshot | null = null
  for (const event of life.events) {
    if (event.at > time) break
    snapshot = event.after
  }
  return snapshot
}
