import type { Tx } from '../db/types.ts'
import { Refused } from '../errors.ts'
import { putProducts } from './catalog-rows.ts'
import type { HeldProduct } from './held-catalog.ts'
import { getProduct, listProducts, type Product } from './products.ts'

/** null takes a feature away; what is not named stays. */
type FeatureChanges = Record<string, HeldProduct['features'][string] | null>

export type NewProduct = {
  key: string
  name: string
  type?: HeldProduct['type'] | undefined
  features?: FeatureChanges | undefined
}

/**
 * Adds a product, as a draft. The caller holds the catalog alone.
 * @throws Refused `product_key_taken` (409)
 */
export async function createProduct(tx: Tx, asked: NewProduct): Promise<Product> {
  const { key, name, type = null, features = {} } = asked
  const [there] = await listProducts(tx, { key, limit: 1 })
  if (there) {
    throw new Refused(
      'product_key_taken',
      `There is a product with the key ${key} already.`,
      'Use that product, or choose another key.',
    )
  }
  await putProducts(tx, [{ key, name, type, status: 'draft', features: featuresAfter({}, features) }])
  return getProduct(tx, key)
}

/**
 * Renames a product, gives it another type, or changes what it includes, for all who hold it. The caller holds the catalog alone.
 * @throws Refused `product_unknown` (404), `tier_has_type`, `product_without_type` (422)
 */
export async function changeProduct(
  tx: Tx,
  key: string,
  asked: {
    name?: string | undefined
    type?: HeldProduct['type'] | undefined
    features?: FeatureChanges | undefined
  },
): Promise<Product> {
  const held = await getProduct(tx, key)
  const type = asked.type === undefined ? held.type : asked.type
  if (type !== null && held.ladders.length > 0) throw tierHasType(key, type)
  if (type === null && held.ladders.length === 0 && held.status === 'published') throw withoutType(key)
  const features = featuresAfter(held.features, asked.features ?? {})
  await putProducts(tx, [{ key, name: asked.name ?? held.name, type, status: held.status, features }])
  return getProduct(tx, key)
}

/**
 * Offers a product from now on. What is no tier needs a type first (R9): else nobody could say what it is.
 * Again: nothing changes. The caller holds the catalog alone.
 * @throws Refused `product_unknown` (404), `product_without_type` (422)
 */
export async function publishProduct(tx: Tx, key: string): Promise<Product> {
  const { kind } = await getProduct(tx, key)
  if (kind === null) throw withoutType(key)
  return putStatus(tx, key, 'published')
}

/**
 * Offers a product no longer. It moves nobody: what was sold is honoured. Again: nothing changes. The caller holds the catalog alone.
 * @throws Refused `product_unknown` (404)
 */
export async function retireProduct(tx: Tx, key: string): Promise<Product> {
  await getProduct(tx, key)
  return putStatus(tx, key, 'retired')
}

export async function putStatus(tx: Tx, key: string, status: Product['status']): Promise<Product> {
  await tx`
    update billing.products set lifecycle_status = ${status}, updated_at = now()
    where product_key = ${key} and lifecycle_status <> ${status}
  `
  return getProduct(tx, key)
}

function featuresAfter(held: HeldProduct['features'], changes: FeatureChanges): HeldProduct['features'] {
  const after = new Map(Object.entries(held))
  for (const [feature, value] of Object.entries(changes)) {
    if (value === null) after.delete(feature)
    else after.set(feature, value)
  }
  return Object.fromEntries(after)
}

export function tierHasType(key: string, type: string): Refused {
  return new Refused(
    'tier_has_type',
    `${key} cannot be of type ${type} and a tier of a ladder: a plan has no type.`,
    'Set its type to null to make it a plan, or take it off its ladders to give it a type.',
    422,
  )
}

function withoutType(key: string): Refused {
  return new Refused(
    'product_without_type',
    `${key} has no type and is no tier of a ladder: nothing says what it is.`,
    'Give it a type (addon, usage, one_time), or publish and attach it to a ladder in one step.',
    422,
  )
}
