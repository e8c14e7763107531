import type { Reader } from '../../db/types.ts'
import { type PlanStatus, planStatuses } from '../revenue-plan/revenue-plan.ts'

/** How many of a tenant's plans have each status. */
export async function countPlans(reader: Reader, tenantId: string): Promise<Record<PlanStatus, number>> {
  const rows = await reader<{ planStatus: PlanStatus; plans: number }[]>`
    select plan_status, count(*)::int as plans from governance.revenue_plans
    where tenant_id = ${tenantId} group by plan_status`
  const counts = new Map(rows.map(({ planStatus, plans }) => [planStatus, plans]))
  return Object.fromEntries(planStatuses.map((status) => [status, counts.get(status) ?? 0])) as Record<
    PlanStatus,
    number
  >
}
