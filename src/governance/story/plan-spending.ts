import type { Reader } from '../../db/types.ts'
import type { CapUsage } from '../budget/budget-caps.ts'
import type { CostClass } from '../plan-types/plan-type.ts'

/** What one operation of a plan has taken from the budgets. */
export type PlanSpending = {
  operationId: string
  stepId: string | null
  tool: string
  costClass: CostClass
  verdict: 'ALLOW' | 'WARN'
  /** Every cap that applied, as it stood then. */
  caps: CapUsage[]
  reservedAt: Date
}

/** The latest first. */
export async function spendingOfPlan(
  reader: Reader,
  { tenantId, planId, limit }: { tenantId: string; planId: string; limit: number },
): Promise<PlanSpending[]> {
  return reader<PlanSpending[]>`
    select operation_id, step_id, tool, cost_class, verdict, caps, reserved_at
    from governance.budget_reservations
    where tenant_id = ${tenantId} and plan_id = ${planId}
    order by reserved_at desc, operation_id
    limit ${limit}`
}
