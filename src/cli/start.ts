import { join, relative } from 'node:path'
import type { Command } from 'commander'
import { type Config, ConfigInvalid, configFromEnvironment, withDotEnv } from '../config.ts'
import { connect } from '../db/connect.ts'
import { StepladderError } from '../errors.ts'
import { createLog, type Log } from '../log.ts'
import { standFirm } from '../processes/stand-firm.ts'
import { type AllInOne, startAllInOne } from './all-in-one.ts'
import { banner, type Started } from './banner.ts'
import { type Database, openDatabase } from './database.ts'
import { localOperatorKey, localWebhookSecret } from './local-secrets.ts'
import { readRunFile, removeRunFile, writeRunFile } from './run-file.ts'
import { type StopSignal, stopSignal } from './stop-signal.ts'

/** Milliseconds that everything is given to end well when asked to stop. */
const grace = 8_000

/** `stepladder start`: the receiver, the workers, the API and the queue dashboard in one process, until Ctrl-C. */
export function register(program: Command): void {
  program
    .command('start')
    .description('run everything in one process until Ctrl-C; with no setting, on an embedded PostgreSQL')
    .option('--json', 'print one JSON document when it is ready')
    .action(async (options: { json?: boolean }) => start(options.json === true))
}

async function start(json: boolean): Promise<void> {
  const began = performance.now()
  const stop = stopSignal()
  const config = configFromEnvironment(withDotEnv(process.env))
  const log = createLog({
    level: config.logLevel,
    form: config.databaseUrl && !process.stderr.isTTY ? 'json' : 'lines',
  })
  standFirm(log)
  await refuseSecond(config)
  const database = await openDatabase(config, true)
  let parts: AllInOne | null = null
  try {
    const secrets = secretsOf(config, database)
    if (!stop.stopping) {
      parts = await startAllInOne({ config, appUrl: database.appUrl, secrets, log })
      const started = await introduce(config, database, parts.url, (performance.now() - began) / 1000)
      // Last of all: whoever finds it may rely on everything else, the operator's key included.
      writeRunFile(config.home, {
        url: parts.url,
        database_url: database.appUrl,
        owner_database_url: database.ownerUrl,
        pid: process.pid,
      })
      process.stdout.write(
        json ? `${JSON.stringify(documented(started), null, 2)}\n` : `${banner(started)}\n`,
      )
    }
    log.info({ signal: await stop.asked }, 'Stopping')
  } finally {
    await leave({ config, database, parts, stop, log })
  }
}

/** Only one on a home: two would share the database, and each would tell the other's commands where it is. */
async function refuseSecond(config: Config): Promise<void> {
  const running = await readRunFile(config.home)
  if (!running) return
  throw new StepladderError(
    'already_running',
    `Stepladder already runs on ${config.home}: ${running.url} (process ${running.pid}).`,
    'Stop it first, or set STEPLADDER_HOME and PORT for a second one.',
  )
}

function secretsOf(config: Config, database: Database): readonly string[] {
  if (config.stripeWebhookSecrets.length > 0) return config.stripeWebhookSecrets
  if (database.local) return [localWebhookSecret(config.home)]
  throw new ConfigInvalid(
    'config_invalid',
    'STRIPE_WEBHOOK_SECRETS is needed beside DATABASE_URL: without it no event can be verified.',
    "Set it to the signing secret of the webhook endpoint in Stripe's dashboard.",
  )
}

async function introduce(config: Config, database: Database, url: string, seconds: number): Promise<Started> {
  const made = database.local && config.stripeWebhookSecrets.length === 0
  return {
    url: config.publicUrl ?? url,
    seconds,
    operatorKey: database.local ? await operatorKey(config, database) : null,
    operatorKeyFile: database.local ? shown(join(config.home, 'operator-key')) : null,
    secretFile: made ? shown(join(config.home, 'webhook-secret')) : null,
    database: database.local ? `PostgreSQL, embedded, for ${shown(config.home)}` : 'DATABASE_URL',
    queues: config.redisUrls.length > 0 ? 'REDIS_URL' : 'on the same PostgreSQL',
    notes: database.notes,
  }
}

async function operatorKey(config: Config, database: Database): Promise<string> {
  const app = connect(database.appUrl, { max: 1, applicationName: 'stepladder start' })
  try {
    return await localOperatorKey(app, config.home)
  } finally {
    await app.end({ timeout: 2 })
  }
}

function documented(started: Started): Record<string, unknown> {
  return {
    url: started.url,
    operator_key: started.operatorKey,
    webhook_secret_file: started.secretFile,
    seconds: started.seconds,
    pid: process.pid,
  }
}

type Leaving = {
  config: Config
  database: Database
  parts: AllInOne | null
  stop: StopSignal
  log: Log
}

/** In the order of dependence: nobody is sent here any more, work ends, then the database goes. */
async function leave({ config, database, parts, stop, log }: Leaving): Promise<void> {
  removeRunFile(config.home)
  const late = new Promise<void>((resolve) => setTimeout(resolve, grace).unref())
  const closing = parts?.close().catch((error) => log.error({ error }, 'Something did not close well'))
  await Promise.race([closing, late, stop.askedAgain])
  await database.release()
  log.info({}, 'Stopped')
}

function shown(path: string): string {
  const near = relative(process.cwd(), path)
  return near.startsWith('..') ? path : near
}
