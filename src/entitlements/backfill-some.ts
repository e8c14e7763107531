import type { Db } from '../db/types.ts'
import { type BackfillAsked, type BackfillOutcome, backfillDefaults } from './backfill-defaults.ts'

export type BackfillCounts = Record<BackfillOutcome['outcome'], number>

export type BackfillRun = {
  counts: BackfillCounts
  outcomes: BackfillOutcome[]
  /** The organization_id behind which the next run begins; null: there are no more. */
  next: string | null
}

/**
 * One stretch of a backfill: at most `limit` organizations, so that whoever waits for it is answered. A full one says where to go on, and the
 * last may be empty.
 * @throws Refused as `backfillDefaults`
 */
export async function backfillSome(db: Db, asked: BackfillAsked, limit: number): Promise<BackfillRun> {
  const outcomes: BackfillOutcome[] = []
  const counts: BackfillCounts = { updated: 0, skipped: 0, failed: 0 }
  for await (const outcome of backfillDefaults(db, asked)) {
    outcomes.push(outcome)
    counts[outcome.outcome]++
    if (outcomes.length === limit) return { counts, outcomes, next: outcome.organizationId }
  }
  return { counts, outcomes, next: null }
}
