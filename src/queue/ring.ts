import type { JobsOptions } from 'bullmq'
import type { Log } from '../log.ts'
import { within } from '../within.ts'
import type { WorkQueue } from './backend.ts'
import { payloadsOf, type QueueName, queueNames, type WorkPayload } from './names.ts'
import { createPace, paceMs } from './pace.ts'

type RingOptions = {
  /** Both unless told otherwise. */
  queues?: readonly QueueName[]
  /** A deliberate replay: run though it is marked as handled. */
  again?: boolean
}

export type Ring = {
  /** Whether jobs wait in a queue. Never rejects: a queue that does not answer is not known to be busy. */
  busy: (queue: QueueName) => Promise<boolean>
  /** Says that these inbox rows want handling. Never rejects; false: the bell was not heard, and the sweeper has to find them. */
  ring: (inboxIds: readonly number[], options?: RingOptions) => Promise<boolean>
  /**
   * Says that these subscriptions want another look at that time: their trails, by `enrollment` unless told otherwise, or
   * what was fetched for them, by `subscription-changes`.
   */
  ringSubscriptions: (subscriptions: readonly string[], at: Date, queue?: QueueName) => Promise<boolean>
  /**
   * Sets the expiry of a grant that ends (R44), keyed to this grant: rung for again it stays one job. After the commit that
   * made the grant. false: the sweep over the database ends it all the same.
   */
  ringGrant: (grantId: string, at: Date) => Promise<boolean>
  /** Waits for what is on its way. The queues stay open. */
  close: () => Promise<void>
}

/** What keeps BullMQ's stores small, and gives a job that meets a database that is away some minutes. */
export const jobOptions = {
  // With `count` instead, Postgres's backend deadlocks at ten concurrent jobs (40P01).
  removeOnComplete: true,
  removeOnFail: { age: 30 * 86400 },
  attempts: 8,
  backoff: { type: 'exponential', delay: 1000, jitter: 0.5 },
} satisfies JobsOptions

/** Milliseconds. Redis's order of delayed jobs loses its precision some years on: then the sweep is what ends a grant. */
const longestDelay = 5 * 365 * 86_400_000

/** Ids that wait for the add before theirs; beyond that a queue that is away would fill the memory. */
const mostPending = 50_000

type Pending = { ids: number[]; heard: ((ok: boolean) => void)[] }

/**
 * The bell. Adds of events go to a queue one at a time and some milliseconds apart, and what is rung meanwhile goes together in the next: under
 * load a job carries up to 64 events, and at rest none waits. What is asked for on purpose, or for later, goes at once.
 */
export function createRing(
  queues: Record<QueueName, WorkQueue>,
  parts: { log: Log; timeoutMs?: number },
): Ring {
  const { log, timeoutMs = 3000 } = parts
  const lanes = {
    enrollment: createLane('enrollment'),
    'subscription-changes': createLane('subscription-changes'),
  }

  function createLane(name: QueueName) {
    let pending: Pending = { ids: [], heard: [] }
    let running: Promise<void> | null = null
    const paced = createPace(paceMs[name].bells)
    async function run(): Promise<void> {
      while (pending.heard.length > 0) {
        await paced()
        const { ids, heard } = pending
        pending = { ids: [], heard: [] }
        const ok = await add(name, payloadsOf({ events: ids }))
        for (const tell of heard) tell(ok)
      }
      running = null
    }
    return {
      ring(ids: readonly number[]): Promise<boolean> {
        if (pending.ids.length + ids.length > mostPending) return Promise.resolve(false)
        return new Promise((resolve) => {
          pending.ids.push(...ids)
          pending.heard.push(resolve)
          // In the next turn, so that the caller's answer does not wait for BullMQ's packing.
          running ??= new Promise((next) => setImmediate(next)).then(run)
        })
      },
      settled: async () => {
        await running
      },
    }
  }

  let unheard = 0
  let complainedAt = Number.NEGATIVE_INFINITY

  async function add(
    name: QueueName,
    payloads: WorkPayload[],
    options: JobsOptions = {},
    jobName: string = name,
  ): Promise<boolean> {
    try {
      const jobs = payloads.map((data) => ({ name: jobName, data, opts: { ...jobOptions, ...options } }))
      await within(timeoutMs, 'The queue', queues[name].addBulk(jobs))
      return true
    } catch (error) {
      unheard++
      if (performance.now() - complainedAt > 10_000) {
        log.warn({ queue: name, count: unheard, error }, 'The queue does not hear; the sweeper rings again')
        complainedAt = performance.now()
        unheard = 0
      }
      return false
    }
  }

  return {
    async ring(inboxIds, options = {}) {
      if (inboxIds.length === 0) return true
      const names = options.queues ?? queueNames
      const heard = options.again
        ? names.map((name) => add(name, payloadsOf({ events: [...inboxIds], again: true })))
        : names.map((name) => lanes[name].ring(inboxIds))
      return (await Promise.all(heard)).every(Boolean)
    },
    ringSubscriptions(subscriptions, at, queue = 'enrollment') {
      if (subscriptions.length === 0) return Promise.resolve(true)
      const delay = Math.max(0, at.getTime() - Date.now())
      return add(queue, payloadsOf({ subscriptions: [...subscriptions] }), { delay, attempts: 3 })
    },
    ringGrant(grantId, at) {
      const delay = Math.min(longestDelay, Math.max(0, at.getTime() - Date.now()))
      return add(
        'enrollment',
        [{ events: [], grants: [grantId] }],
        { delay, jobId: `grant-${grantId}` },
        'grant-expiry',
      )
    },
    async busy(queue) {
      const waiting = within(timeoutMs, 'The queue', queues[queue].getWaitingCount())
      return (await waiting.catch(() => 0)) > 0
    },
    async close() {
      await Promise.all(queueNames.map((name) => lanes[name].settled()))
    },
  }
}
