import type { Reader } from '../db/types.ts'
import { Refused } from '../errors.ts'
import { mayBeId } from './locked-pool.ts'
import type { Tier } from './tiers.ts'

/** A product that may be given, and the tiers that it is. */
export type PlanProduct = { productId: string; productKey: string; name: string; tiers: Tier[] }

/**
 * A published product that is a tier of at least one ladder, by its key or its id.
 * @throws Refused `product_unknown` (404), `product_not_published` (D11) and `product_not_plan` (R52), both 422.
 */
export async function planProduct(reader: Reader, product: string): Promise<PlanProduct> {
  const found = await publishedProduct(reader, product)
  const { productId } = found
  const tiers = await reader<Tier[]>`
    select l.plan_ladder_id, l.ladder_key, t.product_id, ${found.productKey} as product_key, t.rank
      from billing.plan_ladder_tiers t join billing.plan_ladders l using (plan_ladder_id)
     where t.product_id = ${productId} order by l.ladder_key`
  if (found.productKind === 'plan') return { ...found, tiers }
  throw new Refused(
    'product_not_plan',
    `${found.name} is a tier of no ladder: Enrollment gives plans alone.`,
    'Give it on the Grants tab.',
    422,
  )
}

type Published = { productId: string; productKey: string; name: string; productKind: string | null }

/**
 * A published product of any kind, by its key or its id.
 * @throws Refused `product_unknown` (404), `product_not_published` (422)
 */
export async function publishedProduct(reader: Reader, product: string): Promise<Published> {
  const id = mayBeId(product) ? product : null
  const [found] = await reader<(Published & { lifecycleStatus: string })[]>`
    select p.product_id, p.product_key, p.name, p.lifecycle_status, k.product_kind
      from billing.products p join billing.product_kinds k using (product_id)
     where p.product_key = ${product} or p.product_id = ${id}::uuid
     order by p.product_key = ${product} desc limit 1`
  if (!found) {
    throw new Refused('product_unknown', `There is no product ${product}.`, 'Look at the catalog.', 404)
  }
  const { lifecycleStatus, ...published } = found
  if (lifecycleStatus === 'published') return published
  throw new Refused(
    'product_not_published',
    `${found.name} is ${lifecycleStatus}: only what is published can be given.`,
    'Publish the product first.',
    422,
  )
}
