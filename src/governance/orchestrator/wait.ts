import type { Tx } from '../../db/types.ts'
import type { PlanKey } from '../revenue-plan/revenue-plan.ts'

/** Leaves a plan alone until then; why is shown to people. Nothing but the orchestrator goes by it. */
export async function waitUntil(tx: Tx, plan: PlanKey, until: Date, waitsFor: string): Promise<void> {
  await tx`
    update governance.revenue_plans set look_at = ${until}, waits_for = ${waitsFor}
    where tenant_id = ${plan.tenantId} and plan_id = ${plan.planId}`
}

/** Has a plan looked at in the next run. */
export async function lookSoon(tx: Tx, plan: PlanKey): Promise<void> {
  await tx`
    update governance.revenue_plans set look_at = null, waits_for = null
    where tenant_id = ${plan.tenantId} and plan_id = ${plan.planId} and look_at is not null`
}
