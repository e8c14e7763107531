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
  /** Whether Stripe was ever asked about it. */
  asked: boolean
  /** Whose it is, once its customer is linked. */
  owner: { tenantId: string; accountId: string; poolId: string; organizationKey: string | null } | null
}

/**
 * Makes the rows that are missing and locks all, sorted by id: the first lock that anybody takes who writes for a
 * subscription, so that two batches that share some never wait for each other in a ring.
 */
export async function lockSubscriptions(
  tx: Tx,
  wanted: readonly { subscription: string; customer: string | null }[],
): Promise<Map<string, LockedSubscription>> {
  const customers = new Map<string, string | null>()
  for (const { subscription, customer } of wanted)
    customers.set(subscription, customer ?? customers.get(subscription) ?? null)
  if (customers.size === 0) return new Map()
  const ids = [...customers.keys()].sort()
  const rows = await lockRows(tx, ids)
  if (rows.length < ids.length) {
    const there = new Set(rows.map(({ subscription }) => subscription))
    const fresh = ids.filter((id) => !there.has(id))
    // Rows that are new, or that another makes at this moment: made in the same order, and then locked as well.
    await tx`
      insert into stripe.subscriptions (stripe_subscription_id, stripe_customer_id)
      select id, customer
      from unnest(${fresh}::text[], ${fresh.map((id) => customers.get(id) ?? null)}::text[]) as wanted (id, customer)
      order by id
      on conflict do nothing
    `
    rows.push(...(await lockRows(tx, fresh)))
  }
  return new Map(
    rows.map(({ tenantId, accountId, poolId, organizationKey, ...row }) => [
      row.subscription,
      {
        ...row,
        customer: row.customer ?? customers.get(row.subscription)!,
        owner: poolId === null ? null : { tenantId, accountId, poolId, organizationKey },
      },
    ]),
  )
}

type LockedRow = Omit<LockedSubscription, 'owner'> & {
  tenantId: string
  accountId: string
  poolId: string | null
  organizationKey: string | null
}

async function lockRows(tx: Tx, ids: string[]): Promise<LockedRow[]> {
  return tx<LockedRow[]>`
    select
      s.stripe_subscription_id as subscription, s.stripe_customer_id as customer, s.subscription_id, s.resolved_state,
      s.resolved_by, s.unresolved, s.hole_seen_at, s.resolve_at, s.fetch_attempts, s.lease_token > 0 as asked,
      b.tenant_id, b.account_id, p.pool_id, o.organization_key
    from stripe.subscriptions s
    left join billing.subscriptions b on b.subscription_id = s.subscription_id
    left join organization.organizations o on o.organization_id = b.account_id
    left join entitlements.resource_pools p on p.organization_id = b.account_id and p.is_default
    where s.stripe_subscription_id = any(${ids})
    order by s.stripe_subscription_id
    for update of s
  `
}

/**
 * Gives each subscription its row in billing, under its customer's account, and notes it in the mapping. The caller holds the
 * locks. Answers the ids, old and new, by Stripe's id.
 */
export async function giveToAccounts(
  tx: Tx,
  owned: readonly {
    held: Pick<LockedSubscription, 'subscription' | 'subscriptionId' | 'customer'>
    tenantId: string
    accountId: string
  }[],
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
