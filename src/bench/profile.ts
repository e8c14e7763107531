import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../db/cluster.ts'
import { connect } from '../db/connect.ts'
import type { Db } from '../db/types.ts'
import { startChild } from './child-process.ts'
import { cpuMsOf } from './cpu-time.ts'
import { freshDatabase, prepareTemplate } from './ground.ts'
import { type Score, withLoads } from './play-round.ts'
import { startPostgres, startRedis } from './servers.ts'
import { benchSecret } from './stepladder.ts'

export type ProfilePhase = {
  phase: string
  /** CPU-milliseconds for each delivery. */
  cpu: { node: number; postgres: number; redis: number } | null
  statements: Statement[]
}

type Statement = {
  calls: number
  /** Milliseconds on the clock: waiting for locks, and for a reader, is in it. */
  execMs: number
  planMs: number
  rows: number
  /** Buffers read; what the clock of a busy machine cannot spoil. */
  buffers: number
  query: string
}

const phases = ['receiver', 'enrollment', 'subscription-changes'] as const
const patienceSeconds = 120

/**
 * Where the work goes, one process after the other, so that what PostgreSQL did is surely for that process: everything is delivered
 * first, then each worker takes up its backlog. Statements by pg_stat_statements; for node a .cpuprofile of each process, to be
 * opened in a browser's developer tools, in the folder.
 */
export async function profile(score: Score, folder: string): Promise<ProfilePhase[]> {
  mkdirSync(folder, { recursive: true })
  const server = await startPostgres('system', {
    shared_preload_libraries: 'pg_stat_statements',
    'pg_stat_statements.track_planning': 'on',
  })
  const redis = await startRedis()
  const told: ProfilePhase[] = []
  try {
    await prepareTemplate(server, 'ground', score.customers)
    await freshDatabase(server, 'profiled', 'ground')
    const db = connect(server.address('postgres', 'profiled'), { max: 1, applicationName: 'bench' })
    await db`create extension pg_stat_statements`
    const port = await freePort()
    const environment = {
      PORT: String(port),
      DATABASE_URL: server.address('stepladder_app', 'profiled'),
      REDIS_URL: redis.url,
      STRIPE_WEBHOOK_SECRETS: benchSecret,
      NODE_ENV: 'production',
    }
    const start = (name: string) => {
      // A folder each: the threads of one process write profiles of their own.
      const profiler = ['--cpu-prof', `--cpu-prof-dir=${join(folder, name)}`]
      return startChild([process.execPath, ...profiler, '--import', 'tsx', `workers/${name}.ts`], {
        environment,
        ready: '"Running"',
      })
    }
    await withLoads(score, async ({ warmUp, main }) => {
      for (const phase of phases) {
        const running = await start(phase)
        if (phase === 'receiver') await warmUp.play({ port, connections: 64, rate: null })
        await db`select pg_stat_statements_reset()`
        const before = used(running.pid)
        if (phase === 'receiver') await main.play({ port, connections: 64, rate: null })
        else await untilHandled(db, phase)
        const after = used(running.pid)
        const per = (name: 'node' | 'postgres' | 'redis') =>
          (after[name]! - before[name]!) / main.prepared.deliveries
        const known = Object.values(before).every((ms) => ms !== null)
        told.push({
          phase,
          cpu: known ? { node: per('node'), postgres: per('postgres'), redis: per('redis') } : null,
          statements: await readStatements(db),
        })
        await running.stop()
        writeFileSync(join(folder, `${phase}.log`), running.said())
      }
    })
    await db.end()
  } finally {
    await redis.close()
    await server.close()
  }
  writeFileSync(join(folder, 'statements.json'), `${JSON.stringify(told, null, 2)}\n`)
  return told

  function used(pid: number) {
    return { node: cpuMsOf([pid]), postgres: cpuMsOf([server.pid]), redis: cpuMsOf([redis.pid]) }
  }
}

async function untilHandled(db: Db, write: string): Promise<void> {
  const giveUpAt = performance.now() + patienceSeconds * 1000
  for (;;) {
    const [row] = await db<{ open: number }[]>`
      select ((select count(*) from stripe.events) - (select count(*) from stripe.event_writes where write = ${write}))::int as open`
    if (row!.open <= 0 || performance.now() > giveUpAt) return
    await sleep(500)
  }
}

async function readStatements(db: Db): Promise<Statement[]> {
  return db<Statement[]>`
    select
      calls::int, total_exec_time as exec_ms, total_plan_time as plan_ms, rows::int, shared_blks_hit::int as buffers,
      left(regexp_replace(query, '[[:space:]]+', ' ', 'g'), 200) as query
    from pg_stat_statements
    where dbid = (select oid from pg_database where datname = current_database())
      and query !~ 'pg_stat_statements|select .select count'
    order by total_exec_time + total_plan_time desc limit 30`
}
