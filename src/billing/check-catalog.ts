import { type CatalogFile, tierProduct } from './catalog-file.ts'
import { didYouMean } from './did-you-mean.ts'
import type { HeldCatalog, HeldProduct } from './held-catalog.ts'

/**
 * What a file may not lead to, looked at in the catalog as it would be after it: tiers that are nobody's product or that have
 * a type, published products that are neither on a ladder nor of a type (R9), defaults that nobody can be given (D11).
 * Faults that stood there before, in things that the file does not touch, are not the file's.
 */
export function checkCatalog(after: HeldCatalog, file: CatalogFile): string[] {
  const products = new Map(after.products.map((product) => [product.key, product]))
  const laddersOf = (key: string) =>
    after.ladders
      .filter(({ tiers }) => tiers.some(({ product }) => product === key))
      .map((ladder) => ladder.key)
  return [
    ...file.ladders.flatMap(({ tiers }, n) =>
      tiers.flatMap((tier, m) => tierProblems(`ladders[${n}].tiers[${m}]`, tierProduct(tier), products)),
    ),
    ...file.products.flatMap(({ key }, n) =>
      productProblems(`products[${n}]`, products.get(key)!, laddersOf(key), file),
    ),
    ...defaultProblems(after, file, products),
  ]
}

function tierProblems(path: string, key: string, products: ReadonlyMap<string, HeldProduct>): string[] {
  const product = products.get(key)
  if (!product)
    return [
      `${path}: there is no product ${key}${didYouMean(key, [...products.keys()])}; add it under products`,
    ]
  if (product.type !== null)
    return [
      `${path}: ${key} is of type ${product.type} and no plan; take it off the ladder, or set its type to null`,
    ]
  return []
}

function productProblems(path: string, product: HeldProduct, ladders: string[], file: CatalogFile): string[] {
  const { key, type, status } = product
  const listedHere = file.ladders.some(({ tiers }) => tiers.some((tier) => tierProduct(tier) === key))
  if (type !== null && ladders.length > 0 && !listedHere)
    return [
      `${path}.type: ${key} stands on the ladder ${ladders.join(', ')}, where only plans stand; leave its type out`,
    ]
  if (status === 'published' && type === null && ladders.length === 0)
    return [
      `${path}: ${key} is published, but on no ladder and of no type; put it on a ladder, give it a type, or make it a draft`,
    ]
  return []
}

function defaultProblems(
  after: HeldCatalog,
  file: CatalogFile,
  products: ReadonlyMap<string, HeldProduct>,
): string[] {
  const ladders = new Map(after.ladders.map((ladder) => [ladder.key, ladder]))
  const touches = (list: readonly { key: string }[], key: string) => list.some((thing) => thing.key === key)
  return after.orgTypes.flatMap(({ key, defaultLadder }) => {
    if (defaultLadder === null) return []
    const place = file.org_types.findIndex((type) => type.key === key)
    const path = place < 0 ? `the org type ${key}` : `org_types[${place}].default_ladder`
    const ladder = ladders.get(defaultLadder)
    if (!ladder)
      return [
        `${path}: there is no ladder ${defaultLadder}${didYouMean(defaultLadder, [...ladders.keys()])}; add it under ladders`,
      ]
    const base = ladder.tiers.find(({ rank }) => rank === 0)
    const touched =
      place >= 0 || touches(file.ladders, ladder.key) || (base && touches(file.products, base.product))
    if (!touched) return []
    if (!base)
      return [
        `${path}: the ladder ${ladder.key} has no tier at rank 0, where new organizations would start; list one first`,
      ]
    // A product that does not exist is told where the tier stands.
    const product = products.get(base.product)
    return product && product.status !== 'published'
      ? [
          `${path}: ${base.product}, rank 0 of ${ladder.key}, is ${product.status}; a default has to be published`,
        ]
      : []
  })
}
