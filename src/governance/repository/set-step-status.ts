import type { Tx } from '../../db/types.ts'
import type { PlanKey, RevenuePlan, StepStatus } from '../revenue-plan/revenue-plan.ts'
import { type PlanRow, planColumns, planOfRow } from './get-plan.ts'

/**
 * Writes a step's status if the plan is ACTIVE or PAUSED (what is in flight may come back while it rests) and the step still
 * has the expected one; null: it has not. The ledger entry that goes with it is the caller's, in the same transaction (R93).
 */
export async function setStepStatus(
  tx: Tx,
  key: PlanKey,
  step: { stepId: string; expected: StepStatus; to: StepStatus; at: Date },
): Promise<RevenuePlan | null> {
  const { stepId, expected, to, at } = step
  const [row] = await tx<PlanRow[]>`
    update governance.revenue_plans
    set steps = (
          select jsonb_agg(case when s.step ->> 'step_id' = ${stepId} then s.step || jsonb_build_object('status', ${to}::text)
                                else s.step end order by s.n)
          from jsonb_array_elements(steps) with ordinality as s (step, n)),
        updated_at = greatest(updated_at, ${at}::timestamptz)
    where tenant_id = ${key.tenantId} and account_id = ${key.accountId} and plan_id = ${key.planId}
      and plan_status in ('ACTIVE', 'PAUSED')
      and steps @> jsonb_build_array(jsonb_build_object('step_id', ${stepId}::text, 'status', ${expected}::text))
    returning ${planColumns(tx)}`
  return row ? planOfRow(row) : null
}
