import type { Command } from 'commander'
import { type Config, configFromEnvironment, withDotEnv } from '../config.ts'
import { openEmbedded } from '../db/embedded.ts'
import type { Migrated } from '../db/migrate.ts'
import { migrateEverything } from './database.ts'
import { type Answer, answering } from './output.ts'

type Options = { to?: string; dryRun?: boolean }

/** `stepladder migrate`: the schema, as its owner, at every deploy. */
export function register(program: Command): void {
  program
    .command('migrate')
    .description('bring the database up to this version, as its owner (OWNER_DATABASE_URL)')
    .option('--to <migration>', 'stop after this file (its number is enough)')
    .option('--dry-run', 'say what is pending and change nothing')
    .option('--json', 'print one JSON document')
    .action(
      answering(async (options: Options) => run(configFromEnvironment(withDotEnv(process.env)), options)),
    )
}

async function run(config: Config, options: Options): Promise<Answer> {
  const embedded = config.ownerDatabaseUrl ? null : await openEmbedded(config.home)
  try {
    const done = await migrateEverything(config, config.ownerDatabaseUrl ?? embedded!.ownerUrl, options)
    const { applied, pending, queueSchema } = done
    return {
      json: { applied, pending, queue_schema: queueSchema },
      text: told(done, options.dryRun === true),
    }
  } finally {
    await embedded?.release()
  }
}

function told({ applied, pending }: Migrated, dryRun: boolean): string {
  const names = dryRun ? pending : applied
  if (names.length === 0) return 'The database is up to date.'
  const list = names.map((name) => `  ${name}`).join('\n')
  return dryRun ? `Pending:\n${list}` : `Applied:\n${list}`
}
