import { type Config, configFromEnvironment, withDotEnv } from '../config.ts'
import { connect } from '../db/connect.ts'
import { isEmbedded } from '../db/embedded-home.ts'
import type { Db } from '../db/types.ts'
import { Interrupted, Refused } from '../errors.ts'
import { createLog, type Log } from '../log.ts'
import { createStripeApi, type StripeApi, type StripeApiOptions } from '../stripe/api/stripe-api.ts'
import { deploymentMode, modeOfKey } from '../stripe/deployment-mode.ts'
import { type Database, openDatabase } from './database.ts'
import { exitCodes } from './output.ts'
import { readRunFile } from './run-file.ts'
import { stopSignal } from './stop-signal.ts'

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
  /**
   * For long work that stops well between two steps: from now on Ctrl-C aborts this signal, with an Interrupted that says `next`,
   * and only a second one lets go of everything at once. Without it the first one does.
   */
  interruptible: (next: string) => AbortSignal
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
  const letGo = () => {
    process.exitCode = exitCodes.interrupted
    void close().finally(() => process.exit(exitCodes.interrupted))
  }
  const stop = stopSignal()
  const stopping = new AbortController()
  let next: string | null = null
  void stop.asked.then(() => {
    if (next === null) letGo()
    else stopping.abort(new Interrupted('interrupted', 'Stopped before the end; what was done stands.', next))
  })
  void stop.askedAgain.then(letGo)
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
      interruptible: (whatNext) => {
        next = whatNext
        return stopping.signal
      },
    })
  } finally {
    stop.release()
    await close()
  }
}

/**
 * Stripe's API, for a command that cannot do without it.
 * @throws Refused `no_stripe_key` where there is no key; `mode_conflict` for a key of the other mode than the events that
 * this database holds.
 */
export async function stripeApiOf(
  { config, app, log }: Pick<Session, 'config' | 'app' | 'log'>,
  options: Pick<StripeApiOptions, 'onWait' | 'signal'> = {},
): Promise<StripeApi> {
  const { stripeApiKey, stripeApiBaseUrl } = config
  if (stripeApiKey === null) {
    throw new Refused(
      'no_stripe_key',
      'There is no key for Stripe, so nothing can be asked of it.',
      'Make a restricted, read-only key in its dashboard (Developers, API keys), and set STRIPE_API_KEY to it.',
    )
  }
  await deploymentMode(app, modeOfKey(stripeApiKey))
  return createStripeApi(stripeApiKey, {
    ...options,
    log,
    ...(stripeApiBaseUrl !== null && { baseUrl: stripeApiBaseUrl }),
  })
}
