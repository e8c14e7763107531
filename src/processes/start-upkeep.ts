import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../config.ts'
import type { Db } from '../db/types.ts'
import type { Log } from '../log.ts'
import { closeWorker } from '../queue/close-worker.ts'
import { upkeepQueueName } from '../queue/names.ts'
import { addSoon, keepSchedule, type Times } from '../queue/schedule.ts'
import { createStripeApi } from '../stripe/api/stripe-api.ts'
import { modeOfKey } from '../stripe/deployment-mode.ts'
import { reconcileOnce } from '../stripe/reconcile/reconcile.ts'
import { followNotices } from '../stripe/upkeep/follow-notices.ts'
import { watchForGaps } from '../stripe/upkeep/gap-watch.ts'
import { reconcileByItself } from '../stripe/upkeep/reconcile-by-itself.ts'
import { doUpkeep, type UpkeepTask, upkeepTasks } from '../stripe/upkeep/upkeep-lease.ts'
import { within } from '../within.ts'
import type { Bells } from './bells.ts'
import { outboundTask, runOutbound } from './run-outbound.ts'
import { plansTask, runPlans } from './run-plans.ts'

export type UpkeepWork = Record<UpkeepTask, (signal: AbortSignal) => Promise<void>>

/** What asks nobody at Stripe, and is done without a key too. */
const ownTasks = { [plansTask]: runPlans, [outboundTask]: runOutbound } as const
type OwnTask = keyof typeof ownTasks
const isOwn = (task: string): task is OwnTask => task in ownTasks
type Task = UpkeepTask | OwnTask

export type StartUpkeepParts = {
  /** With the application's role. */
  db: Db
  bells: Bells
  config: Pick<Config, 'stripeApiKey' | 'stripeApiBaseUrl' | 'autoProvision'> &
    Partial<Pick<Config, 'planWebhook' | 'outboundPrivateAddresses'>>
  log: Log
  /** When each task is done, and what it does; a test has its own. What is not named is not done. */
  times?: Partial<Record<Task, Times>>
  work?: UpkeepWork
}

/** Other systems hear of a move within seconds. The gap watch as often as Stripe's first retries come; the reconcile at night, off the full hour, when others ask too. */
const usualTimes: Record<Task, Times> = {
  'gap-watch': { every: 15 * 60_000 },
  notices: { every: 60_000 },
  reconcile: { cron: '17 3 * * *' },
  [plansTask]: { every: 60_000 },
  [outboundTask]: { every: 5_000 },
}

/** Milliseconds until the schedule is tried again while the queue is away. */
const againMs = 10_000
/** A long reconcile has one place, endpoints that are slow to answer another, and the other tasks go on in the third. */
const concurrency = 3

/**
 * What is done at its time: tells other systems of moves, takes revenue plans on, looks for missed events, follows up Stripe's notices, reconciles at night. In every
 * process that keeps organizations on their places; each time brings one job, and a lease or a lock keeps two from the same task. What
 * asks Stripe is scheduled with a key alone, and taken away without. Never throws: a queue that is away is asked again.
 */
export function startUpkeep(parts: StartUpkeepParts): { close: (limitMs?: number) => Promise<void> } {
  const { db, bells, config, log, times = usualTimes } = parts
  const stop = new AbortController()
  const canAsk = config.stripeApiKey !== null
  const withoutKey = Object.fromEntries(Object.entries(times).filter(([task]) => isOwn(task)))
  const scheduled = schedule(parts, canAsk ? times : withoutKey, stop.signal)
  if (!canAsk) {
    log.info(
      { part: 'upkeep' },
      'No STRIPE_API_KEY: nobody looks for events that Stripe did not deliver, and nothing is reconciled by itself',
    )
  }
  const work = canAsk ? (parts.work ?? usualWork(parts, stop.signal)) : null

  async function run(task: string): Promise<void> {
    const known = upkeepTasks.find((one) => one === task)
    try {
      if (isOwn(task)) return await ownTasks[task](parts, stop.signal)
      if (!known || !work) return
      const outcome = await doUpkeep(db, known, work[known], stop.signal)
      if (outcome.kind === 'failed') throw outcome.error
    } catch (error) {
      log.warn({ part: 'upkeep', reason: task, error }, 'Upkeep failed; the next time goes on from there')
      throw error
    }
  }

  const worker = bells.backend.worker(upkeepQueueName, (job) => run(job.name), { concurrency })
  return {
    async close(limitMs = 5_000) {
      stop.abort()
      await within(3_000, 'The queue', scheduled).catch(() => {})
      await closeWorker(worker, limitMs)
    },
  }
}

/** Keeps trying until the queue hears it. */
async function schedule(
  { bells, log }: StartUpkeepParts,
  times: Partial<Record<Task, Times>>,
  stop: AbortSignal,
): Promise<void> {
  while (!stop.aborted) {
    try {
      return await within(againMs, 'The queue', keepSchedule(bells.upkeep, times))
    } catch (error) {
      log.warn({ part: 'upkeep', error }, 'Upkeep could not be scheduled; it is tried again')
      await sleep(againMs, undefined, { signal: stop }).catch(() => {})
    }
  }
}

function usualWork({ db, bells, config, log }: StartUpkeepParts, signal: AbortSignal): UpkeepWork {
  const { stripeApiKey, stripeApiBaseUrl: baseUrl } = config
  const keyMode = modeOfKey(stripeApiKey!)
  const api = createStripeApi(stripeApiKey!, { log, signal, ...(baseUrl !== null && { baseUrl }) })
  return {
    async 'gap-watch'(signal) {
      const { ring } = bells.ring
      const look = await watchForGaps(db, { api, ring, keyMode, now: new Date(), signal })
      if (look.beyondList) {
        log.warn(
          { part: 'upkeep' },
          'The last look is over 30 days ago, which is as far as Stripe’s list goes: run reconcile',
        )
      }
      if (look.found > 0) {
        log.warn(
          { part: 'upkeep', count: look.found },
          'Took in events that Stripe lists and nobody had delivered',
        )
      }
    },
    async notices(signal) {
      const { followed } = await followNotices(db, {
        api,
        lookAgain: (subscriptions) => bells.ring.ringSubscriptions(subscriptions, new Date()),
        reconcileSoon: () => addSoon(bells.upkeep, 'reconcile'),
        signal,
      })
      if (followed > 0)
        log.info({ part: 'upkeep', count: followed }, 'Followed up notices of events that Stripe lost')
    },
    async reconcile(signal) {
      const parts = { db, api, autoProvision: config.autoProvision, signal }
      const outcome = await reconcileByItself((repair) => reconcileOnce({ ...parts, repair }))
      if (outcome.differed === 0) return
      const told = { part: 'upkeep', count: outcome.differed }
      if (outcome.mended) log.warn(told, 'Reconcile found differences, and had them fetched')
      else
        log.warn(told, 'Reconcile found more differences than it mends by itself: see `stepladder reconcile`')
    },
  }
}
