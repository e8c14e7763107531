import { randomUUID } from 'node:crypto'
import type { Db, Reader } from '../../../src/db/types.ts'
import { operatorTask } from '../../../src/governance/executors/operator-task.ts'
import type { OrchestratorParts } from '../../../src/governance/orchestrator/advance-plan.ts'
import type { Executor } from '../../../src/governance/orchestrator/executor.ts'
import type { RevenuePlan } from '../../../src/governance/revenue-plan/revenue-plan.ts'
import { runValidators } from '../../../src/governance/validators/run-validators.ts'
import { noon } from '../plan-fixture.ts'

/** A signal that feeds a plan, so that it is grounded. */
export async function aSignal(app: Reader, plan: RevenuePlan, seenAt = noon, signalKind = 'past_due') {
  await app`
    insert into governance.risk_signals (tenant_id, account_id, subscription_id, signal_kind, period, event_id, seen_at, plan_id)
    values (${plan.tenantId}, ${plan.accountId}, ${randomUUID()}, ${signalKind}, '2027-03', 'evt_1', ${seenAt}, ${plan.planId})`
}

/** The executors that ship, the webhook's other side being a list of what it was told. */
export function parts(
  app: Db,
  more: Partial<OrchestratorParts> & { at?: () => Date; webhook?: Executor } = {},
): OrchestratorParts & { sent: string[] } {
  const sent: string[] = []
  const webhook: Executor = async ({ stepKey }) => {
    sent.push(stepKey)
    return { kind: 'done' }
  }
  return {
    executors: { 'operator-task': operatorTask(app), 'outbound-webhook': more.webhook ?? webhook },
    runValidators,
    now: more.at ?? (() => noon),
    signal: new AbortController().signal,
    ...more,
    sent,
  }
}

export async function openTasks(sql: Reader, { planId }: Pick<RevenuePlan, 'planId'>) {
  return sql<{ taskId: string; actionType: string; attempt: number; taskState: string }[]>`
    select task_id, action_type, attempt, task_state from governance.operator_tasks where plan_id = ${planId}
    order by opened_at, attempt`
}
