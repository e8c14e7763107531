import type { Tx } from '../../db/types.ts'
import type { PriceMeaning } from '../enrollment/target.ts'
import { meaningsOfPrices, type StripePrice } from './catalog-mappings.ts'

/** Prices kept at most; a catalog has hundreds. Beyond that all are forgotten and read again. */
const MOST_KEPT = 20_000

/**
 * What prices mean, kept in memory for as long as the catalog's version stands. One for each database and process.
 * @param catalogVersion as the caller's transaction read it, which holds the catalog: so it cannot change under it.
 */
export type PriceMeanings = (
  tx: Tx,
  prices: readonly StripePrice[],
  catalogVersion: number,
) => Promise<(price: string, product: string | null) => PriceMeaning | null>

export function createPriceMeanings(): PriceMeanings {
  let version: number | null = null
  const kept = new Map<string, PriceMeaning | null>()
  return async (tx, prices, catalogVersion) => {
    if (catalogVersion !== version || kept.size > MOST_KEPT) {
      kept.clear()
      version = catalogVersion
    }
    const missing = prices.filter(({ price, product }) => !kept.has(keyOf(price, product)))
    if (missing.length > 0) {
      const meaningOf = await meaningsOfPrices(tx, missing)
      for (const { price, product } of missing) kept.set(keyOf(price, product), meaningOf(price, product))
    }
    return (price, product) => kept.get(keyOf(price, product)) ?? null
  }
}

function keyOf(price: string, product: string | null): string {
  return product === null ? price : `${price} ${product}`
}
