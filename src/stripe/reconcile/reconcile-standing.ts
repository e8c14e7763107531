import type { Db } from '../../db/types.ts'
import { within } from '../../within.ts'
import type { DifferenceCount } from './reconcile-runs.ts'

export type ReconcileStanding = {
  /** When the last run ended, Unix seconds; null: none ever did. */
  endedAt: number | null
  /** What that run found, and what became of it. */
  counts: DifferenceCount[]
  /**
   * Of the organizations with a live subscription, the share of which all live subscriptions were found to agree with Stripe within 24 hours,
   * from 0 to 1; null: there are none.
   */
  verifiedShare: number | null
}

/** It reads every live subscription: often enough for what moves by the day. */
const KEPT_MS = 60_000
const LONGEST_MS = 5_000

/** How far what stands here is known to agree with Stripe; read again once a minute at most. */
export function createReconcileStanding(db: Db, now: () => number): () => Promise<ReconcileStanding> {
  let readAt = Number.NEGATIVE_INFINITY
  let reading: Promise<ReconcileStanding> | null = null
  return () => {
    if (reading === null || now() - readAt > KEPT_MS) {
      readAt = now()
      reading = readReconcileStanding(db).catch((error) => {
        reading = null
        throw error
      })
    }
    return reading
  }
}

async function readReconcileStanding(db: Db): Promise<ReconcileStanding> {
  return within(
    LONGEST_MS,
    'The database',
    db.begin('read only', async (tx) => {
      await tx`select set_config('statement_timeout', ${String(LONGEST_MS)}, true)`
      const [[last], counts, [share]] = await Promise.all([
        tx<{ endedAt: number }[]>`
          select extract(epoch from max(finished_at))::float8 as ended_at from stripe.reconcile_runs`,
        tx<DifferenceCount[]>`
          select difference_class as class, outcome, count(*)::int as count
          from stripe.reconcile_differences
          where reconcile_run_id = (
            select reconcile_run_id from stripe.reconcile_runs where finished_at is not null order by finished_at desc limit 1
          )
          group by 1, 2`,
        tx<{ verified: number | null }[]>`
          select avg(agrees::int)::float8 as verified
          from (
            select bool_and(coalesce(v.verified_at > clock_timestamp() - interval '24 hours', false)) as agrees
            from billing.subscriptions b
            join stripe.subscriptions s using (subscription_id)
            left join stripe.verified_subscriptions v using (stripe_subscription_id)
            where b.status in ('trialing', 'active', 'past_due', 'unpaid', 'paused')
            group by b.account_id
          ) accounts`,
      ])
      return { endedAt: last!.endedAt, counts, verifiedShare: share!.verified }
    }),
  )
}
