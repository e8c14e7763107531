import type { Db, Tx } from '../../db/types.ts'
import type { PriceMeanings } from '../catalog/price-meanings.ts'
import { findDifferences } from './find-differences.ts'
import { rebuildPlaces } from './rebuild-places.ts'
import { rebuildSubscriptions } from './rebuild-subscriptions.ts'

/** A pool or a subscription with a difference. A subscription that belongs to nobody has no pool. */
export type Suspect = { poolId: string | null; subscription: string | null }

/** Suspects in one transaction. */
const atOnce = 100

/** All pools, and all subscriptions outside of any, with a difference; those in pools are found by their pool. */
export async function suspects(db: Db): Promise<Suspect[]> {
  return db<Suspect[]>`
    select distinct pool_id, case when pool_id is null then subscription end as subscription from rebuild.differences
    order by 1, 2`
}

/**
 * Looks at suspects once more, each with all that belongs to it, in one snapshot: rebuilt and compared as of the same moment, so
 * that what moved while the rebuild ran is no difference. Answers those that still differ, and of these the ones about which
 * work is under way (`open`): an event that nobody has taken up, a marker that was woken, a fetch just made, an end just come.
 */
export async function lookAgain(
  db: Db,
  asked: readonly Suspect[],
  meanings: PriceMeanings,
): Promise<{ differing: Suspect[]; open: Suspect[] }> {
  const differing: Suspect[] = []
  const open: Suspect[] = []
  for (let at = 0; at < asked.length; at += atOnce) {
    const page = asked.slice(at, at + atOnce)
    const found = await db.begin('isolation level repeatable read', (tx) => lookOnce(tx, page, meanings))
    differing.push(...found.differing)
    open.push(...found.open)
  }
  return { differing, open }
}

async function lookOnce(tx: Tx, page: readonly Suspect[], meanings: PriceMeanings) {
  const pools = page.flatMap(({ poolId }) => poolId ?? [])
  const subscriptions = [
    ...new Set([
      ...page.flatMap(({ subscription }) => subscription ?? []),
      ...(await subscriptionsOf(tx, pools)),
    ]),
  ].sort()
  await rebuildSubscriptions(tx, subscriptions, meanings)
  await rebuildPlaces(tx, pools)
  if ((await findDifferences(tx, { pools, subscriptions })) === 0) return { differing: [], open: [] }
  const rows = await tx<{ poolId: string | null; subscription: string | null }[]>`
    select distinct pool_id, subscription from rebuild.differences
    where pool_id = any(${pools}::uuid[]) or subscription = any(${subscriptions})`
  const differing = page.filter(({ poolId, subscription }) =>
    rows.some((row) => (poolId === null ? row.subscription === subscription : row.poolId === poolId)),
  )
  const busy = await underWay(tx, pools, subscriptions)
  return {
    differing,
    open: differing.filter(({ poolId, subscription }) => busy.has(poolId ?? subscription!)),
  }
}

/** Every subscription that the record or the shadow gives to these pools, or that stands in them. */
async function subscriptionsOf(tx: Tx, pools: readonly string[]): Promise<string[]> {
  const ids = pools as string[]
  const rows = await tx<{ subscription: string }[]>`
    with customers as materialized (
      select c.stripe_customer_id from entitlements.resource_pools p join stripe.customers c using (organization_id)
      where p.pool_id = any(${ids}::uuid[])
    )
    select subscription from rebuild.subscriptions where pool_id = any(${ids}::uuid[])
    union
    select e.stripe_subscription_id from customers join stripe.events e using (stripe_customer_id)
    where e.trail_kind is not null
    union
    select s.stripe_subscription_id from customers join stripe.subscriptions s using (stripe_customer_id)
    union
    select s.stripe_subscription_id
    from entitlements.subscription_claims c join stripe.subscriptions s using (subscription_id)
    where c.pool_id = any(${ids}::uuid[])
    union
    select s.stripe_subscription_id
    from entitlements.pool_provisions v join stripe.subscriptions s using (subscription_id)
    where v.pool_id = any(${ids}::uuid[]) and v.ended_at is null`
  return rows.map(({ subscription }) => subscription)
}

/** The pools, and Stripe's ids of subscriptions, about which work is under way in this snapshot. */
async function underWay(
  tx: Tx,
  pools: readonly string[],
  subscriptions: readonly string[],
): Promise<Set<string>> {
  const [ofPools, ofSubscriptions] = await Promise.all([
    tx<{ poolId: string }[]>`
      select pool_id from entitlements.grants
      where pool_id = any(${pools as string[]}::uuid[]) and closed_at is null and valid_until <= clock_timestamp()
      union
      select pool_id from entitlements.ceilings
      where pool_id = any(${pools as string[]}::uuid[]) and lifted_at is null and valid_until <= clock_timestamp()`,
    tx<{ subscription: string; poolId: string | null }[]>`
      select w.subscription, r.pool_id
      from unnest(${subscriptions as string[]}::text[]) as w (subscription)
      left join rebuild.subscriptions r using (subscription)
      left join stripe.subscriptions s on s.stripe_subscription_id = w.subscription
      where
        -- Taken up within a minute: the sweep puts off by so much what it has rung for.
        s.resolve_at <= clock_timestamp() + interval '61 seconds'
        or exists (
          select from stripe.fetches f
          where f.stripe_subscription_id = w.subscription and f.fetched_at > coalesce(s.resolved_at, '-infinity')
        )
        or exists (
          select from stripe.events e
          cross join unnest(array['enrollment', 'subscription-changes']) as k (write)
          left join stripe.event_writes m on m.event_id = e.event_id and m.write = k.write
          where e.stripe_subscription_id = w.subscription and e.trail_kind is not null
            and (m.state is null or (m.state = 'waiting' and m.due_at is not null))
        )`,
  ])
  return new Set([
    ...ofPools.map(({ poolId }) => poolId),
    ...ofSubscriptions.flatMap(({ subscription, poolId }) =>
      poolId ? [poolId, subscription] : [subscription],
    ),
  ])
}
