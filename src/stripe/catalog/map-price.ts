import { getProduct, type Product } from '../../billing/products.ts'
import type { Tx } from '../../db/types.ts'
import { Refused } from '../../errors.ts'
import { putStripeMappings, readStripeMappings } from './catalog-mappings.ts'

/**
 * Says which product a price of Stripe's stands for, for the first time; to point it elsewhere is a matter for the catalog file, whose
 * dry run says who would move. Give it to `changeCatalog`, which takes up what waited for it. Again, the same: nothing changes.
 * @throws Refused `product_unknown` (404), `price_mapped` (409)
 */
export async function mapPrice(tx: Tx, key: string, price: string): Promise<Product> {
  const product = await getProduct(tx, key)
  const holder = (await readStripeMappings(tx)).find(({ prices }) => prices.includes(price))
  if (holder && holder.key !== key)
    throw new Refused(
      'price_mapped',
      `${price} stands for ${holder.key} already.`,
      'If that is wrong, say so in the catalog file: stepladder catalog apply <file> --dry-run says who would move.',
    )
  await putStripeMappings(tx, { products: [], prices: [{ id: price, key }] })
  return product
}
