import type { Reader, Tx } from '../../db/types.ts'
import type { PriceMeaning } from '../enrollment/target.ts'

/** A price as an item of a subscription names it. `product`: Stripe's product id, null where an old version did not tell it. */
export type StripePrice = { price: string; product: string | null }

/** Which Stripe ids stand for a catalog product, by its key; each list sorted. */
export type StripeMapping = { key: string; products: string[]; prices: string[] }

/** Where each Stripe product and price shall point: its id, and the key of the catalog product. */
export type WantedMapping = { id: string; key: string }

/** One id that was mapped for the first time (`from` null) or from another product. */
export type MappedId = { id: string; from: string | null; to: string }

/**
 * What these prices mean, in one query; the answer is asked by price and Stripe product, and null is "not in the catalog".
 * A price's own mapping wins over that of its Stripe product, which covers the prices that come later.
 * The product's status plays no part: what was sold is honoured. A retired product keeps its subscribers, and a draft that
 * somebody already pays for at Stripe is a catalog that lags behind, which is no reason to take the tier away.
 */
export async function meaningsOfPrices(
  reader: Reader,
  prices: readonly StripePrice[],
): Promise<(price: string, product: string | null) => PriceMeaning | null> {
  const asked = new Map(prices.map((pair) => [pairKey(pair.price, pair.product), pair]))
  if (asked.size === 0) return () => null
  const pairs = [...asked.values()]
  const rows = await reader<(StripePrice & PriceMeaning)[]>`
    select a.price, a.product, p.product_id, p.product_key, k.product_kind as kind, coalesce(t.ladders, '[]') as ladders
    from unnest(${pairs.map(({ price }) => price)}::text[], ${pairs.map(({ product }) => product)}::text[]) as a (price, product)
    left join stripe.prices sp on sp.stripe_price_id = a.price
    left join billing.prices bp on bp.price_id = sp.price_id
    left join stripe.products sr on sr.stripe_product_id = a.product
    join billing.products p on p.product_id = coalesce(bp.product_id, sr.product_id)
    join billing.product_kinds k on k.product_id = p.product_id
    left join lateral (
      select jsonb_agg(jsonb_build_object('planLadderId', plan_ladder_id, 'rank', rank) order by plan_ladder_id) as ladders
      from billing.plan_ladder_tiers where product_id = p.product_id
    ) t on true
  `
  const meanings = new Map(
    rows.map(({ price, product, ...meaning }) => [pairKey(price, product), meaning satisfies PriceMeaning]),
  )
  return (price, product) => meanings.get(pairKey(price, product)) ?? null
}

function pairKey(price: string, product: string | null): string {
  return product === null ? price : `${price} ${product}`
}

/** Every mapping that the database holds, by catalog product. */
export async function readStripeMappings(reader: Reader): Promise<StripeMapping[]> {
  return reader<StripeMapping[]>`
    select p.product_key as key, coalesce(r.ids, '{}') as products, coalesce(c.ids, '{}') as prices
    from billing.products p
    left join (
      select product_id, array_agg(stripe_product_id order by stripe_product_id collate "C") as ids
      from stripe.products group by product_id
    ) r on r.product_id = p.product_id
    left join (
      select b.product_id, array_agg(s.stripe_price_id order by s.stripe_price_id collate "C") as ids
      from stripe.prices s join billing.prices b using (price_id) group by b.product_id
    ) c on c.product_id = p.product_id
    where r.ids is not null or c.ids is not null
    order by p.product_key collate "C"
  `
}

/**
 * Points Stripe products and prices at catalog products, which must exist. An id that already points elsewhere is remapped.
 * Answers what changed and nothing of what already stood so. The caller holds the catalog alone.
 */
export async function putStripeMappings(
  tx: Tx,
  wanted: { products: readonly WantedMapping[]; prices: readonly WantedMapping[] },
): Promise<{ products: MappedId[]; prices: MappedId[] }> {
  const products = await tx<MappedId[]>`
    with wanted as (
      select w.id, p.product_id, p.product_key, old.product_key as held
      from jsonb_to_recordset(${tx.json(wanted.products as WantedMapping[])}) as w (id text, key text)
      join billing.products p on p.product_key = w.key
      left join stripe.products s on s.stripe_product_id = w.id
      left join billing.products old on old.product_id = s.product_id
    ), put as (
      insert into stripe.products as s (stripe_product_id, product_id)
      select id, product_id from wanted where held is distinct from product_key order by id
      on conflict (stripe_product_id) do update set product_id = excluded.product_id, mapped_at = clock_timestamp()
      returning stripe_product_id
    )
    select w.id, w.held as "from", w.product_key as "to"
    from wanted w join put on put.stripe_product_id = w.id
    order by w.id
  `
  const prices = await tx<MappedId[]>`
    with wanted as (
      select w.id, p.product_id, p.product_key, old.product_key as held, s.price_id,
             coalesce(s.price_id, gen_random_uuid()) as put_price_id
      from jsonb_to_recordset(${tx.json(wanted.prices as WantedMapping[])}) as w (id text, key text)
      join billing.products p on p.product_key = w.key
      left join stripe.prices s on s.stripe_price_id = w.id
      left join billing.prices b on b.price_id = s.price_id
      left join billing.products old on old.product_id = b.product_id
    ), moved as (
      update billing.prices b set product_id = w.product_id, updated_at = now()
      from wanted w where b.price_id = w.price_id and w.held <> w.product_key
    ), stamped as (
      update stripe.prices s set mapped_at = clock_timestamp()
      from wanted w where s.stripe_price_id = w.id and w.held <> w.product_key
    ), made as (
      insert into billing.prices (price_id, product_id)
      select put_price_id, product_id from wanted where price_id is null
    ), mapped as (
      insert into stripe.prices (stripe_price_id, price_id)
      select id, put_price_id from wanted where price_id is null order by id
    )
    select id, held as "from", product_key as "to" from wanted where held is distinct from product_key order by id
  `
  return { products, prices }
}
