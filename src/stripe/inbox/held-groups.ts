import type { Db } from '../../db/types.ts'
import { Refused } from '../../errors.ts'
import { tenantOf } from './search-inbox.ts'

/** Writes that are held for the same reason: on the same named thing, or for a person. */
export type HeldGroup = {
  state: 'waiting' | 'parked'
  reason: string
  /** `price:…`, `customer:…`, `trail:…`; null for what is parked. */
  on: string | null
  writes: number
  subscriptions: number
  customers: number
  /** The first to arrive of them. */
  event: string
  since: Date
  /** When the next of them is taken up by itself; null: when what it waits on arrives, or by a replay. */
  dueAt: Date | null
  /** The newest detail that says something; null: none does. */
  detail: string | null
}

/** Milliseconds. */
const timeLimit = 5_000

/**
 * What a tenant's events are held for, the most writes first; `limit` groups at most.
 * @throws Refused `too_much_held` (422) after five seconds.
 */
export async function heldGroups(db: Db, tenantId: string, limit: number): Promise<HeldGroup[]> {
  try {
    return await db.begin('read only', async (tx) => {
      await tx`select set_config('statement_timeout', ${String(timeLimit)}, true)`
      return tx<HeldGroup[]>`
        select w.state, w.reason, w.waiting_on as on, count(*)::int as writes,
          count(distinct e.stripe_subscription_id)::int as subscriptions, count(distinct e.stripe_customer_id)::int as customers,
          (array_agg(e.event_id order by e.inbox_id))[1] as event, min(e.received_at) as since, min(w.due_at) as due_at,
          (array_agg(w.detail order by e.inbox_id desc) filter (where w.detail <> ''))[1] as detail
        from stripe.event_writes w join stripe.events e using (event_id)
        where w.state in ('waiting', 'parked') and ${tenantOf(tx)} = ${tenantId}
        group by w.state, w.reason, w.waiting_on
        order by writes desc, since, w.reason, w.waiting_on
        limit ${limit}`
    })
  } catch (error) {
    // 57014: given up at the limit.
    if ((error as { code?: string }).code !== '57014') throw error
    throw new Refused(
      'too_much_held',
      'So much is held that it cannot be grouped in time.',
      'See the largest reason first: stepladder replay waiting --dry-run',
      422,
    )
  }
}
