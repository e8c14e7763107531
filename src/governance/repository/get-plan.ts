import type { Reader, Tx } from '../../db/types.ts'
import type { RevenuePlan } from '../revenue-plan/revenue-plan.ts'
import { type StepV1, stepOf } from '../revenue-plan/revenue-plan-v1.ts'

/** A row of governance.revenue_plans as the driver gives it: camelCase, but for what is inside jsonb. */
export type PlanRow = Omit<RevenuePlan, 'steps'> & { steps: StepV1[] }

export function planOfRow(row: PlanRow): RevenuePlan {
  return { ...row, steps: row.steps.map(stepOf) }
}

/** One of a tenant's plans, or null; another tenant's is null (R96), and so is one of another account if one is named. */
export async function getPlan(
  reader: Reader,
  wanted: { tenantId: string; accountId?: string | undefined; planId: string },
): Promise<RevenuePlan | null> {
  const { tenantId, accountId = null, planId } = wanted
  const [row] = await reader<PlanRow[]>`
    select ${planColumns(reader)} from governance.revenue_plans
    where tenant_id = ${tenantId} and plan_id = ${planId}
      and (${accountId}::uuid is null or account_id = ${accountId}::uuid)`
  return row ? planOfRow(row) : null
}

/** The same, and nobody changes it until the transaction ends. */
export async function lockPlan(
  tx: Tx,
  wanted: { tenantId: string; accountId?: string | undefined; planId: string },
): Promise<RevenuePlan | null> {
  const { tenantId, accountId = null, planId } = wanted
  const [row] = await tx<PlanRow[]>`
    select ${planColumns(tx)} from governance.revenue_plans
    where tenant_id = ${tenantId} and plan_id = ${planId}
      and (${accountId}::uuid is null or account_id = ${accountId}::uuid)
    for update`
  return row ? planOfRow(row) : null
}

/** What every reading of a plan takes of its row. */
export function planColumns(reader: Reader) {
  return reader`
    tenant_id, plan_id, plan_type, account_id, objective, plan_status, steps, constraints, expires_at, created_at, updated_at,
    approved_at, approved_by, completed_at, aborted_at, expired_at, completion_reason, flagged_for, flagged_at`
}
