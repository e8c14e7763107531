import type { Reader } from '../db/types.ts'
import { Refused } from '../errors.ts'
import type { HeldProduct } from './held-catalog.ts'

/** A product of the catalog, and what it is: its kind follows from the ladders on which it stands (R10). */
export type Product = Omit<HeldProduct, 'stripeProducts' | 'stripePrices'> & {
  /** `plan` as soon as it is a tier, else its type; null is a draft that means nothing yet. */
  kind: 'plan' | HeldProduct['type']
  ladders: { ladder: string; rank: number }[]
  createdAt: Date
  updatedAt: Date
}

export type ProductsWanted = {
  key?: string | undefined
  status?: Product['status'] | undefined
  kind?: 'plan' | 'addon' | 'usage' | 'one_time' | 'none' | undefined
  /** The last key of the page before. */
  after?: string | null
  limit: number
}

/** Products by key. What each includes is the entitlement set that Transition would give: the first made for it. */
export async function listProducts(reader: Reader, wanted: ProductsWanted): Promise<Product[]> {
  const { key = null, status = null, kind = null, after = null, limit } = wanted
  return reader<Product[]>`
    select p.product_key as key, p.name, p.product_type as type, k.product_kind as kind, p.lifecycle_status as status,
           p.created_at, p.updated_at, coalesce(f.features, '{}') as features, coalesce(t.ladders, '[]') as ladders
    from billing.products p
    join billing.product_kinds k using (product_id)
    left join lateral (
      select jsonb_object_agg(f.feature_key, f.value order by f.feature_key) as features
      from entitlements.entitlement_set_features f
      where f.entitlement_set_id = (
        select entitlement_set_id from entitlements.entitlement_sets s
        where s.product_id = p.product_id order by created_at, set_key limit 1
      )
    ) f on true
    left join lateral (
      select jsonb_agg(jsonb_build_object('ladder', l.ladder_key, 'rank', t.rank) order by l.ladder_key) as ladders
      from billing.plan_ladder_tiers t join billing.plan_ladders l using (plan_ladder_id)
      where t.product_id = p.product_id
    ) t on true
    where (${key}::text is null or p.product_key = ${key})
      and (${status}::text is null or p.lifecycle_status = ${status})
      and (${kind}::text is null or coalesce(k.product_kind, 'none') = ${kind})
      and (${after}::text is null or p.product_key collate "C" > ${after})
    order by p.product_key collate "C"
    limit ${limit}
  `
}

/** @throws Refused `product_unknown` (404) */
export async function getProduct(reader: Reader, key: string): Promise<Product> {
  const [product] = await listProducts(reader, { key, limit: 1 })
  if (product) return product
  throw new Refused('product_unknown', 'There is no such product.', 'See the keys: GET /api/v1/products', 404)
}
