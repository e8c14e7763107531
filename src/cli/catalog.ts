import { readFileSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { stringify } from 'yaml'
import { type CatalogFile, parseCatalogFile } from '../billing/catalog-file.ts'
import type { Changes } from '../billing/plan-catalog.ts'
import type { Db } from '../db/types.ts'
import { UsageError } from '../errors.ts'
import { type AppliedCatalog, applyCatalog } from '../stripe/catalog/apply-catalog.ts'
import { exportCatalog } from '../stripe/catalog/export-catalog.ts'
import { type Answer, answering } from './output.ts'
import { withSession } from './session.ts'

/** `stepladder catalog`: what is sold, in one file. */
export function register(program: Command): void {
  const catalog = program.command('catalog').description('what is sold, and what stands for it at Stripe')
  catalog
    .command('apply')
    .description('bring the catalog to what a file says; what the file leaves out stays')
    .argument('<file>', 'a catalog file, YAML or JSON; - reads it from standard input')
    .option('--dry-run', 'say what would change and change nothing')
    .option('--json', 'print one JSON document')
    .action(
      answering(async (file: string, options: { dryRun?: boolean }) => {
        const content = readCatalog(file)
        return withSession(({ app }) => applied(app, content, options.dryRun === true))
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

async function applied(app: Db, file: CatalogFile, dryRun: boolean): Promise<Answer> {
  const outcome = await applyCatalog(app, file, { dryRun })
  const { report, changed, woken, resolving } = outcome
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
    },
    text: told(outcome),
  }
}

async function exported(app: Db, format: 'yaml' | 'json'): Promise<Answer> {
  const document = await exportCatalog(app)
  const text = format === 'json' ? JSON.stringify(document, null, 2) : stringify(document, { lineWidth: 110 })
  return { json: document, text }
}

/** What an apply did (or would do), thing by thing; what stood so already is only counted. */
function told({ dryRun, changed, report, woken, resolving }: AppliedCatalog): string {
  const would = dryRun ? 'would be ' : ''
  const kinds: [string, Changes][] = [
    ['product', report.products],
    ['ladder', report.ladders],
    ['org type', report.orgTypes],
    ['Stripe product', report.stripeProducts],
    ['Stripe price', report.stripePrices],
  ]
  const lines = kinds.flatMap(([kind, changes]) => [
    ...changes.created.map((key) => `${kind} ${key} ${would}created`),
    ...changes.changed.map(({ key, what }) => `${kind} ${key} ${would}changed: ${what.join('; ')}`),
  ])
  const same = kinds.reduce((sum, [, { unchanged }]) => sum + unchanged.length, 0)
  if (!changed)
    lines.push(`Nothing ${dryRun ? 'would change' : 'changed'}: the catalog stands like this already.`)
  else if (same > 0)
    lines.push(`${same} ${same === 1 ? 'thing stands' : 'things stand'} as the file says already.`)
  if (woken > 0) lines.push(`${count(woken, 'write')} that waited for this ${would || 'are '}taken up.`)
  if (resolving > 0) lines.push(`${count(resolving, 'subscription')} ${would || 'are '}resolved again.`)
  if (dryRun) lines.push('Dry run: nothing was written.')
  return lines.join('\n')
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}
