import { type CatalogGaps, catalogGaps } from '../billing/catalog-gaps.ts'
import type { Tx } from '../db/types.ts'
import { readCatalog } from '../stripe/catalog/export-catalog.ts'
import { type PriceCoverage, priceCoverage, type SeenPrice } from '../stripe/catalog/price-coverage.ts'
import { type Answer, table } from './output.ts'

/** So many rows of a list are printed for a person; --json has more. */
const mostShown = 50

/**
 * `stepladder catalog check`: whether every price that the inbox shows has a product. Failed when a price that was seen has
 * none, or one that means nothing yet: whoever is on it is held. What else is odd is only told.
 */
export async function checkCatalog(tx: Tx): Promise<Answer> {
  const coverage = await priceCoverage(tx)
  const gaps = catalogGaps(await readCatalog(tx))
  const failed = coverage.unmapped.total + coverage.withoutKind.total > 0
  const { seen, unmapped, withoutKind, neverSeen } = coverage
  return {
    json: {
      ok: !failed,
      prices_seen: seen,
      unmapped: { total: unmapped.total, first: unmapped.first.map(document) },
      without_kind: { total: withoutKind.total, first: withoutKind.first.map(document) },
      never_seen: neverSeen,
      org_types_without_default: gaps.orgTypesWithoutDefault,
      ladders_without_rank_0: gaps.laddersWithoutRankZero,
    },
    text: told(coverage, gaps),
    failed,
  }
}

function document({ price, stripeProduct, product, live, firstSeen, lastSeen, example }: SeenPrice) {
  return {
    price,
    stripe_product: stripeProduct,
    product,
    live,
    first_seen: firstSeen,
    last_seen: lastSeen,
    example,
  }
}

function told({ seen, unmapped, withoutKind, neverSeen }: PriceCoverage, gaps: CatalogGaps): string {
  const parts: string[] = []
  if (unmapped.total > 0) {
    parts.push(`No product stands for ${counted(unmapped.total, 'price')} that the inbox shows:`)
    parts.push(shown(unmapped, ['price', 'Stripe product'], (one) => [one.price, one.stripeProduct ?? '–']))
  }
  if (withoutKind.total > 0) {
    parts.push(
      `${counted(withoutKind.total, 'price')} ${withoutKind.total === 1 ? 'means' : 'mean'} a product that is on no ladder and of no type:`,
    )
    parts.push(shown(withoutKind, ['price', 'product'], (one) => [one.price, one.product!]))
  }
  if (unmapped.total + withoutKind.total === 0)
    parts.push(`Every one of the ${counted(seen, 'price')} that the inbox shows has a product.`)
  else
    parts.push(
      'Whoever is on one of these is held where he stands. Map them in the catalog file: `stepladder catalog apply`.',
    )
  for (const key of gaps.laddersWithoutRankZero)
    parts.push(`The ladder ${key} has no tier at rank 0: nobody can start on it.`)
  for (const key of gaps.orgTypesWithoutDefault)
    parts.push(`The org type ${key} has no default ladder: its organizations start on none.`)
  if (neverSeen.total > 0) {
    const ids = neverSeen.first.slice(0, mostShown).map(({ id }) => id)
    const rest = neverSeen.total > ids.length ? ` and ${neverSeen.total - ids.length} more` : ''
    parts.push(`Mapped and never seen: ${ids.join(', ')}${rest}.`)
  }
  return parts.join('\n')
}

function shown(
  { total, first }: PriceCoverage['unmapped'],
  headings: readonly string[],
  cells: (one: SeenPrice) => string[],
): string {
  const rows = first
    .slice(0, mostShown)
    .map((one) => [...cells(one), one.live, day(one.firstSeen), day(one.lastSeen), one.example ?? '–'])
  const more = total > rows.length ? [`… and ${total - rows.length} more`] : []
  return [table([...headings, 'live', 'first seen', 'last seen', 'for example'], rows), ...more].join('\n')
}

function day(at: Date | null): string {
  return at ? at.toISOString().slice(0, 10) : '–'
}

function counted(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}
