import type { Db, Tx } from '../../db/types.ts'
import type { SubscriptionState } from '../event/subscription-event.ts'
import { fetchWindow } from '../trail/fetch-window.ts'

/** What Stripe's API showed of one subscription; `date` is its own `Date` header, Unix seconds, `elapsed` how long it took, in seconds. */
export type ToldState = { state: SubscriptionState; date: number; elapsed: number }

/**
 * Keeps answers of Stripe's, each with the window in which it was surely true, and gives the leases back. The caller holds the
 * subscriptions' rows and their newest tokens. What follows from an answer is the trail's affair.
 */
export async function keepAnswers(
  tx: Tx,
  answers: readonly (ToldState & { subscription: string; token: number })[],
): Promise<void> {
  if (answers.length === 0) return
  const rows = answers.map(({ subscription, token, state, date, elapsed }) => ({
    subscription,
    token,
    state,
    customer: state.customer,
    ...fetchWindow(date, elapsed),
  }))
  await tx`
    with told as (
      select * from jsonb_to_recordset(${tx.json(rows)})
        as t (subscription text, token bigint, state jsonb, customer text, "from" float8, until float8)
    ), kept as (
      insert into stripe.fetches (stripe_subscription_id, window_from, window_until, state, lease_token)
      select subscription, "from", until, state, token from told
    )
    update stripe.subscriptions s
    set lease_until = null, fetch_attempts = 0, stripe_customer_id = coalesce(s.stripe_customer_id, t.customer),
      updated_at = clock_timestamp()
    from told t
    where s.stripe_subscription_id = t.subscription
  `
}

/**
 * Keeps what a page of Stripe's list showed, as if each of its subscriptions had been asked for by itself: rows that are missing
 * are made, and each takes the next token, so that a question that is under way and outlives its lease is thrown away as ever. What another
 * process is asking for at this moment is left to it. Should nobody look at them afterwards, the sweep does, a minute later.
 * @returns those that were kept.
 */
export async function keepListed(db: Db, listed: readonly ToldState[]): Promise<string[]> {
  const bySubscription = new Map(listed.map((told) => [told.state.subscription, told]))
  const ids = [...bySubscription.keys()].sort()
  if (ids.length === 0) return []
  return db.begin(async (tx) => {
    // One after the other in order of id: the one order in which these rows are locked everywhere.
    await tx`
      insert into stripe.subscriptions (stripe_subscription_id)
      select id from unnest(${ids}::text[]) as wanted (id) order by id
      on conflict do nothing
    `
    await tx`
      select from stripe.subscriptions where stripe_subscription_id = any(${ids})
      order by stripe_subscription_id for update
    `
    const free = await tx<{ subscription: string; token: number }[]>`
      update stripe.subscriptions
      set lease_token = lease_token + 1, resolve_at = clock_timestamp() + interval '1 minute'
      where stripe_subscription_id = any(${ids}) and (lease_until is null or lease_until < clock_timestamp())
      returning stripe_subscription_id as subscription, lease_token as token
    `
    await keepAnswers(
      tx,
      free.map((row) => ({ ...row, ...bySubscription.get(row.subscription)! })),
    )
    return free.map(({ subscription }) => subscription)
  })
}
