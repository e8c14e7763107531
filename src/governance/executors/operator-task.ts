import type { Db } from '../../db/types.ts'
import type { Executor } from '../orchestrator/executor.ts'

/** Asks a person, by a row in the list of tasks. Called twice for one try, there is one task. */
export function operatorTask(db: Db): Executor {
  return async ({ plan, step, does, attempt, tryKey, claimedAt }) => {
    const instruction = `This step ${does}. What the plan is for: ${plan.objective}.`
    await db`
      insert into governance.operator_tasks
        (tenant_id, account_id, plan_id, step_id, attempt, idempotency_key, action_type, instruction, task_state, opened_at)
      values (${plan.tenantId}, ${plan.accountId}, ${plan.planId}, ${step.stepId}, ${attempt}, ${tryKey}, ${step.actionType},
        ${instruction}, 'open', ${claimedAt})
      on conflict (tenant_id, idempotency_key) do nothing`
    return { kind: 'sent' }
  }
}
