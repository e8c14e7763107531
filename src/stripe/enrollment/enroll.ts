import type { Db } from '../../db/types.ts'
import { raiseAlarm } from '../alarms.ts'
import type { StripeReader } from '../stripe-reader.ts'
import { type BatchOutcome, enrollBatch } from './enrollment-batch.ts'
import { type FetchOutcome, fetchSubscription } from './fetch-subscription.ts'

export type EnrollmentWork = {
  /** Inbox ids, usually those of one receiver batch. */
  events: readonly number[]
  /** Stripe's ids of subscriptions to look at again: a grace ended, a price was mapped, a date passed. */
  subscriptions?: readonly string[]
  /** A deliberate replay: runs although the event was handled, and changes nothing twice. */
  again?: boolean
}

export type EnrollParts = {
  /** null: no API key; then a hole is held and shown, never guessed. */
  stripe: StripeReader | null
  /** The key of the org type for customers that nobody linked; null: they wait. */
  autoProvision: string | null
  now(): Date
  /** Named points at which a fault test kills the process. */
  reached(point: 'before-commit' | 'after-commit'): void
  /** Told how each fetch went. */
  fetched(outcome: FetchOutcome): void
}

export type EnrollOutcome = {
  applied: number
  /** Subscriptions that want another look by themselves, and when. */
  again: { subscription: string; at: Date }[]
  /** Seconds from receipt to the committed tier, one for each event applied. */
  latencies: number[]
}

/**
 * The enrollment write for a batch: one transaction for all of it, then the fetches that holes have led to (no transaction is
 * open across them), then one more transaction for what they told. Throws when something surprising happens; nothing of the
 * batch is written then, and the caller takes the events one by one.
 */
export async function enroll(db: Db, work: EnrollmentWork, parts: EnrollParts): Promise<EnrollOutcome> {
  const first = await committed(db, work, new Set(), parts)
  const asked = new Set<string>()
  if (parts.stripe) {
    for (const subscription of first.fetch) {
      const outcome = await fetchSubscription(db, parts.stripe, subscription, parts.now())
      parts.fetched(outcome)
      if (outcome === 'fetched') asked.add(subscription)
    }
  }
  if (asked.size === 0) return first
  const second = await committed(db, { events: [], subscriptions: [...asked] }, asked, parts)
  return {
    applied: first.applied,
    again: [...first.again.filter(({ subscription }) => !asked.has(subscription)), ...second.again],
    latencies: first.latencies,
  }
}

async function committed(
  db: Db,
  work: EnrollmentWork,
  justFetched: ReadonlySet<string>,
  parts: EnrollParts,
): Promise<BatchOutcome & { latencies: number[] }> {
  const outcome = await db.begin(async (tx) => {
    const told = await enrollBatch(tx, work, {
      autoProvision: parts.autoProvision,
      canFetch: parts.stripe !== null,
      now: parts.now(),
      justFetched,
    })
    parts.reached('before-commit')
    return told
  })
  parts.reached('after-commit')
  // After the commit and by themselves: one row per kind and subject is a place where batches would wait for each other.
  for (const { kind, subject, detail } of outcome.alarms) await raiseAlarm(db, kind, subject, detail)
  const now = parts.now().getTime()
  return { ...outcome, latencies: outcome.receivedAt.map((at) => (now - at.getTime()) / 1000) }
}
