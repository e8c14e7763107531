import { newDefaultFaults } from '../../billing/default-faults.ts'
import type { HeldCatalog } from '../../billing/held-catalog.ts'
import { holdCatalogAlone } from '../../billing/hold-catalog.ts'
import { productsOfNewKind } from '../../billing/plan-catalog.ts'
import type { Db, Tx } from '../../db/types.ts'
import { Refused } from '../../errors.ts'
import { wake } from '../inbox/waiting.ts'
import { pricesWaitingUnder, resolveAgain } from './catalog-wake.ts'
import { readCatalog } from './export-catalog.ts'

/**
 * Makes one change to the catalog, by a verb of billing or organization, all or nothing: holds the catalog alone, and
 * afterwards takes up whatever waited for what is there now, and has subscriptions resolved again whose prices mean
 * something else. What the catalog means is compared before and after, so that no verb has to know what it wakes.
 * @throws Refused as the verb does, or `default_ladder_missing`, `default_without_rank_0`, `default_not_published` (409)
 * where an org type could no longer give what it gives by default (D11).
 */
export async function changeCatalog<T>(db: Db, change: (tx: Tx) => Promise<T>): Promise<T> {
  const { answer, passedOver } = await db.begin(async (tx) => {
    await holdCatalogAlone(tx)
    const before = await readCatalog(tx)
    const answer = await change(tx)
    const after = await readCatalog(tx)
    refuseNewFaults(before, after)
    return { answer, passedOver: await takeUp(tx, before, after) }
  })
  // Held by somebody then; once that one has committed, they can be marked too.
  if (passedOver.length > 0) {
    await db`
      update stripe.subscriptions set resolve_at = clock_timestamp()
      where stripe_subscription_id = any(${passedOver})
    `
  }
  return answer as T
}

function refuseNewFaults(before: HeldCatalog, after: HeldCatalog): void {
  const [fault] = newDefaultFaults(before, after)
  if (!fault) return
  throw new Refused(
    fault.code,
    `Organizations of type ${fault.orgType} start on ${fault.ladder}, but then ${fault.told}.`,
    'A default needs a ladder whose rank 0 is published: put that right first, or give the org type another default.',
  )
}

async function takeUp(tx: Tx, before: HeldCatalog, after: HeldCatalog): Promise<string[]> {
  const known = new Set(before.orgTypes.map(({ key }) => key))
  const newTypes = after.orgTypes.filter(({ key }) => !known.has(key))
  const changed = new Set(productsOfNewKind(before, after))
  const ofNewKind = after.products.filter(({ key }) => changed.has(key))
  const products = [
    ...ofNewKind.flatMap(({ stripeProducts }) => stripeProducts),
    ...mappedAnew(before, after, 'stripeProducts'),
  ]
  const prices = [
    ...ofNewKind.flatMap(({ stripePrices }) => stripePrices),
    ...mappedAnew(before, after, 'stripePrices'),
  ]
  await wake(tx, [
    ...new Set([...prices, ...(await pricesWaitingUnder(tx, products))].map((id) => `price:${id}`)),
    ...products.map((id) => `product:${id}`),
    ...newTypes.map(({ key }) => `org_type:${key}`),
  ])
  return (await resolveAgain(tx, { products, prices })).passedOver
}

/** Stripe's ids that stand for a product now, and stood for none or another one before. */
function mappedAnew(
  before: HeldCatalog,
  after: HeldCatalog,
  ids: 'stripeProducts' | 'stripePrices',
): string[] {
  const held = new Map(before.products.flatMap((product) => product[ids].map((id) => [id, product.key])))
  return after.products.flatMap((product) => product[ids].filter((id) => held.get(id) !== product.key))
}
