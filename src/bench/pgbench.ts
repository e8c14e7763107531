import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '../db/connect.ts'
import { readEnvelope } from '../stripe/event/envelope.ts'
import { inboxRowOf } from '../stripe/inbox/inbox-rows.ts'
import { insertInboxRows } from '../stripe/inbox/insert-inbox-rows.ts'
import { projectFolder, startChild } from './child-process.ts'
import { cpuMsOf } from './cpu-time.ts'
import type { PostgresServer } from './servers.ts'
import { type WorkloadPlan, workloadOf } from './workload.ts'

export type PgbenchRun = { eventsPerSecond: number; cpuPerEvent: number | null }

const folder = join(projectFolder, 'bench', 'pgbench')
const places = ['/usr/lib/postgresql/15/bin/pgbench', '/usr/bin/pgbench', '/usr/local/bin/pgbench']
const clients = 8

/** Where pgbench is, or null: then nothing is compared with it. */
export function findPgbench(): string | null {
  return places.find((place) => existsSync(place)) ?? null
}

/**
 * The same writes (inbox, transition, change) by one function call each, three commits an event, from eight clients: what
 * the database could do if nobody had to think. Warms up for a second and counts then.
 */
export async function runPgbench(parts: {
  program: string
  server: PostgresServer
  /** A copy of the template, of this run's own. */
  database: string
  plan: WorkloadPlan
  seconds: number
}): Promise<PgbenchRun> {
  const { program, server, database, plan, seconds } = parts
  const [body] = workloadOf({ ...plan, deliveries: 20, subscriptions: 5 }).bodies()
  const url = server.address('postgres', database)
  const db = connect(url, { max: 1, applicationName: 'bench' })
  try {
    const row = inboxRowOf({ body: body!, envelope: readEnvelope(body!) }, 'test', plan.now)
    await insertInboxRows(db, [{ row, body: body! }])
    await db.file(join(folder, 'functions.sql'))
  } finally {
    await db.end()
  }
  await play({ program, url, body: body!, seconds: 1 })
  const before = cpuMsOf([server.pid])
  const { count, eventsPerSecond } = await play({ program, url, body: body!, seconds })
  // Its backends end now, and one that is just being waited for would be counted nowhere.
  await sleep(500)
  const after = cpuMsOf([server.pid])
  return { eventsPerSecond, cpuPerEvent: before === null || after === null ? null : (after - before) / count }
}

async function play(how: { program: string; url: string; body: Buffer; seconds: number }) {
  const { program, url, body, seconds } = how
  const args = ['-n', '-M', 'prepared', '-c', String(clients), '-j', '1', '-T', String(seconds)]
  const script = ['-f', join(folder, 'event.sql'), '-D', `body=${body.toString()}`]
  const running = await startChild([program, ...args, ...script, url], { environment: {}, ready: 'tps =' })
  await running.stop()
  return readReport(running.said())
}

/** @throws Error when it is not pgbench's report of transactions that all succeeded. */
export function readReport(said: string): { count: number; eventsPerSecond: number } {
  const count = Number(/number of transactions actually processed: (\d+)/.exec(said)?.[1])
  const eventsPerSecond = Number(/tps = ([\d.]+)/.exec(said)?.[1])
  const failed = Number(/number of failed transactions: (\d+)/.exec(said)?.[1] ?? 0)
  if (!count || !eventsPerSecond || failed > 0 || /aborted/.test(said)) {
    throw new Error(`pgbench did not succeed: ${said}`)
  }
  return { count, eventsPerSecond }
}
