import type { Reader, Tx } from '../../db/types.ts'
import type { Cleared, RiskSignal } from './decide-plan.ts'
import type { OfSubscription, RiskKind } from './subscription-signal.ts'

/**
 * Notes a risk, once for each kind and period of a subscription. One that was cleared and is told anew stands again.
 * @returns whether it stands newly
 */
export async function noteRisk(
  tx: Tx,
  signal: OfSubscription & { kind: RiskKind },
  at: Date,
): Promise<boolean> {
  const { tenantId, accountId, subscriptionId, kind, period, eventId, occurredAt, state } = signal
  const noted = await tx`
    insert into governance.risk_signals as r
      (tenant_id, account_id, subscription_id, signal_kind, period, event_id, detail, seen_at, recorded_at)
    values (${tenantId}, ${accountId}, ${subscriptionId}, ${kind}, ${period?.toISOString() ?? ''}, ${eventId},
      ${tx.json(state)}, ${occurredAt}, ${at})
    on conflict (tenant_id, account_id, signal_kind, subscription_id, period) do update
      set event_id = excluded.event_id, detail = excluded.detail, seen_at = excluded.seen_at, plan_id = null,
          cleared_at = null, cleared_by = null
      where r.cleared_at is not null`
  return noted.count > 0
}

/** The risks of an account that nobody has cleared. */
export async function standingRisks(
  reader: Reader,
  { tenantId, accountId }: { tenantId: string; accountId: string },
): Promise<RiskSignal[]> {
  return reader<RiskSignal[]>`
    select risk_signal_id, subscription_id, signal_kind, period, plan_id from governance.risk_signals
    where tenant_id = ${tenantId} and account_id = ${accountId} and cleared_at is null
    order by seen_at, risk_signal_id`
}

export async function clearRisks(
  tx: Tx,
  risks: readonly { riskSignalId: string; clearedBy: Cleared }[],
  at: Date,
): Promise<void> {
  if (risks.length === 0) return
  await tx`
    update governance.risk_signals r set cleared_at = ${at}, cleared_by = c."clearedBy"
    from jsonb_to_recordset(${tx.json(risks as never)}) as c ("riskSignalId" uuid, "clearedBy" text)
    where r.risk_signal_id = c."riskSignalId"`
}

/** What was cleared of a subscription before it ended never counts for its having stayed: of these plans, that is. */
export async function noteEnded(
  tx: Tx,
  plan: { tenantId: string; planId: string },
  subscriptionId: string,
): Promise<number> {
  const { count } = await tx`
    update governance.risk_signals set cleared_by = 'subscription_deleted'
    where tenant_id = ${plan.tenantId} and plan_id = ${plan.planId} and subscription_id = ${subscriptionId}
      and cleared_by <> 'subscription_deleted'`
  return count
}

/** All that stands on an account feeds the plan that is open now, unless it feeds one that is open already. */
export async function attachRisks(
  tx: Tx,
  plan: { tenantId: string; accountId: string; planId: string },
): Promise<void> {
  await tx`
    update governance.risk_signals r set plan_id = ${plan.planId}
    where r.tenant_id = ${plan.tenantId} and r.account_id = ${plan.accountId} and r.cleared_at is null
      and not exists (
        select from governance.revenue_plans p
        where p.tenant_id = r.tenant_id and p.plan_id = r.plan_id
          and p.plan_status in ('DRAFT', 'APPROVED', 'ACTIVE', 'PAUSED'))`
}

/** Everything that ever fed a plan, and what has become of it; null: it stands. */
export async function risksOfPlan(
  reader: Reader,
  { tenantId, planId }: { tenantId: string; planId: string },
): Promise<{ subscriptionId: string; clearedBy: Cleared | null }[]> {
  return reader<{ subscriptionId: string; clearedBy: Cleared | null }[]>`
    select subscription_id, cleared_by from governance.risk_signals
    where tenant_id = ${tenantId} and plan_id = ${planId}`
}
