import { readFileSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { stringify } from 'yaml'
import { type CatalogFile, parseCatalogFile } from '../billing/catalog-file.ts'
import type { Db } from '../db/types.ts'
import { UsageError } from '../errors.ts'
import { applyCatalog, tryCatalog } from '../stripe/catalog/apply-catalog.ts'
import { exportCatalog } from '../stripe/catalog/export-catalog.ts'
import { checkCatalog } from './catalog-check.ts'
import { pullCatalog, refuseExisting } from './catalog-pull.ts'
import { catalogTold, radiusDocument } from './catalog-told.ts'
import { type Answer, answering } from './output.ts'
import { type Session, withSession } from './session.ts'

/** `stepladder catalog`: what is sold, in one file. */
export function register(program: Command): void {
  const catalog = program.command('catalog').description('what is sold, and what stands for it at Stripe')
  catalog
    .command('apply')
    .description('bring the catalog to what a file says; what the file leaves out stays')
    .argument('<file>', 'a catalog file, YAML or JSON; - reads it from standard input')
    .option('--dry-run', 'say what would change, and who would move from where to where; change nothing')
    .option('--json', 'print one JSON document')
    .action(
      answering(async (file: string, options: { dryRun?: boolean }) => {
        const content = readCatalog(file)
        return withSession((session) => applied(session, content, options.dryRun === true))
      }),
    )
  catalog
    .command('check')
    .description('whether every price that the inbox shows has a product; changes nothing')
    .option('--json', 'print one JSON document')
    .action(
      answering(() =>
        withSession(({ app }) => app.begin('isolation level repeatable read read only', checkCatalog)),
      ),
    )
  catalog
    .command('pull')
    .description('draft the catalog file from the products and prices at Stripe; changes nothing')
    .option('--output <file>', 'write it there; printed unless told')
    .option('--json', 'print one JSON document')
    .action(
      answering(async ({ output }: { output?: string }) => {
        if (output !== undefined) refuseExisting(output)
        return withSession((session) => pullCatalog(session, output ?? null))
      }),
    )
  catalog
    .command('export')
    .description('print the catalog as a file that `catalog apply` takes')
    .addOption(new Option('--format <format>', 'how to write it').choices(['yaml', 'json']).default('yaml'))
    .option('--json', 'the same as --format json')
    .action(
      answering(async (options: { format: 'yaml' | 'json' }) =>
        withSession(({ app }) => exported(app, options.format)),
      ),
    )
}

function readCatalog(file: string): CatalogFile {
  let text: string
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8')
  } catch (error) {
    throw new UsageError(
      'catalog_file_unreadable',
      `The catalog file ${file} cannot be read: ${(error as Error).message}`,
      'Name a YAML or JSON file; `stepladder catalog export` prints one to begin with.',
      { cause: error },
    )
  }
  return parseCatalogFile(text)
}

async function applied({ app, config }: Session, file: CatalogFile, dryRun: boolean): Promise<Answer> {
  const { autoProvision, stripeApiKey } = config
  const outcome = dryRun
    ? await tryCatalog(app, file, { autoProvision, canFetch: stripeApiKey !== null, now: new Date() })
    : await applyCatalog(app, file)
  const { report, changed, woken, resolving, radius } = outcome
  return {
    json: {
      dry_run: dryRun,
      changed,
      products: report.products,
      ladders: report.ladders,
      org_types: report.orgTypes,
      stripe_products: report.stripeProducts,
      stripe_prices: report.stripePrices,
      woken,
      resolving,
      ...(radius && { blast_radius: radiusDocument(radius) }),
    },
    text: catalogTold(outcome),
  }
}

async function exported(app: Db, format: 'yaml' | 'json'): Promise<Answer> {
  const document = await exportCatalog(app)
  const text = format === 'json' ? JSON.stringify(document, null, 2) : stringify(document, { lineWidth: 110 })
  return { json: document, text }
}
