import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../db/cluster.ts'
import { connect } from '../db/connect.ts'
import type { Tier } from '../simulator/snapshot.ts'
import { type Running, startChild } from './child-process.ts'
import { readApplied, readLatencies, wrongTiers } from './ground.ts'
import type { Contestant } from './round.ts'
import type { PostgresServer, RedisServer } from './servers.ts'

export const benchSecret = 'whsec_of_the_bench'
export const webhookPath = '/webhooks/stripe'

/** Milliseconds between two looks at how far the workers are, once everything is acknowledged. */
const lookEvery = 200
/** Seconds without any progress after which a round is given up. */
const patience = 30

type Parts = {
  server: PostgresServer
  database: string
  truth: ReadonlyMap<string, Tier>
  connections: number
  /** Arguments to node before the program: a profiler's. */
  nodeArguments?: readonly string[]
}

/** Stepladder in its shape of production: a receiver, and a process for each of the two writes, with their queues on Redis. */
export async function startProduction(parts: Parts & { redis: RedisServer }): Promise<Contestant> {
  const { server, database, redis, nodeArguments = [] } = parts
  const port = await freePort()
  const environment = {
    ...(await environmentOf(parts, port)),
    REDIS_URL: redis.url,
  }
  const names = ['receiver', 'enrollment', 'subscription-changes'] as const
  const running = await Promise.all(
    names.map((name) =>
      startChild([process.execPath, ...nodeArguments, '--import', 'tsx', `workers/${name}.ts`], {
        environment,
        ready: '"Running"',
      }),
    ),
  )
  const pids = Object.fromEntries(names.map((name, at) => [name, running[at]!.pid]))
  return contestant(parts, port, running, { ...pids, postgres: server.pid, redis: redis.pid }, database)
}

/** Stepladder as `npm start` runs it: one process, and its queues in PostgreSQL. */
export async function startEmbedded(parts: Parts & { home: string }): Promise<Contestant> {
  const { server, database, home, nodeArguments = [] } = parts
  const port = await freePort()
  const environment = {
    ...(await environmentOf(parts, port)),
    OWNER_DATABASE_URL: server.address('stepladder_owner', database),
    STEPLADDER_HOME: home,
  }
  const command = [process.execPath, ...nodeArguments, '--import', 'tsx', 'src/cli/stepladder.ts', 'start']
  const running = await startChild(command, { environment, ready: 'Stepladder is ready' })
  return contestant(parts, port, [running], { stepladder: running.pid, postgres: server.pid }, database)
}

async function environmentOf({ server, database }: Parts, port: number): Promise<Record<string, string>> {
  return {
    PORT: String(port),
    DATABASE_URL: server.address('stepladder_app', database),
    STRIPE_WEBHOOK_SECRETS: benchSecret,
    NODE_ENV: 'production',
  }
}

function contestant(
  { server, truth, connections }: Parts,
  port: number,
  running: readonly Running[],
  processes: Record<string, number>,
  database: string,
): Contestant {
  const db = connect(server.address('postgres', database), { max: 1, applicationName: 'bench' })
  return {
    port,
    connections,
    processes,
    async settled(events) {
      let best = -1
      let movedAt = performance.now()
      for (;;) {
        const asked = performance.now()
        const applied = await readApplied(db)
        if (applied.events >= events && applied.writes >= 2 * applied.events) return applied.lastAt
        if (applied.writes > best) movedAt = performance.now()
        best = Math.max(best, applied.writes)
        if (performance.now() - movedAt > patience * 1000) return applied.lastAt
        // The question costs something itself: it is not asked more than a tenth of the time.
        await sleep(Math.max(lookEvery, 9 * (performance.now() - asked)))
      }
    },
    async check() {
      const { events, writes, waiting } = await readApplied(db)
      const wrong = await wrongTiers(db, truth)
      const first = wrong[0]
      return [
        ...(writes === 2 * events ? [] : [`${2 * events - writes} writes are open, ${waiting} of them held`]),
        ...(first
          ? [
              `${wrong.length} of ${truth.size} are on a wrong tier: ${first.customer} on ${first.tier}, not ${first.truth}`,
            ]
          : []),
      ]
    },
    latencies: (since) => readLatencies(db, since),
    async close() {
      await db.end({ timeout: 2 })
      await Promise.all(running.map((one) => one.stop()))
    },
  }
}
