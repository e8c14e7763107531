import type { Tx } from '../../db/types.ts'
import type { SubscriptionState } from '../event/subscription-event.ts'

/** A subscription's row in schema stripe, held by this transaction: its mapping and how far its trail is resolved. */
export type LockedSubscription = {
  subscription: string
  customer: string | null
  /** null: it has no row in billing yet. */
  subscriptionId: string | null
  resolvedState: SubscriptionState | null
  resolvedBy: string | null
  unresolved: string | null
  holeSeenAt: Date | null
  resolveAt: Date | null
  fetchAttempts: number
  /** Whether Stripe was ever asked about it. */
  asked: boolean
  /** Whose it is; of one without a row in billing, whose its customer is. null: nobody's yet. */
  owner: { tenantId: string; accountId: string; poolId: string; organizationKey: string | null } | null
}

/**
 * Makes the rows that are missing and locks all, both sorted by id: the first lock that anybody takes who writes for a
 * subscription. New rows come before locks, so that whoever waits for a lock waits for nobody who waits for a new row: two
 * batches that share some never wait for each other in a ring.
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
  const [, rows] = await Promise.all([makeRows(tx, ids, customers), lockRows(tx, ids)])
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

async function makeRows(tx: Tx, ids: string[], customers: ReadonlyMap<string, string | null>): Promise<void> {
  await tx`
    insert into stripe.subscriptions (stripe_subscription_id, stripe_customer_id)
    select id, customer
    from unnest(${ids}::text[], ${ids.map((id) => customers.get(id) ?? null)}::text[]) as wanted (id, customer)
    where not exists (select from stripe.subscriptions s where s.stripe_subscription_id = wanted.id)
    order by id
    on conflict do nothing
  `
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
      o.tenant_id, o.organization_id as account_id, p.pool_id, o.organization_key
    from stripe.subscriptions s
    left join billing.subscriptions b on b.subscription_id = s.subscription_id
    left join stripe.customers c on c.stripe_customer_id = s.stripe_customer_id and s.subscription_id is null
    left join organization.organizations o on o.organization_id = coalesce(b.account_id, c.organization_id)
    left join entitlements.resource_pools p on p.organization_id = o.organization_id and p.is_default
    where s.stripe_subscription_id = any(${ids})
    order by s.stripe_subscription_id
    for update of s
  `
}
