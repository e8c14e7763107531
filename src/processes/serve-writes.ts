import type { Config } from '../config.ts'
import type { Db } from '../db/types.ts'
import type { Log } from '../log.ts'
import { countFetch, observeApplied } from '../metrics.ts'
import type { WorkPayload } from '../queue/names.ts'
import { type Served, serveQueue } from '../queue/serve.ts'
import { raiseAlarm } from '../stripe/alarms.ts'
import { recordChanges } from '../stripe/changes/record-changes.ts'
import { enroll } from '../stripe/enrollment/enroll.ts'
import { parkFailedWrites, type Write } from '../stripe/inbox/event-writes.ts'
import { createStripeReader } from '../stripe/stripe-reader.ts'
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

/** The worker that keeps every organization on its place: one transaction for a job's events, or one by one. */
export function serveEnrollment(parts: ServeWritesParts): Served {
  const { db, bells, config, log, reached } = parts
  const { stripeApiKey, stripeApiBaseUrl, autoProvision } = config
  const stripe = stripeApiKey ? createStripeReader(stripeApiKey, stripeApiBaseUrl ?? undefined) : null
  const enrollParts = { stripe, autoProvision, now: () => new Date(), reached, fetched: countFetch }
  return serveQueue(
    'enrollment',
    async (work) => {
      const { again, latencies } = await enroll(db, work, enrollParts)
      for (const seconds of latencies) observeApplied(seconds)
      reached('between-writes')
      // The time stands in the database as well: a bell that is lost is rung by the sweeper.
      for (const { subscription, at } of again) void bells.ring.ringSubscriptions([subscription], at)
    },
    { ...served(parts, 'enrollment'), queue: bells.queues.enrollment, log },
  )
}

/** The worker that writes down what each event changed commercially. */
export function serveSubscriptionChanges(parts: ServeWritesParts): Served {
  const { db, bells, config, log, reached } = parts
  const recordParts = { autoProvision: config.autoProvision, reached }
  return serveQueue(
    'subscription-changes',
    async (work) => {
      if (work.events.length > 0) await recordChanges(db, work, recordParts)
    },
    { ...served(parts, 'subscription-changes'), queue: bells.queues['subscription-changes'], log },
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
        await raiseAlarm(db, 'resolve_failed', subscription, why)
      }
    },
  }
}
