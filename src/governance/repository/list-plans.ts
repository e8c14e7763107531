import type { Reader } from '../../db/types.ts'
import type { PlanStatus, RevenuePlan } from '../revenue-plan/revenue-plan.ts'
import { type PlanRow, planColumns, planOfRow } from './get-plan.ts'

export type PlansWanted = {
  tenantId: string
  status?: PlanStatus | undefined
  accountId?: string | undefined
  planType?: string | undefined
  /** The last plan of the page before. */
  after?: Pick<RevenuePlan, 'updatedAt' | 'planId'> | null
  limit: number
}

/** A tenant's plans, what changed last first (R99): by status, by account, or both. */
export async function listPlans(reader: Reader, wanted: PlansWanted): Promise<RevenuePlan[]> {
  const { tenantId, status = null, accountId = null, planType = null, after = null, limit } = wanted
  const rows = await reader<PlanRow[]>`
    select ${planColumns(reader)} from governance.revenue_plans
    where tenant_id = ${tenantId}
      and (${status}::text is null or plan_status = ${status})
      and (${accountId}::uuid is null or account_id = ${accountId}::uuid)
      and (${planType}::text is null or plan_type = ${planType})
      and (${after === null} or (updated_at, plan_id) <
           (${after?.updatedAt ?? null}::timestamptz, ${after?.planId ?? null}::text))
    order by updated_at desc, plan_id desc
    limit ${limit}`
  return rows.map(planOfRow)
}

/** Whether a plan of a type is ACTIVE on an account, and which (R99): there is one at most. */
export async function existsActivePlanForAccountAndType(
  reader: Reader,
  wanted: { tenantId: string; accountId: string; planType: string },
): Promise<{ exists: boolean; planId?: string }> {
  const [row] = await reader<{ planId: string }[]>`
    select plan_id from governance.revenue_plans
    where tenant_id = ${wanted.tenantId} and account_id = ${wanted.accountId} and plan_type = ${wanted.planType}
      and plan_status = 'ACTIVE'`
  return row ? { exists: true, planId: row.planId } : { exists: false }
}

/** The one plan of a type that has not ended on an account, a stale draft included; null: there is none. */
export async function openPlan(
  reader: Reader,
  wanted: { tenantId: string; accountId: string; planType: string },
): Promise<RevenuePlan | null> {
  const [row] = await reader<PlanRow[]>`
    select ${planColumns(reader)} from governance.revenue_plans
    where tenant_id = ${wanted.tenantId} and account_id = ${wanted.accountId} and plan_type = ${wanted.planType}
      and plan_status in ('DRAFT', 'APPROVED', 'ACTIVE', 'PAUSED')`
  return row ? planOfRow(row) : null
}
