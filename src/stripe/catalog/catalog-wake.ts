import type { Reader, Tx } from '../../db/types.ts'

/**
 * The prices of these Stripe products that events wait for: a mapping of a Stripe product covers its later prices, but the
 * events wait for the price. Which product a price belongs to is told by the items of what is waiting.
 */
export async function pricesWaitingUnder(
  reader: Reader,
  stripeProducts: readonly string[],
): Promise<string[]> {
  if (stripeProducts.length === 0) return []
  const rows = await reader<{ price: string }[]>`
    with waiting as (
      select distinct e.event_id, e.stripe_subscription_id, e.to_state
      from stripe.event_writes w join stripe.events e using (event_id)
      where w.state = 'waiting' and w.waiting_on like 'price:%'
    ), shown as (
      select to_state as state from waiting where to_state is not null
      union all
      select s.resolved_state
      from stripe.subscriptions s
      where s.resolved_state is not null
        and s.stripe_subscription_id in (select stripe_subscription_id from waiting)
    )
    select distinct i ->> 'price' as price
    from shown cross join lateral jsonb_array_elements(shown.state -> 'items') i
    where i ->> 'product' = any(${stripeProducts as string[]})
  `
  return rows.map(({ price }) => price)
}

/** The subscriptions that carry one of these prices, or a price of one of these Stripe products, and have not ended. */
export async function subscriptionsCarrying(
  reader: Reader,
  changed: { products: readonly string[]; prices: readonly string[] },
): Promise<string[]> {
  if (changed.products.length + changed.prices.length === 0) return []
  const rows = await reader<{ subscription: string }[]>`
    select stripe_subscription_id as subscription
    from stripe.subscriptions s
    where s.resolved_state is not null
      and s.resolved_state ->> 'status' not in ('canceled', 'incomplete_expired')
      and exists (
        select from jsonb_array_elements(s.resolved_state -> 'items') i
        where i ->> 'price' = any(${changed.prices as string[]}) or i ->> 'product' = any(${changed.products as string[]})
      )
  `
  return rows.map(({ subscription }) => subscription)
}

/**
 * Has the subscriptions that carry what changed looked at again. Rows that another transaction holds are passed over and named: a worker may hold them while it waits for the catalog,
 * and waiting for it here would be a ring.
 */
export async function resolveAgain(
  tx: Tx,
  changed: { products: readonly string[]; prices: readonly string[] },
): Promise<{ marked: number; passedOver: string[] }> {
  const carrying = await subscriptionsCarrying(tx, changed)
  if (carrying.length === 0) return { marked: 0, passedOver: [] }
  const marked = await tx<{ subscription: string }[]>`
    update stripe.subscriptions s set resolve_at = clock_timestamp()
    from (
      select stripe_subscription_id from stripe.subscriptions
      where stripe_subscription_id = any(${carrying})
      order by stripe_subscription_id for update skip locked
    ) held
    where s.stripe_subscription_id = held.stripe_subscription_id
    returning s.stripe_subscription_id as subscription
  `
  const done = new Set(marked.map(({ subscription }) => subscription))
  const passedOver = carrying.filter((id) => !done.has(id))
  return { marked: marked.length, passedOver }
}
