import type { Tx } from '../db/types.ts'
import { Refused } from '../errors.ts'
import { putStatus, tierHasType } from './change-product.ts'
import { getLadder, type Ladder } from './ladders.ts'
import { getProduct, type Product } from './products.ts'
import { refuseTiersInUse } from './tier-in-use.ts'

export type WantedTier = { product: string; rank: number }

/**
 * Attaches products to a ladder or gives its tiers other ranks, several at once, so that two can change places (R59, D15).
 * A tier that is not named stays as it is. A rank moves nobody by itself; drafts may be attached (D11). The caller holds the
 * catalog alone.
 * @throws Refused `ladder_unknown`, `product_unknown` (404), `rank_taken`, `product_held_flat` (409), `tier_twice`,
 * `tier_has_type`, `product_retired` (422)
 */
export async function putTiers(tx: Tx, ladderKey: string, wanted: readonly WantedTier[]): Promise<Ladder> {
  const ladder = await getLadder(tx, ladderKey)
  refuseTwice(wanted)
  for (const { product } of wanted) {
    const asked = await getProduct(tx, product)
    refuseAsTier(asked, ladder)
    if (asked.ladders.length === 0) await refuseHeldFlat(tx, product)
  }
  const named = new Set(wanted.map(({ product }) => product))
  for (const { product, rank } of wanted) {
    const other = ladder.tiers.find((tier) => tier.rank === rank && !named.has(tier.product))
    if (other) throw rankTaken(ladderKey, rank, other.product, product)
  }
  // One statement, at whose end ranks have to be unique.
  await tx`
    insert into billing.plan_ladder_tiers as t (plan_ladder_id, product_id, rank)
    select l.plan_ladder_id, p.product_id, w.rank
    from jsonb_to_recordset(${tx.json(wanted as WantedTier[])}) as w (product text, rank integer)
    join billing.products p on p.product_key = w.product
    join billing.plan_ladders l on l.ladder_key = ${ladderKey}
    on conflict (plan_ladder_id, product_id) do update set rank = excluded.rank, updated_at = now()
    where t.rank <> excluded.rank
  `
  return getLadder(tx, ladderKey)
}

/**
 * Publishes a product without a type and makes it a tier in one step (D11): each alone would have to wait for the other.
 * The caller holds the catalog alone.
 * @throws Refused as `putTiers`.
 */
export async function publishAndAttach(
  tx: Tx,
  productKey: string,
  place: { ladder: string; rank: number },
): Promise<Product> {
  await getProduct(tx, productKey)
  // First, since what is retired is not attached.
  await putStatus(tx, productKey, 'published')
  await putTiers(tx, place.ladder, [{ product: productKey, rank: place.rank }])
  return getProduct(tx, productKey)
}

/**
 * Takes a product off a ladder (R60). The caller holds the catalog alone.
 * @throws Refused `ladder_unknown`, `tier_unknown` (404), `tier_in_use`, `tier_claimed` (409)
 */
export async function removeTier(tx: Tx, ladderKey: string, productKey: string): Promise<Ladder> {
  const ladder = await getLadder(tx, ladderKey)
  const tier = ladder.tiers.find(({ product }) => product === productKey)
  if (!tier) {
    throw new Refused(
      'tier_unknown',
      `There is no such tier on ${ladderKey}.`,
      `See its tiers: GET /api/v1/ladders/${ladderKey}`,
      404,
    )
  }
  refuseTiersInUse(ladderKey, [tier])
  await tx`
    delete from billing.plan_ladder_tiers t
    using billing.plan_ladders l, billing.products p
    where l.ladder_key = ${ladderKey} and p.product_key = ${productKey}
      and t.plan_ladder_id = l.plan_ladder_id and t.product_id = p.product_id
  `
  return getLadder(tx, ladderKey)
}

function refuseTwice(wanted: readonly WantedTier[]): void {
  for (const [at, { product, rank }] of wanted.entries()) {
    const before = wanted.slice(0, at).find((tier) => tier.product === product || tier.rank === rank)
    if (!before) continue
    const what = before.product === product ? `${product} is named twice` : `the rank ${rank} is given twice`
    throw new Refused('tier_twice', `In the list ${what}.`, 'Name each product and each rank once.', 422)
  }
}

function refuseAsTier(product: Product, ladder: Ladder): void {
  if (product.type !== null) throw tierHasType(product.key, product.type)
  const stands = ladder.tiers.some((tier) => tier.product === product.key)
  if (product.status === 'retired' && !stands) {
    throw new Refused(
      'product_retired',
      `${product.key} is retired: it is offered no longer.`,
      'Publish and attach it in one step to offer it again.',
      422,
    )
  }
}

/** A grant that was given flat would claim the new tier: an operator would move people without having said so. */
async function refuseHeldFlat(tx: Tx, product: string): Promise<void> {
  const [held] = await tx<{ grants: number }[]>`
    select count(*) as grants from entitlements.grants g join billing.products p using (product_id)
    where p.product_key = ${product} and g.closed_at is null and g.grant_reason <> 'default'
  `
  if (held!.grants === 0) return
  throw new Refused(
    'product_held_flat',
    `${product} is given beside ladders by ${held!.grants} ${held!.grants === 1 ? 'grant' : 'grants'}, which would claim the new tier.`,
    'Revoke those grants first, or make another product for the tier.',
  )
}

function rankTaken(ladder: string, rank: number, holder: string, product: string): Refused {
  return new Refused(
    'rank_taken',
    `Rank ${rank} of ${ladder} is ${holder}’s.`,
    `Choose another rank for ${product}, or give both their ranks in one call: PUT /api/v1/ladders/${ladder}/tiers`,
  )
}
