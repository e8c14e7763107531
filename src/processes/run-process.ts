import { type Config, configFromEnvironment, withDotEnv } from '../config.ts'
import { applicationUrl, checkServer, connect } from '../db/connect.ts'
import { migrationsPending } from '../db/migrate.ts'
import type { Db } from '../db/types.ts'
import { StepladderError, UsageError } from '../errors.ts'
import { createLog, type Log } from '../log.ts'
import { type Bells, openBells } from './bells.ts'
import { killSwitch, type Reached } from './kill-points.ts'
import { standFirm } from './stand-firm.ts'

/** What every process of its own is made of. */
export type Shared = { config: Config; log: Log; db: Db; bells: Bells; reached: Reached }

/** Seconds that a process may take to end what it is doing. */
const closingSeconds = 15

/**
 * Runs one process until it is told to stop: settings, log, database, queues, then `start`, and on SIGTERM or SIGINT what
 * `start` handed back is closed, then the queues, then the database. Exits with 1 when it cannot start.
 */
export async function runProcess(
  name: string,
  start: (shared: Shared) => Promise<{ close: () => Promise<void> }>,
): Promise<void> {
  let log = createLog({ level: 'info' })
  try {
    const config = configFromEnvironment(withDotEnv(process.env))
    log = createLog({ level: config.logLevel }).child({ part: name })
    standFirm(log)
    const { db, url } = await openDatabase(config, name)
    const bells = openBells({ redisUrls: config.redisUrls, databaseUrl: url, log })
    const reached = killSwitch(process.env.STEPLADDER_KILL_AT)
    const running = await start({ config, log, db, bells, reached })
    log.info({ backend: bells.backend.kind, pid: process.pid }, 'Running')
    const signal = await toldToStop()
    log.info({ signal }, 'Stopping')
    setTimeout(() => process.exit(1), closingSeconds * 1000).unref()
    await running.close()
    await bells.close()
    await db.end({ timeout: 3 })
    process.exit(0)
  } catch (error) {
    const fix = error instanceof StepladderError ? { fix: error.fix } : {}
    log.fatal({ error, ...fix }, 'This process cannot run')
    process.exit(1)
  }
}

async function openDatabase(config: Config, name: string): Promise<{ db: Db; url: string }> {
  if (config.databaseUrl === null) {
    throw new UsageError(
      'database_url_missing',
      'A process by itself needs DATABASE_URL.',
      'Set DATABASE_URL, or run everything in one process with npm start, which brings a database along.',
    )
  }
  const url = await applicationUrl(config.databaseUrl)
  const db = connect(url, { applicationName: `stepladder ${name}`, statementTimeout: 30_000 })
  await checkServer(db, 'DATABASE_URL')
  const pending = await migrationsPending(db)
  if (pending.length > 0) {
    const what = `The database lacks ${pending.length} migrations.`
    throw new StepladderError('migrations_pending', what, 'Run stepladder migrate first.')
  }
  return { db, url }
}

function toldToStop(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal))
  })
}
