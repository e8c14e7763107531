import type { Config } from '../config.ts'
import { applicationUrl, checkServer, connect } from '../db/connect.ts'
import { openEmbedded } from '../db/embedded.ts'
import { type Migrated, type MigrateOptions, migrate, migrationsPending } from '../db/migrate.ts'
import { migrateQueueSchema } from '../db/queue-schema.ts'
import { StepladderError } from '../errors.ts'

/** The database that a command or a process works on, and how to let go of it. */
export type Database = {
  appUrl: string
  ownerUrl: string
  /** True for the embedded one: local mode. */
  local: boolean
  notes: string[]
  release: () => Promise<void>
}

/** Names of the migrations, and the version of the queues' schema where it was brought up to date too. */
export type MigratedEverything = Migrated & { queueSchema: number | null }

/** Brings every schema up to date: Stepladder's own, and that of the queues when they live on PostgreSQL. */
export async function migrateEverything(
  config: Config,
  ownerUrl: string,
  options: MigrateOptions = {},
): Promise<MigratedEverything> {
  const owner = connect(ownerUrl, { max: 1, applicationName: 'stepladder migrate' })
  try {
    await checkServer(owner, 'OWNER_DATABASE_URL')
    const done = await migrate(owner, options)
    const wholly = !options.dryRun && options.to === undefined
    const queues = wholly && config.redisUrls.length === 0
    return { ...done, queueSchema: queues ? await migrateQueueSchema(ownerUrl) : null }
  } finally {
    await owner.end({ timeout: 2 })
  }
}

/** The embedded database of the home, or the one that DATABASE_URL names; migrated when `migrating`. */
export async function openDatabase(config: Config, migrating: boolean): Promise<Database> {
  if (!config.databaseUrl) {
    const embedded = await openEmbedded(config.home)
    try {
      if (migrating) await migrateEverything(config, embedded.ownerUrl)
    } catch (error) {
      await embedded.release()
      throw error
    }
    return { ...embedded, local: true }
  }
  const ownerUrl = config.ownerDatabaseUrl ?? config.databaseUrl
  if (migrating) await migrateEverything(config, ownerUrl)
  const appUrl = await applicationUrl(config.databaseUrl)
  await checkMigrated(appUrl)
  return { appUrl, ownerUrl, local: false, notes: [], release: async () => {} }
}

async function checkMigrated(url: string): Promise<void> {
  const db = connect(url, { max: 1, applicationName: 'stepladder boot' })
  try {
    const pending = await migrationsPending(db)
    if (pending.length === 0) return
    throw new StepladderError(
      'migrations_pending',
      `The database at DATABASE_URL lacks ${pending.length} migrations (${pending[0]} is the first).`,
      'Run `stepladder migrate` with OWNER_DATABASE_URL set to the owner of the schema.',
    )
  } finally {
    await db.end({ timeout: 2 })
  }
}
