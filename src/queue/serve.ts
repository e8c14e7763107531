import { DelayedError, type Job, UnrecoverableError } from 'bullmq'
import { databaseIsAway, isContention } from '../database-errors.ts'
import type { Log } from '../log.ts'
import { maskedError } from '../mask.ts'
import type { QueueBackend, WorkerSettings, WorkQueue, WorkWorker } from './backend.ts'
import { closeWorker } from './close-worker.ts'
import { mergeWork } from './merge-work.ts'
import { onesOf, type QueueName, type WorkPayload } from './names.ts'
import { jobOptions } from './ring.ts'

export type ServeParts = {
  backend: QueueBackend
  /** The same queue, to add what failed as jobs of their own. */
  queue: WorkQueue
  log: Log
  /** Called with one event or one subscription whose tries are used up. It writes that down; if it throws, it is called again later. */
  giveUp: (work: WorkPayload, error: unknown) => Promise<void>
  /** Between the work and the completion of its job: where a fault test kills the process. */
  reached?: (point: 'before-job-completion') => void
  settings?: Partial<WorkerSettings>
  /** Tries of one event by itself, and the first of the growing pauses between them, in milliseconds. */
  attempts?: number
  backoffMs?: number
  /** Milliseconds after which a job whose database is away is tried again. */
  awayMs?: number
  /** Milliseconds between the beginnings of two batches. */
  paceMs?: number
}

export type Served = {
  worker: () => WorkWorker
  /** Lets what is being worked on end, for so many milliseconds at most; what is then cut off is done again elsewhere. */
  close: (limitMs?: number) => Promise<void>
}

/**
 * Works through a queue. A job whose handler throws is taken one by one, and an id that fails is added again as a job of its
 * own, so that it holds up nobody and the dashboard shows it by itself. When its tries are used up it is given up: marked,
 * and raised as an alarm. A database that is away is nobody's fault: then the whole job waits and no try is counted.
 */
export function serveQueue(
  name: QueueName,
  work: (work: WorkPayload) => Promise<void>,
  parts: ServeParts,
): Served {
  const { backend, queue, log, giveUp, reached = () => {}, awayMs = 2000 } = parts
  const { attempts = jobOptions.attempts, backoffMs = jobOptions.backoff.delay } = parts
  const settings: WorkerSettings = { concurrency: 16, ...parts.settings }
  const handle = mergeWork(work, parts.paceMs)

  async function process(job: Job<WorkPayload>, token?: string): Promise<void> {
    try {
      await runOrSplit(job.data, job)
    } catch (error) {
      if (databaseIsAway(error)) return await putOff(job, token, error)
      // The job keeps it, for the dashboard.
      throw maskedError(error)
    }
    reached('before-job-completion')
  }

  async function runOrSplit(work: WorkPayload, job: Job<WorkPayload>): Promise<void> {
    try {
      return await handle(work)
    } catch (error) {
      if (databaseIsAway(error)) throw error
      const ones = onesOf(work)
      if (ones.length > 1) return await oneByOne(ones, error)
      await maybeGiveUp(job, work, error)
      throw error
    }
  }

  async function oneByOne(ones: WorkPayload[], error: unknown): Promise<void> {
    if (!isContention(error))
      log.warn({ queue: name, count: ones.length, error }, 'A batch failed: one by one now')
    const failing: WorkPayload[] = []
    for (const one of ones) {
      try {
        await handle(one)
      } catch (fault) {
        if (databaseIsAway(fault)) throw fault
        failing.push(one)
      }
    }
    if (failing.length === 0) return
    const backoff = { ...jobOptions.backoff, delay: backoffMs }
    await queue.addBulk(
      // The first try of its own waits as well: it has just failed twice.
      failing.map((data) => ({ name, data, opts: { ...jobOptions, attempts, backoff, delay: backoffMs } })),
    )
  }

  async function maybeGiveUp(job: Job<WorkPayload>, work: WorkPayload, error: unknown): Promise<void> {
    const last = job.attemptsMade + 1 >= (job.opts.attempts ?? 1)
    if (!last && !(error instanceof UnrecoverableError)) return
    await giveUp(work, error)
    // Should a person retry the job at the dashboard, it has to run though the event is marked.
    await job.updateData({ ...work, again: true })
    log.error(
      { queue: name, job: job.id, attempts: job.attemptsMade + 1, error },
      'Given up after its last try',
    )
  }

  /** Back to the delayed ones without counting a try. @throws DelayedError, BullMQ's way to say that this was done. */
  async function putOff(job: Job<WorkPayload>, token: string | undefined, error: unknown): Promise<never> {
    log.warn({ queue: name, job: job.id, error }, 'The database is away: the job waits')
    // Whole milliseconds: Postgres's backend takes no fraction, and would count a try.
    await job.moveToDelayed(Date.now() + Math.round(awayMs * (0.5 + Math.random())), token)
    throw new DelayedError()
  }

  function start(): WorkWorker {
    const worker = backend.worker(name, process, settings)
    worker.on('failed', (job, error) => {
      // Its worker died under it again and again, so that nobody was left to give it up.
      if (job && /stalled|started more than/.test(error.message)) void giveUpStalled(job, error)
    })
    return worker
  }

  async function giveUpStalled(job: Job<WorkPayload>, error: Error): Promise<void> {
    try {
      const ones = onesOf(job.data)
      if (ones.length > 1) {
        await queue.addBulk(ones.map((data) => ({ name, data, opts: { ...jobOptions, attempts } })))
      } else if (ones[0]) {
        await giveUp(ones[0], error)
      }
    } catch (fault) {
      log.error(
        { queue: name, job: job.id, error: fault },
        'A stalled job could not be given up; the sweeper rings again',
      )
    }
  }

  const worker = start()
  return {
    worker: () => worker,
    async close(limitMs = 10_000) {
      if (!(await closeWorker(worker, limitMs)))
        log.warn({ queue: name, milliseconds: limitMs }, 'Work was cut off; another worker does it again')
    },
  }
}
