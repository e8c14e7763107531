import { existsSync, writeFileSync } from 'node:fs'
import { catalogDocument } from '../billing/held-catalog.ts'
import { UsageError } from '../errors.ts'
import type { StripeApi } from '../stripe/api/stripe-api.ts'
import { type CatalogDraft, draftCatalog } from '../stripe/catalog/draft-catalog.ts'
import { readCatalog } from '../stripe/catalog/export-catalog.ts'
import { readToldCatalog, type ToldCatalog } from '../stripe/catalog/told-catalog.ts'
import { catalogDraftText } from './catalog-draft-text.ts'
import type { Answer } from './output.ts'
import { type Session, stripeApiOf } from './session.ts'

/** Names of this many products to fill in are told; the file marks all. */
const mostNamed = 10

/**
 * `stepladder catalog pull`: drafts the catalog file from what Stripe sells; changes nothing.
 * @param output where to write it; null: the answer is the file itself.
 * @throws Refused without a key, and as StripeApi does; Unavailable when Stripe does not answer.
 */
export async function pullCatalog(session: Session, output: string | null): Promise<Answer> {
  const told = await readTold(await stripeApiOf(session))
  const draft = draftCatalog(await readCatalog(session.app), told)
  const text = catalogDraftText(draft)
  if (output !== null) writeNew(output, text)
  return {
    json: {
      output,
      stripe_products: told.products.length,
      stripe_prices: told.prices.length,
      added: draft.added,
      new_prices: draft.newPrices,
      to_fill_in: draft.toFillIn,
      notes: Object.fromEntries([...draft.notes].sort()),
      catalog: catalogDocument(draft.catalog),
    },
    text: output === null ? text : summary(output, told, draft),
  }
}

/** Before anything is asked: what somebody has filled in is not written over. */
export function refuseExisting(output: string): void {
  if (!existsSync(output)) return
  throw new UsageError(
    'catalog_file_exists',
    `There is a file ${output} already.`,
    'Name another one and compare the two; or leave --output out, and the draft is printed.',
  )
}

async function readTold(api: Pick<StripeApi, 'products' | 'prices'>): Promise<ToldCatalog> {
  const shown = process.stderr.isTTY
  const lists = { products: api.products(), prices: api.prices() }
  try {
    return await readToldCatalog(lists, ({ products, prices }) => {
      if (shown)
        process.stderr.write(`\r\u001b[2KReading from Stripe: ${products} products, ${prices} prices`)
    })
  } finally {
    if (shown) process.stderr.write('\r\u001b[2K')
  }
}

function writeNew(output: string, text: string): void {
  try {
    writeFileSync(output, text, { flag: 'wx' })
  } catch (error) {
    refuseExisting(output)
    throw new UsageError(
      'catalog_file_unwritable',
      `The draft cannot be written to ${output}: ${(error as Error).message}`,
      'Name a file in a folder that you may write to.',
      { cause: error },
    )
  }
}

function summary(output: string, told: ToldCatalog, { added, newPrices, toFillIn }: CatalogDraft): string {
  const lines = [
    `Drafted from ${counted(told.products.length, 'product')} and ${counted(told.prices.length, 'price')} at Stripe: ${counted(added.length, 'product')} and ${counted(newPrices.length, 'price')} are new here.`,
  ]
  if (toFillIn.length > 0) {
    const named = toFillIn.slice(0, mostNamed).join(', ')
    const rest = toFillIn.length > mostNamed ? ` and ${toFillIn.length - mostNamed} more` : ''
    lines.push(`To be filled in, with a place on a ladder or a type: ${named}${rest}.`)
  }
  lines.push(`Next: look through ${output}, then stepladder catalog apply ${output} --dry-run`)
  return lines.join('\n')
}

function counted(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}
