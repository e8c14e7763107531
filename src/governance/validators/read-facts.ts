import type { Reader } from '../../db/types.ts'
import { planTypeOf, planTypes } from '../plan-types/plan-types.ts'
import type { Evidence, ValidatorFacts } from './finding.ts'
import type { ValidatorRunAsked } from './validator-run.ts'

/**
 * What a run judges by, as it stands now. Evidence is every signal that feeds the plan and has not been cleared, and the reason
 * that a person gave for proposing or changing it.
 */
export async function readFacts(reader: Reader, asked: ValidatorRunAsked): Promise<ValidatorFacts> {
  const { plan, at, stepId } = asked
  const evidence = await reader<Evidence[]>`
    select signal_kind as kind, event_id as id, seen_at
    from governance.risk_signals
    where tenant_id = ${plan.tenantId} and plan_id = ${plan.planId} and cleared_at is null
    union all
    select 'reason', entry_id::text, recorded_at
    from governance.plan_ledger
    where tenant_id = ${plan.tenantId} and plan_id = ${plan.planId}
      and (event_type = 'PLAN_CREATED' and data -> 'trigger' ->> 'reason' is not null
           or event_type = 'PLAN_UPDATED' and data ->> 'reason' is not null)
    order by 3, 1`
  const [row] = await reader<{ snapshot: Record<string, unknown> | null; snapshotAt: Date | null }[]>`
    select snapshot, snapshot_at from governance.revenue_plans
    where tenant_id = ${plan.tenantId} and plan_id = ${plan.planId}`
  const step = plan.steps.find((one) => one.stepId === stepId)
  return {
    at,
    planType: planTypeOf(planTypes, plan.planType),
    constraints: { ...plan.constraints, ...step?.constraints },
    steps: step ? [step] : plan.steps,
    evidence,
    snapshot: row?.snapshot && row.snapshotAt ? { known: row.snapshot, at: row.snapshotAt } : null,
  }
}
