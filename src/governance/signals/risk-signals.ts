import type { Reader, Tx } from '../../db/types.ts'
import type { RiskSignal } from './decide-plan.ts'

export type RiskOfAccount = RiskSignal & { tenantId: string; accountId: string }

/** Everything that was ever seen of accounts, by the time at which it was seen last. */
export async function risksOfAccounts(
  reader: Reader,
  accounts: readonly { tenantId: string; accountId: string }[],
): Promise<RiskOfAccount[]> {
  return reader<RiskOfAccount[]>`
    select r.tenant_id, r.account_id, r.subscription_id, r.signal_kind, r.period, r.event_id, r.detail, r.seen_at, r.plan_id,
           r.cleared_at, r.cleared_by
    from unnest(${accounts.map(({ tenantId }) => tenantId)}::uuid[], ${accounts.map(({ accountId }) => accountId)}::uuid[])
      as a (tenant_id, account_id)
    join governance.risk_signals r on r.tenant_id = a.tenant_id and r.account_id = a.account_id
    order by r.seen_at, r.risk_signal_id`
}

/**
 * Writes risks as they stand, new ones and others. A plan that somebody has just proposed and that a risk feeds since then is
 * not forgotten for it.
 */
export async function putRisks(tx: Tx, risks: readonly RiskOfAccount[], at: Date): Promise<void> {
  await tx`
    insert into governance.risk_signals as r
      (tenant_id, account_id, subscription_id, signal_kind, period, event_id, detail, seen_at, recorded_at, plan_id,
       cleared_at, cleared_by)
    select w."tenantId", w."accountId", w."subscriptionId", w."signalKind", w.period, w."eventId", w.detail, w."seenAt", ${at},
           w."planId", w."clearedAt", w."clearedBy"
    from jsonb_to_recordset(${tx.json(risks as never)}) as w (
      "tenantId" uuid, "accountId" uuid, "subscriptionId" uuid, "signalKind" text, period text, "eventId" text, detail jsonb,
      "seenAt" timestamptz, "planId" text, "clearedAt" timestamptz, "clearedBy" text)
    on conflict (tenant_id, account_id, signal_kind, subscription_id, period) do update
      set event_id = excluded.event_id, detail = excluded.detail, seen_at = excluded.seen_at,
          plan_id = coalesce(excluded.plan_id, r.plan_id), cleared_at = excluded.cleared_at, cleared_by = excluded.cleared_by`
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
