import type { Tx } from '../../db/types.ts'
import type { SubscriptionState } from '../event/subscription-event.ts'

/** A subscription's row in schema stripe, held by this transaction: its mapping and how far its trail is resolved. */
export type LockedSubscription = {
  subscription: string
  customer: string | null
  subscriptionId: string | null
  resolvedState: SubscriptionState | null
  resolvedBy: string | null
  unresolved: string | null
  holeSeenAt: Date | null
  resolveAt: Date | null
  fetchAttempts: number
}

/**
 * Makes the rows that are missing and locks all, sorted by id: the first lock that anybody takes who writes for a
 * subscription, so that two batches that share some never wait for each other in a ring.
 */
export async function lockSubscriptions(
  tx: Tx,
  wanted: readonly { subscription: string; customer: string | null }[],
): Promise<Map<string, LockedSubscription>> {
  const byId = new Map<string, string | null>()
  for (const { subscription, customer } of wanted)
    byId.set(subscription, customer ?? byId.get(subscription) ?? null)
  if (byId.size === 0) return new Map()
  const ids = [...byId.keys()].sort()
  await tx`
    insert into stripe.subscriptions (stripe_subscription_id, stripe_customer_id)
    select id, customer
    from unnest(${ids}::text[], ${ids.map((id) => byId.get(id) ?? null)}::text[]) as wanted (id, customer)
    where not exists (select from stripe.subscriptions s where s.stripe_subscription_id = id)
    order by id
    on conflict do nothing
  `
  const rows = await tx<LockedSubscription[]>`
    select
      stripe_subscription_id as subscription, stripe_customer_id as customer, subscription_id, resolved_state, resolved_by,
      unresolved, hole_seen_at, resolve_at, fetch_attempts
    from stripe.subscriptions
    where stripe_subscription_id = any(${ids})
    order by stripe_subscription_id
    for update
  `
  return new Map(
    rows.map((row) => [row.subscription, { ...row, customer: row.customer ?? byId.get(row.subscription)! }]),
  )
}

/**
 * Gives each subscription its row in billing, under its customer's account, and notes it in the mapping. The caller holds the
 * locks. Answers the ids, old and new, by Stripe's id.
 */
export async function giveToAccounts(
  tx: Tx,
  owned: readonly { held: LockedSubscription; tenantId: string; accountId: string }[],
): Promise<Map<string, string>> {
  const ids = new Map<string, string>()
  const missing: {
    subscription: string
    customer: string | null
    id: string
    tenantId: string
    accountId: string
  }[] = []
  for (const { held, tenantId, accountId } of owned) {
    const id = held.subscriptionId ?? crypto.randomUUID()
    ids.set(held.subscription, id)
    if (held.subscriptionId === null)
      missing.push({ subscription: held.subscription, customer: held.customer, id, tenantId, accountId })
  }
  if (missing.length === 0) return ids
  await tx`
    with wanted as (
      select * from jsonb_to_recordset(${tx.json(missing)})
        as w (subscription text, customer text, id uuid, "tenantId" uuid, "accountId" uuid)
    ), made as (
      insert into billing.subscriptions (subscription_id, tenant_id, account_id)
      select id, "tenantId", "accountId" from wanted
    )
    update stripe.subscriptions s
    set subscription_id = w.id, stripe_customer_id = coalesce(s.stripe_customer_id, w.customer)
    from wanted w
    where s.stripe_subscription_id = w.subscription
  `
  return ids
}
