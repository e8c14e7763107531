import type { Db, Tx } from '../../db/types.ts'
import type { SubscriptionReader } from '../api/stripe-api.ts'
import { backoffSeconds } from '../trail/next-look.ts'
import { keepAnswers } from './keep-answers.ts'

/**
 * Fetches that events lead to, in any one second of the database's clock, over all workers. What reconcile, upkeep and commands
 * ask is not among them: each of their processes keeps a limit of its own (see limiter.ts).
 */
const FETCHES_PER_SECOND = 20
/**
 * A lease outlives the call it guards, and the turn for which that waits: ten seconds at most for the one, and for the other a
 * twentieth of a second for each job that the worker does at the same time. Should it not, the answer is thrown away.
 */
const LEASE_SECONDS = 30

/**
 * `fetched`: an answer was kept. `missing`: Stripe knows no such subscription; that is never read as an end.
 * `busy`: another process is asking. `later`: this second's fetches are used up. `failed`: Stripe did not answer.
 * `fenced`: the lease ran out while asking and another process took over; the answer was thrown away.
 */
export type FetchOutcome = 'fetched' | 'missing' | 'failed' | 'busy' | 'later' | 'fenced'

/**
 * Asks Stripe for one subscription, under a lease with a fencing token, with no transaction open across the call.
 * Only keeps the answer; what follows from it is the trail's affair.
 */
export async function fetchSubscription(
  db: Db,
  stripe: SubscriptionReader,
  subscription: string,
  now: Date,
): Promise<FetchOutcome> {
  const lease = await db.begin((tx) => takeLease(tx, subscription))
  if (typeof lease === 'string') return lease

  const answer = await stripe.subscription(subscription)

  return db.begin(async (tx) => {
    const [held] = await tx<{ leaseToken: number; fetchAttempts: number }[]>`
      select lease_token, fetch_attempts from stripe.subscriptions
      where stripe_subscription_id = ${subscription} for update
    `
    if (held?.leaseToken !== lease.token) return 'fenced'
    if (answer.kind === 'found') {
      await keepAnswers(tx, [{ ...answer, subscription, token: lease.token }])
      return 'fetched'
    }
    const again = new Date(now.getTime() + backoffSeconds(held.fetchAttempts + 1) * 1000)
    await tx`
      update stripe.subscriptions
      set lease_until = null, fetch_attempts = fetch_attempts + 1, resolve_at = ${again}, updated_at = clock_timestamp(),
        unresolved = ${answer.kind === 'missing' ? 'not at Stripe' : `Stripe did not answer: ${answer.why}`}
      where stripe_subscription_id = ${subscription}
    `
    return answer.kind
  })
}

async function takeLease(tx: Tx, subscription: string): Promise<{ token: number } | 'busy' | 'later'> {
  const [free] = await tx`
    select from stripe.subscriptions
    where stripe_subscription_id = ${subscription} and (lease_until is null or lease_until < clock_timestamp())
    for update
  `
  if (!free) return 'busy'
  const [budget] = await tx`
    update stripe.fetch_budget
    set taken = case when second = date_trunc('second', clock_timestamp()) then taken + 1 else 1 end,
      second = date_trunc('second', clock_timestamp())
    where second <> date_trunc('second', clock_timestamp()) or taken < ${FETCHES_PER_SECOND}
    returning taken
  `
  if (!budget) {
    await tx`
      update stripe.subscriptions set resolve_at = clock_timestamp() + interval '1 second'
      where stripe_subscription_id = ${subscription}
    `
    return 'later'
  }
  const [lease] = await tx<{ leaseToken: number }[]>`
    update stripe.subscriptions
    set lease_token = lease_token + 1, lease_until = clock_timestamp() + make_interval(secs => ${LEASE_SECONDS})
    where stripe_subscription_id = ${subscription}
    returning lease_token
  `
  return { token: lease!.leaseToken }
}
