import type { Tx } from '../../db/types.ts'
import type { CompletionReason, PlanKey, PlanStatus, RevenuePlan } from '../revenue-plan/revenue-plan.ts'
import { type PlanRow, planColumns, planOfRow } from './get-plan.ts'

export type StatusWritten = PlanKey & {
  /** The status on which the decision stands. */
  expected: PlanStatus
  to: PlanStatus
  at: Date
  /** Kept when the plan becomes APPROVED. */
  approvedBy: string | null
  /** Kept when it becomes COMPLETED. */
  completionReason: CompletionReason | null
}

/**
 * Writes a status and the timestamp that belongs to it, if the plan still has the expected one (R98); null: it has not.
 * Whether the way is allowed is the lifecycle's to say: `transitionPlan` is the one caller.
 */
export async function updatePlanStatus(tx: Tx, wanted: StatusWritten): Promise<RevenuePlan | null> {
  const { tenantId, accountId, planId, expected, to, at, approvedBy, completionReason } = wanted
  const [row] = await tx<PlanRow[]>`
    update governance.revenue_plans
    set plan_status = ${to},
        -- A clock may go back; the order of a plan's changes does not.
        updated_at = greatest(updated_at, ${at}::timestamptz),
        -- It waited for something in its old status; in the new one it is looked at anew.
        look_at = null, waits_for = null,
        approved_at = case when ${to} = 'APPROVED' then ${at}::timestamptz else approved_at end,
        approved_by = case when ${to} = 'APPROVED' then ${approvedBy} else approved_by end,
        completed_at = case when ${to} = 'COMPLETED' then ${at}::timestamptz end,
        completion_reason = case when ${to} = 'COMPLETED' then ${completionReason} end,
        aborted_at = case when ${to} = 'ABORTED' then ${at}::timestamptz end,
        expired_at = case when ${to} = 'EXPIRED' then ${at}::timestamptz end
    where tenant_id = ${tenantId} and account_id = ${accountId} and plan_id = ${planId} and plan_status = ${expected}
    returning ${planColumns(tx)}`
  return row ? planOfRow(row) : null
}
