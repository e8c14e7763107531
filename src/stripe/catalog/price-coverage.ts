import type { Reader } from '../../db/types.ts'

/** A price that events or subscriptions showed. */
export type SeenPrice = {
  price: string
  /** Stripe's product; null where no event told it. */
  stripeProduct: string | null
  /** The catalog product that it means; null for none. */
  product: string | null
  /** Live subscriptions that carry it now, and count by it. */
  live: number
  firstSeen: Date | null
  lastSeen: Date | null
  /** A subscription that carries it, a live one if there is one. */
  example: string | null
}

export type Listed<T> = { total: number; first: T[] }

export type PriceCoverage = {
  /** How many different prices were seen. */
  seen: number
  /** No mapping covers them: whoever is on one is held where he stands. Those with live subscriptions come first. */
  unmapped: Listed<SeenPrice>
  /** They mean a product that is on no ladder and of no type: held in the same way. */
  withoutKind: Listed<SeenPrice>
  /** Mapped, and nothing carried them yet: `price` or `product`, with what each means. */
  neverSeen: Listed<{ kind: 'price' | 'product'; id: string; product: string }>
}

/** Each list is told up to here, and counted beyond. */
export const mostListed = 1000

type Row = Partial<SeenPrice> & {
  verdict: 'seen' | 'unmapped' | 'without kind' | 'price' | 'product'
  total: number
}

/**
 * Which prices the inbox and the resolved subscriptions show, and which of them the catalog does not cover. A price is covered
 * by its own mapping or that of its Stripe product; where a live subscription does not tell the Stripe product (old API
 * versions), only by its own. Reads every event once, in the database: give it a snapshot and some seconds for a million.
 */
export async function priceCoverage(reader: Reader): Promise<PriceCoverage> {
  const rows = await reader<Row[]>`
    with told as (
      select
        i.item ->> 'price' as price, i.item ->> 'product' as stripe_product, min(e.created_at) as first_seen,
        max(e.created_at) as last_seen, max(e.stripe_subscription_id) as example
      from stripe.events e
      cross join lateral (
        select jsonb_array_elements(e.to_state -> 'items')
        union all
        select jsonb_array_elements(e.from_difference -> 'items') where e.from_hash is distinct from e.to_hash
      ) as i (item)
      -- Events of the other mode have no states.
      where e.trail_kind is not null
      group by 1, 2
    ), standing as (
      select s.stripe_subscription_id, coalesce(s.resolved_state, last.to_state) as state
      from stripe.subscriptions s
      left join billing.subscriptions b using (subscription_id)
      left join lateral (
        select e.to_state, e.trail_kind from stripe.events e
        where e.stripe_subscription_id = s.stripe_subscription_id and e.trail_kind is not null
        order by e.created_at desc limit 1
      ) last on s.resolved_state is null
      where b.ended_at is null and last.trail_kind is distinct from 'end'
    ), live as (
      select
        i.item ->> 'price' as price, i.item ->> 'product' as stripe_product,
        count(distinct stripe_subscription_id)::int as live, max(stripe_subscription_id) as example
      from standing cross join lateral jsonb_array_elements(standing.state -> 'items') as i (item)
      where standing.state ->> 'status' in ('trialing', 'active', 'past_due', 'unpaid', 'paused')
        and i.item -> 'quantity' is distinct from to_jsonb(0)
      group by 1, 2
    ), pairs as (
      select
        price, stripe_product, min(first_seen) as first_seen, max(last_seen) as last_seen, sum(live)::int as live,
        max(live_example) as live_example, max(example) as example
      from (
        select price, stripe_product, first_seen, last_seen, 0 as live, null as live_example, example from told
        union all
        select price, stripe_product, null, null, live, example, null from live
      ) both_ways
      group by 1, 2
    ), meant as (
      select pairs.*, coalesce(b.product_id, r.product_id) as product_id
      from pairs
      left join stripe.prices p on p.stripe_price_id = pairs.price
      left join billing.prices b on b.price_id = p.price_id
      left join stripe.products r on r.stripe_product_id = pairs.stripe_product
    ), seen as materialized (
      select
        price, max(stripe_product) as stripe_product, min(first_seen) as first_seen, max(last_seen) as last_seen,
        sum(live)::int as live, coalesce(max(live_example), max(example)) as example, max(p.product_key) as product,
        bool_or(product_id is not null) and coalesce(sum(live) filter (where product_id is null), 0) = 0 as covered,
        bool_or(product_id is not null and k.product_kind is null) as without_kind
      from meant left join billing.products p using (product_id) left join billing.product_kinds k using (product_id)
      group by price
    )
    select 'seen' as verdict, count(*)::int as total, null as price, null as stripe_product, null as product, null::int as live,
      null::timestamptz as first_seen, null::timestamptz as last_seen, null as example
    from seen
    union all (
      select 'unmapped', count(*) over ()::int, price, stripe_product, product, live, first_seen, last_seen, example
      from seen where not covered
      order by live desc, last_seen desc, price limit ${mostListed}
    ) union all (
      select 'without kind', count(*) over ()::int, price, stripe_product, product, live, first_seen, last_seen, example
      from seen where covered and without_kind
      order by live desc, last_seen desc, price limit ${mostListed}
    ) union all (
      select kind, count(*) over ()::int, id, null, product_key, null, null, null, null
      from (
        select 'price' as kind, s.stripe_price_id as id, b.product_id from stripe.prices s join billing.prices b using (price_id)
        where s.stripe_price_id not in (select price from seen)
        union all
        select 'product', s.stripe_product_id, s.product_id from stripe.products s
        where s.stripe_product_id not in (select stripe_product from pairs where stripe_product is not null)
      ) never join billing.products using (product_id)
      order by kind, id limit ${mostListed}
    )
  `
  return {
    seen: rows.find(({ verdict }) => verdict === 'seen')!.total,
    unmapped: listed(rows, 'unmapped'),
    withoutKind: listed(rows, 'without kind'),
    neverSeen: {
      total: rows.find(({ verdict }) => verdict === 'price' || verdict === 'product')?.total ?? 0,
      first: rows.flatMap(({ verdict, price, product }) =>
        verdict === 'price' || verdict === 'product'
          ? [{ kind: verdict, id: price!, product: product! }]
          : [],
      ),
    },
  }
}

function listed(rows: readonly Row[], verdict: Row['verdict']): Listed<SeenPrice> {
  const found = rows.filter((row) => row.verdict === verdict)
  return {
    total: found[0]?.total ?? 0,
    first: found.map(({ verdict: _, total: __, ...seen }) => seen as SeenPrice),
  }
}
