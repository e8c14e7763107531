import type { Tx } from '../../db/types.ts'
import { appendEntries } from '../ledger/append-entries.ts'
import type { PlanActor, PlanFlag, RevenuePlan } from '../revenue-plan/revenue-plan.ts'

/**
 * Asks a person to look at a draft, or no longer (null). The caller holds the plan. No reason goes into the entry: a reason is
 * what people give, and would be taken for evidence.
 */
export async function flagDraft(
  tx: Tx,
  plan: RevenuePlan,
  { flag, at, actor }: { flag: PlanFlag | null; at: Date; actor: PlanActor },
): Promise<void> {
  if (plan.flaggedFor === flag) return
  await tx`
    update governance.revenue_plans
    set flagged_for = ${flag}, flagged_at = ${flag && at}, updated_at = greatest(updated_at, ${at}::timestamptz)
    where tenant_id = ${plan.tenantId} and plan_id = ${plan.planId} and plan_status = 'DRAFT'`
  const data = { plan_id: plan.planId, changed_fields: ['flagged_for'], actor }
  await appendEntries(tx, plan, at, [{ type: 'PLAN_UPDATED', data }])
}

/**
 * Keeps what is known of the subscription that a plan is about: the one of which it knew first, since two subscriptions of an
 * account do not contradict each other. Nothing that is older takes the place of what is newer.
 */
export async function refreshSnapshot(
  tx: Tx,
  plan: { tenantId: string; planId: string },
  snapshot: { subscription: string; known: Record<string, unknown>; at: Date },
): Promise<void> {
  const { subscription, known, at } = snapshot
  await tx`
    update governance.revenue_plans set snapshot = ${tx.json({ ...known, subscription } as never)}, snapshot_at = ${at}
    where tenant_id = ${plan.tenantId} and plan_id = ${plan.planId}
      and (snapshot is null or snapshot ->> 'subscription' = ${subscription} and snapshot_at <= ${at})`
}
