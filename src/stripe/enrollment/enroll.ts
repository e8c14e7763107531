import type { Db } from '../../db/types.ts'
import { raiseAlarm } from '../alarms.ts'
import type { SubscriptionReader } from '../api/stripe-api.ts'
import type { PriceMeanings } from '../catalog/price-meanings.ts'
import { isHole } from './batch-alarms.ts'
import { type BatchOutcome, enrollBatch } from './enrollment-batch.ts'
import { type FetchOutcome, fetchSubscription } from './fetch-subscription.ts'

export type EnrollmentWork = {
  /** Inbox ids, usually those of jobs that run together. */
  events: readonly number[]
  /** Stripe's ids of subscriptions to look at again: a grace ended, a price was mapped, a date passed. */
  subscriptions?: readonly string[]
  /** Of these subscriptions, those of which the caller has just kept an answer of Stripe's: it is what moves them, and nobody asks again at once. */
  fetched?: readonly string[]
  /** A deliberate replay: runs although the event was handled, and changes nothing twice. */
  again?: boolean
}

export type EnrollParts = {
  /** What prices mean, kept in memory while the catalog stands. */
  meanings: PriceMeanings
  /** null: no API key; then a hole is held and shown, never guessed. */
  stripe: SubscriptionReader | null
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
  /** Subscriptions of which an answer of Stripe's was kept: what it reveals is the other write's affair. */
  fetched: string[]
}

/**
 * The enrollment write for a batch: one transaction for all of it, then the fetches that holes have led to (no transaction is
 * open across them), then one more transaction for what they told. Throws when something surprising happens; nothing of the
 * batch is written then, and the caller takes the events one by one.
 */
export async function enroll(db: Db, work: EnrollmentWork, parts: EnrollParts): Promise<EnrollOutcome> {
  const first = await committed(db, work, new Set(work.fetched), parts)
  const asked = new Set<string>()
  if (parts.stripe) {
    for (const { subscription, hold } of first.fetch) {
      const outcome = await fetchSubscription(db, parts.stripe, subscription, parts.now())
      parts.fetched(outcome)
      if (outcome === 'fetched') asked.add(subscription)
      if (hold && (outcome === 'failed' || outcome === 'missing')) await raiseUnfetched(db, hold, outcome)
    }
  }
  if (asked.size === 0) return { ...first, fetched: [] }
  const second = await committed(db, { events: [], subscriptions: [...asked] }, asked, parts)
  return {
    applied: first.applied,
    again: [...first.again.filter(({ subscription }) => !asked.has(subscription)), ...second.again],
    latencies: first.latencies,
    fetched: [...asked],
  }
}

/** What only Stripe can tell, and Stripe does not: it goes on being asked, and a person should know. */
async function raiseUnfetched(
  db: Db,
  { on, reason }: { on: string; reason: string },
  outcome: 'failed' | 'missing',
): Promise<void> {
  const detail = `${reason}: ${outcome === 'missing' ? 'not at Stripe' : 'Stripe did not answer'}`
  if (isHole(on)) await raiseAlarm(db, 'unresolved_trail', on, detail)
  else await raiseAlarm(db, reason, on, detail)
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
      meanings: parts.meanings,
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
  for (const { subscription, why } of outcome.unresolved)
    await raiseAlarm(db, 'unresolved_trail', `trail:${subscription}`, why)
  const now = parts.now().getTime()
  return { ...outcome, latencies: outcome.receivedAt.map((at) => (now - at.getTime()) / 1000) }
}
