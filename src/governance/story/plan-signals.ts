import type { Reader } from '../../db/types.ts'

/** One thing that was seen of a subscription, and the event of Stripe's that showed it; null: a fetch did. */
export type PlanSignal = {
  signalKind: string
  subscriptionId: string
  period: string
  eventId: string | null
  seenAt: Date
  /** Null: it stands. */
  clearedAt: Date | null
  clearedBy: string | null
}

/** What feeds a plan, or fed it, the first first. */
export async function signalsOfPlan(
  reader: Reader,
  { tenantId, planId, limit }: { tenantId: string; planId: string; limit: number },
): Promise<PlanSignal[]> {
  return reader<PlanSignal[]>`
    select signal_kind, subscription_id, period, event_id, seen_at, cleared_at, cleared_by
    from governance.risk_signals
    where tenant_id = ${tenantId} and plan_id = ${planId}
    order by seen_at, risk_signal_id
    limit ${limit}`
}
