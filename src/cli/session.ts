import { type Config, configFromEnvironment, withDotEnv } from '../config.ts'
import { connect } from '../db/connect.ts'
import { isEmbedded } from '../db/embedded-home.ts'
import type { Db } from '../db/types.ts'
import { createLog, type Log } from '../log.ts'
import { type Database, openDatabase } from './database.ts'
import { readRunFile } from './run-file.ts'

/** What a command works with, whether it runs beside a Stepladder or by itself. */
export type Session = {
  config: Config
  log: Log
  /** As the application. */
  app: Db
  /** As the owner of the schema; not connected until it is used. */
  owner: Db
  appUrl: string
  ownerUrl: string
  /** The address of the Stepladder that runs on this home, or null. */
  runningUrl: string | null
}

/**
 * Runs a command's work with a database: the one in the environment, else that of the Stepladder which runs on this
 * home, else the embedded one, started for this command alone. The log goes to standard error. Everything is let go of
 * afterwards, on Ctrl-C too.
 */
export async function withSession<T>(work: (session: Session) => Promise<T>): Promise<T> {
  const config = configFromEnvironment(withDotEnv(process.env))
  const running = await readRunFile(config.home)
  const beside = running && !config.databaseUrl && !isEmbedded(config.home, running.database_url)
  const database: Database = beside
    ? {
        appUrl: running.database_url,
        ownerUrl: running.owner_database_url,
        local: false,
        notes: [],
        release: async () => {},
      }
    : await openDatabase(config, !config.databaseUrl)
  const name = `stepladder ${process.argv[2] ?? ''}`.trim()
  const app = connect(database.appUrl, { max: 8, applicationName: name })
  const owner = connect(database.ownerUrl, { max: 2, applicationName: `${name} (owner)` })
  const close = async () => {
    await Promise.all([app.end({ timeout: 2 }), owner.end({ timeout: 2 })])
    await database.release()
  }
  const interrupted = () => {
    process.exitCode = 130
    void close().finally(() => process.exit(130))
  }
  process.once('SIGINT', interrupted)
  process.once('SIGTERM', interrupted)
  try {
    for (const note of database.notes) process.stderr.write(`${note}\n`)
    return await work({
      config,
      log: createLog({ level: config.logLevel, form: process.stderr.isTTY ? 'lines' : 'json' }),
      app,
      owner,
      appUrl: database.appUrl,
      ownerUrl: database.ownerUrl,
      runningUrl: running?.url ?? null,
    })
  } finally {
    process.removeListener('SIGINT', interrupted)
    process.removeListener('SIGTERM', interrupted)
    await close()
  }
}
