import { Hono } from 'hono'
import { within } from '../within.ts'
import { type Problem, problemOf } from './problem.ts'
import type { Standing } from './standing.ts'
import type { WebEnv } from './web-env.ts'

/** A queue as far as readiness tells of it: how many jobs are in which state. */
export type WatchedQueue = { name: string; counts: () => Promise<Record<string, number>> }

export type HealthParts = {
  /** Names of migrations that this version has and the database has not; rejects when the database does not answer. */
  migrationsPending: () => Promise<string[]>
  ping: () => Promise<unknown>
  standing: () => Promise<Standing>
  queues: readonly WatchedQueue[]
}

const timeLimit = 2_000
const queueTimeLimit = 1_000

/**
 * `/healthz`: this process runs. `/readyz`: it can do its work, and 503 only for the database or migrations: without a
 * queue events are still kept, so a full or absent queue must not take a receiver out of service.
 */
export function health(parts: HealthParts): Hono<WebEnv> {
  const app = new Hono<WebEnv>()
  const ready = createReadiness(parts)
  app.get('/healthz', (c) => c.json({ status: 'alive' }))
  app.get('/readyz', async (c) => {
    const answer = await ready()
    return c.json(answer, answer.status === 'ready' ? 200 : 503, { 'cache-control': 'no-store' })
  })
  return app
}

type Readiness = {
  status: 'ready' | 'not_ready'
  database: 'ok' | 'unavailable'
  migrations: { pending: string[] } | 'unknown'
  queues: Record<string, Record<string, number> | 'unavailable'>
  backlog: Standing['backlog'] | 'unknown'
  problem?: Problem
}

function createReadiness(parts: HealthParts): () => Promise<Readiness> {
  // Migrations go forward only: once none was pending, none will be for this version.
  let migrated = false
  let inFlight: Promise<Readiness> | null = null

  const database = async () => {
    const pending = migrated
      ? await within(timeLimit, 'The database', parts.ping()).then(() => [])
      : await within(timeLimit, 'The database', parts.migrationsPending())
    migrated = pending.length === 0
    return pending
  }

  const look = async (): Promise<Readiness> => {
    const [pending, backlog, queues] = await Promise.all([
      database().catch((error: unknown) => ({ error })),
      parts.standing().then(
        (standing) => standing.backlog,
        () => 'unknown' as const,
      ),
      Promise.all(parts.queues.map(async (queue) => [queue.name, await countsOf(queue)] as const)),
    ])
    const about = { queues: Object.fromEntries(queues), backlog }
    if ('error' in pending) {
      const problem = problemOf(pending.error)
      return { status: 'not_ready', database: 'unavailable', migrations: 'unknown', ...about, problem }
    }
    const status = pending.length === 0 ? 'ready' : 'not_ready'
    return { status, database: 'ok', migrations: { pending }, ...about }
  }

  // However many ask at once, one looks.
  return () => {
    inFlight ??= look().finally(() => {
      inFlight = null
    })
    return inFlight
  }
}

async function countsOf(queue: WatchedQueue): Promise<Record<string, number> | 'unavailable'> {
  try {
    return await within(queueTimeLimit, queue.name, queue.counts())
  } catch {
    return 'unavailable'
  }
}
