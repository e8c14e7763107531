import { readLadders, readProducts } from '../../billing/catalog-rows.ts'
import { catalogDocument, type HeldCatalog } from '../../billing/held-catalog.ts'
import type { Reader } from '../../db/types.ts'
import { readOrgTypes } from '../../organization/org-types.ts'
import { readStripeMappings } from './catalog-mappings.ts'

/** The whole catalog as the database holds it, with what stands for it at Stripe. */
export async function readCatalog(reader: Reader): Promise<HeldCatalog> {
  const [products, ladders, orgTypes, mappings] = await Promise.all([
    readProducts(reader),
    readLadders(reader),
    readOrgTypes(reader),
    readStripeMappings(reader),
  ])
  const mapped = new Map(mappings.map((mapping) => [mapping.key, mapping]))
  return {
    products: products.map((product) => ({
      ...product,
      stripeProducts: mapped.get(product.key)?.products ?? [],
      stripePrices: mapped.get(product.key)?.prices ?? [],
    })),
    ladders: [...ladders],
    orgTypes: [...orgTypes],
  }
}

/** The catalog as the content of a catalog file; applied to the same database, it changes nothing. */
export async function exportCatalog(reader: Reader): Promise<ReturnType<typeof catalogDocument>> {
  return catalogDocument(await readCatalog(reader))
}
