import {
  type Queue as BullQueue,
  type Worker as BullWorker,
  createPostgresBackend,
  createRedisBackend,
  type PgPool,
  type Processor,
  withBackend,
} from 'bullmq'
import { Cluster, Redis } from 'ioredis'
import pg from 'pg'
import { Unavailable } from '../errors.ts'
import type { Log } from '../log.ts'
import { within } from '../within.ts'
import {
  type QueueName,
  queuePrefix,
  type UpkeepPayload,
  type upkeepQueueName,
  type WorkPayload,
} from './names.ts'

export type WorkQueue = BullQueue<WorkPayload>
export type WorkWorker = BullWorker<WorkPayload>
export type UpkeepQueue = BullQueue<UpkeepPayload>

/** What the jobs of each queue carry. */
type Payloads = Record<QueueName, WorkPayload> & Record<typeof upkeepQueueName, UpkeepPayload>

export type WorkerSettings = {
  concurrency: number
  /** Milliseconds between looks for jobs whose worker died. */
  stalledInterval?: number
  /** Milliseconds that a job stays a dead worker's. */
  lockDuration?: number
}

export type QueueBackend = {
  kind: 'redis' | 'postgres'
  queue: <Name extends keyof Payloads>(name: Name) => BullQueue<Payloads[Name]>
  worker: <Name extends keyof Payloads>(
    name: Name,
    processor: Processor<Payloads[Name]>,
    settings: WorkerSettings,
  ) => BullWorker<Payloads[Name]>
  /** Proves that the backend answers, and answers what is wrong with its settings. @throws Unavailable */
  check: () => Promise<string[]>
  /** After everything that was made with it has been closed. */
  close: () => Promise<void>
}

export type QueueSettings = {
  /** None: the queues live in the database. Several: the nodes of one Redis Cluster. */
  redisUrls: readonly string[]
  /** The application's role. */
  databaseUrl: string
  log: Log
  /** Connections of the queues to Postgres at most; each worker keeps one of them to listen on. */
  maxConnections?: number
}

/**
 * A worker that lost its backend tries again after a second and not after BullMQ's 15. A second stall must not fail a job:
 * that its worker died is not its fault, and a poisonous one is stopped by `maxStalledCount` all the same.
 */
const patience = { runRetryDelay: 1000, maxStalledCount: 5 }

/** Chooses where the queues live: Redis where an address is set, else the same Postgres. Nothing is awaited here. */
export function openQueues(settings: QueueSettings): QueueBackend {
  return settings.redisUrls.length > 0 ? redisQueues(settings) : postgresQueues(settings)
}

function redisQueues({ redisUrls, log }: QueueSettings): QueueBackend {
  const { Queue, Worker } = withBackend(createRedisBackend)
  const clients: (Redis | Cluster)[] = []

  function client(enableOfflineQueue: boolean, maxRetriesPerRequest: number | null): Redis | Cluster {
    const retryStrategy = (times: number) => Math.min(100 * times, 1000)
    const each = { maxRetriesPerRequest, connectTimeout: 5000 }
    const [first] = redisUrls as [string]
    const made =
      redisUrls.length > 1
        ? new Cluster([...redisUrls], {
            enableOfflineQueue,
            clusterRetryStrategy: retryStrategy,
            redisOptions: { ...signInOf(first), ...each },
          })
        : new Redis(first, { ...each, enableOfflineQueue, retryStrategy })
    made.on('error', oncePerMinute(log, 'redis'))
    clients.push(made)
    return made
  }
  // Adding never queues up behind a Redis that is away: what was not rung is found by the sweeper.
  let producer: Redis | Cluster | null = null
  const producing = () => {
    producer ??= client(false, 1)
    return producer
  }

  return {
    kind: 'redis',
    queue: <Name extends keyof Payloads>(name: Name) => {
      const queue = new Queue<Payloads[Name]>(name, { connection: producing(), prefix: queuePrefix(name) })
      queue.on('error', oncePerMinute(log, name))
      return queue as unknown as BullQueue<Payloads[Name]>
    },
    worker: <Name extends keyof Payloads>(
      name: Name,
      processor: Processor<Payloads[Name]>,
      worker: WorkerSettings,
    ) => {
      const connection = client(true, null)
      const prefix = queuePrefix(name)
      const settings = { connection, prefix, ...patience, ...worker }
      const made = new Worker<Payloads[Name]>(name, processor, settings)
      made.on('error', oncePerMinute(log, name))
      // BullMQ leaves a client alone that it was given.
      made.on('closed', () => connection.disconnect())
      return made as unknown as BullWorker<Payloads[Name]>
    },
    check: () => checkRedis(producing()),
    close: async () => {
      for (const made of clients) made.disconnect()
    },
  }
}

function postgresQueues({ databaseUrl, log, maxConnections = 10 }: QueueSettings): QueueBackend {
  const { Queue, Worker } = withBackend(createPostgresBackend)
  // One pool for all: each Queue and Worker would otherwise open one of ten for itself.
  const pool = new pg.Pool({
    connectionString: withSearchPath(databaseUrl, 'bullmq'),
    max: maxConnections,
    keepAlive: true,
    application_name: 'stepladder queues',
    connectionTimeoutMillis: 5000,
  })
  pool.on('error', oncePerMinute(log, 'postgres'))
  pool.setMaxListeners(50)
  const connection = pool as unknown as PgPool
  return {
    kind: 'postgres',
    queue: <Name extends keyof Payloads>(name: Name) => {
      const queue = new Queue<Payloads[Name]>(name, { connection })
      queue.on('error', oncePerMinute(log, name))
      return queue as unknown as BullQueue<Payloads[Name]>
    },
    worker: <Name extends keyof Payloads>(
      name: Name,
      processor: Processor<Payloads[Name]>,
      worker: WorkerSettings,
    ) => {
      const made = new Worker<Payloads[Name]>(name, processor, { connection, ...patience, ...worker })
      made.on('error', oncePerMinute(log, name))
      return made as unknown as BullWorker<Payloads[Name]>
    },
    check: async () => {
      try {
        await pool.query('select 1')
      } catch (error) {
        throw away('the queues in Postgres', 'DATABASE_URL', error)
      }
      return []
    },
    close: () => pool.end(),
  }
}

/** Redis has to answer, and must not throw jobs away when its memory is full. */
async function checkRedis(redis: Redis | Cluster): Promise<string[]> {
  const nodes = () => (redis instanceof Cluster ? redis.nodes('master') : [redis])
  let told: string[]
  try {
    await within(5000, 'Redis', ready(redis))
    told = await within(5000, 'Redis', Promise.all(nodes().map((node) => node.info('memory'))))
  } catch (error) {
    throw away('Redis', 'REDIS_URL', error)
  }
  const wrong = told.some((info) => /maxmemory_policy:(?!noeviction)/.test(info))
  return wrong ? ['Redis may evict jobs: set maxmemory-policy to noeviction.'] : []
}

function ready(redis: Redis | Cluster): Promise<void> {
  if (redis.status === 'ready') return Promise.resolve()
  return new Promise((resolve) => redis.once('ready', () => resolve()))
}

/** A cluster's nodes are told by address alone; how to sign in stands in the first. */
function signInOf(url: string) {
  const { username, password, protocol } = new URL(url)
  return {
    ...(username ? { username: decodeURIComponent(username) } : {}),
    ...(password ? { password: decodeURIComponent(password) } : {}),
    ...(protocol === 'rediss:' ? { tls: {} } : {}),
  }
}

/** The search path joins the options that the address has already: pg would let either replace the other. */
function withSearchPath(url: string, schema: string): string {
  const address = new URL(url)
  const before = address.searchParams.get('options')
  address.searchParams.set('options', `${before ? `${before} ` : ''}-c search_path=${schema}`)
  return address.toString()
}

function away(what: string, key: string, cause: unknown): Unavailable {
  const { message } = cause as { message?: string }
  const said = `The queue's backend, ${what}, does not answer: ${message ?? cause}`
  return new Unavailable('queue_unavailable', said, `Check that ${key} names a running server.`, { cause })
}

/** A backend that is away says so several times a second. */
function oncePerMinute(log: Log, queue: string): (error: Error) => void {
  let last = Number.NEGATIVE_INFINITY
  return (error) => {
    if (performance.now() - last < 60_000) return
    last = performance.now()
    log.warn({ queue, error }, 'The queue backend reports an error')
  }
}
