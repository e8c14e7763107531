import type { Reader } from '../../db/types.ts'
import type { FetchRow } from './resolution.ts'

/** Every answer of Stripe's API that was kept for these subscriptions. */
export async function readFetches(
  sql: Reader,
  subscriptions: readonly string[],
): Promise<Map<string, FetchRow[]>> {
  if (subscriptions.length === 0) return new Map()
  const rows = await sql<FetchRow[]>`
    select
      'fetch_' || fetch_id as fetch, stripe_subscription_id as subscription, window_from as "from", window_until as until, state
    from stripe.fetches
    where stripe_subscription_id = any(${subscriptions as string[]})
  `
  const fetches = new Map<string, FetchRow[]>()
  for (const row of rows) {
    const told = fetches.get(row.subscription)
    if (told) told.push(row)
    else fetches.set(row.subscription, [row])
  }
  return fetches
}
