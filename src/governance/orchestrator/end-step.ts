import type { Tx } from '../../db/types.ts'
import { appendEntries } from '../ledger/append-entries.ts'
import { transitionPlan } from '../lifecycle/transition-plan.ts'
import { captureOutcome } from '../outcomes/capture-outcome.ts'
import { planTypeOf, planTypes } from '../plan-types/plan-types.ts'
import { lockPlan } from '../repository/get-plan.ts'
import { setStepStatus } from '../repository/set-step-status.ts'
import {
  isOpen,
  keyOf,
  type PlanActor,
  type PlanKey,
  type RevenuePlan,
} from '../revenue-plan/revenue-plan.ts'
import { completePlan, orchestrator } from './end-plan.ts'
import type { ExecutionOutcome } from './executor.ts'
import { isAllDone } from './next-steps.ts'
import { tryKeyOf } from './step-executions.ts'
import { lookSoon, waitUntil } from './wait.ts'

export type StepEnd = {
  stepId: string
  attempt: number
  outcome: ExecutionOutcome
  at: Date
  /** The person who did it; left out: a machine. */
  by?: PlanActor | undefined
}

/** Milliseconds between a try that failed and the next one. */
const pauses = [60_000, 5 * 60_000, 30 * 60_000]

/**
 * Writes down how a try ended, once: what was recorded before stays. The step's status, the ledger, the outcome, and what
 * follows for the plan commit together. A plan that has ended meanwhile is left as it is.
 * @returns false when the try had ended before, or is not there
 */
export async function endStep(tx: Tx, key: PlanKey, end: StepEnd): Promise<boolean> {
  const plan = await lockPlan(tx, key)
  const actionType = await closeExecution(tx, key, end)
  if (actionType === null) return false
  const { outcome, stepId, attempt, at, by } = end
  if (outcome.kind === 'sent') {
    if (plan) await lookSoon(tx, plan)
    return true
  }
  await captureOutcome(tx, key, {
    outcomeType: outcome.kind === 'done' ? 'EXECUTION_SUCCESS' : 'EXECUTION_FAILURE',
    source: by ? 'HUMAN' : 'CONNECTOR',
    idempotencyKey: `${tryKeyOf({ stepId }, attempt)}:${outcome.kind}`,
    occurredAt: at,
    step: { stepId, actionType },
    data: outcome.kind === 'failed' ? { attempt, reason: outcome.reason } : { attempt },
  })
  if (!plan || !isOpen(plan)) return true
  await lookSoon(tx, plan)
  if (outcome.kind === 'done') await stepDone(tx, plan, end)
  else await tryFailed(tx, plan, end, outcome.reason)
  return true
}

/** @returns what kind of step it was, or null */
async function closeExecution(
  tx: Tx,
  key: PlanKey,
  { stepId, attempt, outcome, at }: StepEnd,
): Promise<string | null> {
  const { kind } = outcome
  const detail = kind !== 'failed' && outcome.detail ? tx.json(outcome.detail as never) : null
  const [row] = await tx<{ actionType: string }[]>`
    update governance.step_executions
    set state = ${kind}, detail = coalesce(${detail}, detail),
        sent_at = case when ${kind} = 'sent' then ${at}::timestamptz else sent_at end,
        ended_at = case when ${kind} <> 'sent' then ${at}::timestamptz end,
        failure = ${kind === 'failed' ? outcome.reason : null}
    where tenant_id = ${key.tenantId} and plan_id = ${key.planId} and step_id = ${stepId} and attempt = ${attempt}
      and (state = 'claimed' or state = 'sent' and ${kind} <> 'sent')
    returning action_type`
  return row?.actionType ?? null
}

async function stepDone(tx: Tx, plan: RevenuePlan, { stepId, at, by }: StepEnd): Promise<void> {
  const to = by ? 'DONE' : 'AUTO_EXECUTED'
  const moved = await setStepStatus(tx, plan, { stepId, expected: 'PENDING', to, at })
  if (!moved) return
  const data = { plan_id: plan.planId, step_id: stepId, outcome: to, actor: by ?? orchestrator }
  await appendEntries(tx, plan, at, [{ type: 'STEP_COMPLETED', data }])
  if (moved.planStatus === 'ACTIVE' && isAllDone(moved)) await completePlan(tx, moved, at)
}

async function tryFailed(tx: Tx, plan: RevenuePlan, end: StepEnd, reason: string): Promise<void> {
  const { stepId, attempt, at, by } = end
  const actor = by ?? orchestrator
  const told = { plan_id: plan.planId, step_id: stepId, attempt, actor }
  await appendEntries(tx, plan, at, [{ type: 'STEP_FAILED', data: { ...told, reason } }])
  const tries = planTypeOf(planTypes, plan.planType)?.triesPerStep ?? 1
  if (attempt < tries) {
    const until = new Date(at.getTime() + pauses[Math.min(attempt, pauses.length) - 1]!)
    return waitUntil(tx, plan, until, `Try ${attempt} of ${tries} has failed: ${reason}`)
  }
  const moved = await setStepStatus(tx, plan, { stepId, expected: 'PENDING', to: 'FAILED', at })
  if (!moved) return
  const data = { ...told, reason: 'retry_limit_exceeded' }
  await appendEntries(tx, plan, at, [{ type: 'STEP_FAILED', data }])
  if (moved.planStatus === 'ACTIVE')
    await transitionPlan(tx, {
      ...keyOf(plan),
      to: 'PAUSED',
      at,
      actor: orchestrator,
      reason: 'retry_limit_exceeded',
    })
}
