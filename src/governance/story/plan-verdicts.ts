import type { Reader } from '../../db/types.ts'
import type { ValidatorName, ValidatorPoint, Verdict } from '../validators/validator-run.ts'

/** What one validator said in one run. */
export type PlanVerdict = {
  runId: string
  validator: ValidatorName
  stepId: string | null
  point: ValidatorPoint
  verdict: Verdict
  reasonCode: string | null
  message: string | null
  evaluatedAt: Date
}

/** What validators said of a plan and its steps: the latest run first, and within a run in their order. */
export async function verdictsOfPlan(
  reader: Reader,
  { tenantId, planId, limit }: { tenantId: string; planId: string; limit: number },
): Promise<PlanVerdict[]> {
  return reader<PlanVerdict[]>`
    select run_id, validator, step_id, point, verdict, reason_code, message, evaluated_at
    from governance.validator_runs
    where tenant_id = ${tenantId} and plan_id = ${planId}
    order by evaluated_at desc, run_id,
             array_position(array['freshness', 'grounding', 'contradiction', 'compliance'], validator)
    limit ${limit}`
}
