import type { Config } from '../config.ts'
import type { Db } from '../db/types.ts'
import { databaseClock, expireGrant } from '../entitlements/expire-grants.ts'
import type { Log } from '../log.ts'
import { countFetch, observeApplied } from '../metrics.ts'
import type { WorkPayload } from '../queue/names.ts'
import { paceMs } from '../queue/pace.ts'
import { type Served, serveQueue } from '../queue/serve.ts'
import { raiseAlarm } from '../stripe/alarms.ts'
import { createStripeApi } from '../stripe/api/stripe-api.ts'
import { createPriceMeanings } from '../stripe/catalog/price-meanings.ts'
import { recordChanges } from '../stripe/changes/record-changes.ts'
import { recordFetchedChanges } from '../stripe/changes/record-fetched-changes.ts'
import { enroll } from '../stripe/enrollment/enroll.ts'
import { parkFailedWrites, type Write } from '../stripe/inbox/event-writes.ts'
import type { Bells } from './bells.ts'
import type { Reached } from './kill-points.ts'

export type ServeWritesParts = {
  /** With the application's role. */
  db: Db
  bells: Bells
  config: Pick<Config, 'stripeApiKey' | 'stripeApiBaseUrl' | 'autoProvision'>
  log: Log
  reached: Reached
}

/** A look within this time gets a delayed job of its own; a period's end weeks ahead does not. */
const soonMs = 60_000

/** The worker that keeps every organization on its place: one transaction for the events of jobs that run together, or one by one. */
export function serveEnrollment(parts: ServeWritesParts): Served {
  const { db, bells, config, log, reached } = parts
  const { stripeApiKey, stripeApiBaseUrl, autoProvision } = config
  const stripe = stripeApiKey
    ? createStripeApi(stripeApiKey, stripeApiBaseUrl === null ? {} : { baseUrl: stripeApiBaseUrl })
    : null
  const enrollParts = {
    stripe,
    autoProvision,
    meanings: createPriceMeanings(),
    now: () => new Date(),
    reached,
    fetched: countFetch,
  }
  return serveQueue(
    'enrollment',
    async (work) => {
      for (const grant of work.grants ?? []) await expireGrant(db, grant, await databaseClock(db))
      if (work.grants) return
      const { again, latencies, fetched } = await enroll(db, work, enrollParts)
      for (const seconds of latencies) observeApplied(seconds)
      reached('between-writes')
      // The time stands in the database as well: what is far off, or a bell that is lost, is the sweeper's.
      for (const { subscription, at } of again)
        if (at.getTime() - Date.now() < soonMs) void bells.ring.ringSubscriptions([subscription], at)
      void bells.ring.ringSubscriptions(fetched, new Date(), 'subscription-changes')
    },
    {
      ...served(parts, 'enrollment'),
      queue: bells.queues.enrollment,
      log,
      paceMs: paceMs.enrollment.batches,
    },
  )
}

/** The worker that writes down what each event changed commercially, and what fetches revealed. */
export function serveSubscriptionChanges(parts: ServeWritesParts): Served {
  const { db, bells, config, log, reached } = parts
  const recordParts = { autoProvision: config.autoProvision, meanings: createPriceMeanings(), reached }
  return serveQueue(
    'subscription-changes',
    async (work) => {
      if (work.events.length > 0) await recordChanges(db, work, recordParts)
      if (work.subscriptions) await recordFetchedChanges(db, work.subscriptions, recordParts)
    },
    {
      ...served(parts, 'subscription-changes'),
      queue: bells.queues['subscription-changes'],
      log,
      paceMs: paceMs['subscription-changes'].batches,
    },
  )
}

function served({ db, bells, reached }: ServeWritesParts, write: Write) {
  return {
    backend: bells.backend,
    reached,
    async giveUp(work: WorkPayload, error: unknown): Promise<void> {
      const { code, message } = error as { code?: string; message?: string }
      const why = code ?? message ?? 'unknown'
      for (const event of await parkFailedWrites(db, write, work.events, error)) {
        await raiseAlarm(db, 'write_failed', event, `${write}: ${why}`)
      }
      for (const subscription of work.subscriptions ?? []) {
        if (write === 'enrollment') await raiseAlarm(db, 'resolve_failed', subscription, why)
        else await raiseAlarm(db, 'fetched_changes_failed', subscription, why)
      }
      for (const grant of work.grants ?? []) await raiseAlarm(db, 'expiry_failed', `grant:${grant}`, why)
    },
  }
}
