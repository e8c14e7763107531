import type { Reader } from '../db/types.ts'

/** One row of what changed commercially (R55), as people and the API read it. */
export type AccountChange = {
  id: string
  /** Stripe's id where it is known, else ours. */
  subscription: string
  event: string
  kind: string
  /** Stripe's item, where the change is about one. */
  item: string | null
  from: unknown
  to: unknown
  /** In the currency's minor unit, for the whole quantity. */
  fromAmount: number | null
  toAmount: number | null
  currency: string | null
  interval: string | null
  intervalCount: number | null
  source: 'event' | 'fetch'
  duplicateOf: string | null
  occurredAt: Date
  recordedAt: Date
}

export type AccountChangesWanted = {
  accountId: string
  /** Stripe's id of a subscription. */
  subscription?: string | undefined
  /** The last row's id of the page before. */
  after?: string | null
  /** Only so many of the newest, still in Stripe's order. */
  newest?: number
  limit: number
}

/**
 * What changed commercially in an account, as Stripe tells the order. The account is the one whose the subscription was when it
 * was recorded. The join to schema `stripe` is for reading alone: whoever asks knows subscriptions by Stripe's ids.
 */
export async function listAccountChanges(
  reader: Reader,
  wanted: AccountChangesWanted,
): Promise<AccountChange[]> {
  const { accountId, subscription = null, after = null, newest = null, limit } = wanted
  return reader<AccountChange[]>`
    select c.subscription_change_id as id, coalesce(s.stripe_subscription_id, c.subscription_id::text) as subscription,
           c.event_id as event, c.change_kind as kind, nullif(c.item, '') as item, c.from_value as "from", c.to_value as "to",
           c.from_amount, c.to_amount, c.currency, c.recurring_interval as interval, c.interval_count, c.source,
           c.duplicate_of, c.occurred_at, c.recorded_at
    from billing.subscription_changes c
    left join stripe.subscriptions s using (subscription_id)
    where c.account_id = ${accountId}
      and (${subscription}::text is null or s.stripe_subscription_id = ${subscription})
      and (${after}::uuid is null or (c.occurred_at, c.subscription_change_id) > (
        select last.occurred_at, last.subscription_change_id from billing.subscription_changes last
        where last.subscription_change_id = ${after}::uuid and last.account_id = ${accountId}))
      and (${newest}::int is null or c.subscription_change_id in (
        select last.subscription_change_id from billing.subscription_changes last where last.account_id = ${accountId}
        order by last.occurred_at desc, last.subscription_change_id desc limit ${newest}::int))
    order by c.occurred_at, c.subscription_change_id
    limit ${limit}
  `
}
