import type { Tx } from '../../db/types.ts'
import { reserveBudget } from '../budget/reserve-budget.ts'
import { appendEntries } from '../ledger/append-entries.ts'
import type { StepType } from '../plan-types/plan-type.ts'
import { planTypeOf, planTypes } from '../plan-types/plan-types.ts'
import type { RevenuePlan, Step } from '../revenue-plan/revenue-plan.ts'
import type { RunValidators, ValidatorPoint } from '../validators/validator-run.ts'
import type { Executors, StepTry } from './executor.ts'
import { claim, type StepExecution, stepKeyOf, tryKeyOf } from './step-executions.ts'

const hour = 3_600_000

export type StepBegun =
  | { kind: 'begun'; execution: StepExecution }
  /** Somebody says no, or nobody can do it; asked again then. */
  | { kind: 'stopped'; why: string; until: Date }

/**
 * Everything that has to be so before a step is tried, and the claim of the try, in one transaction: validators, budget, claim,
 * STEP_STARTED. Whoever dies before it commits has spent nothing.
 */
export async function beginStep(
  tx: Tx,
  asked: { plan: RevenuePlan; step: Step; attempt: number; at: Date },
  { executors, runValidators }: { executors: Executors; runValidators: RunValidators },
): Promise<StepBegun> {
  const { plan, step, attempt, at } = asked
  const stepType = stepTypeOf(plan, step)
  const executor = stepType?.executors.find((name) => executors[name])
  const later = new Date(at.getTime() + hour)
  if (!stepType || !executor)
    return { kind: 'stopped', why: `Nothing here can do ${step.actionType}.`, until: later }
  for (const point of pointsOf(stepType)) {
    const run = await runValidators(tx, { plan, point, at, stepId: step.stepId })
    if (run.verdict !== 'BLOCK') continue
    const said = run.reasons.map(({ code, message }) => `${code}: ${message}`).join(' ')
    return { kind: 'stopped', why: `${step.actionType} is blocked by a validator. ${said}`, until: later }
  }
  const budget = await reserveBudget(tx, {
    tenantId: plan.tenantId,
    accountId: plan.accountId,
    planId: plan.planId,
    stepId: step.stepId,
    tool: executor,
    costClass: stepType.costClass,
    operationId: tryKeyOf(step, attempt),
    at,
  })
  if (budget.kind !== 'reserved')
    return {
      kind: 'stopped',
      why: `${step.actionType} is blocked by the budget. ${budget.message}`,
      until: budget.kind === 'blocked' ? budget.until : later,
    }
  const execution = await claim(tx, plan, { step, attempt, executor, at })
  const data = { plan_id: plan.planId, step_id: step.stepId, action_type: step.actionType, attempt }
  await appendEntries(tx, plan, at, [{ type: 'STEP_STARTED', data }])
  return { kind: 'begun', execution }
}

/** What the executor is told of a try that has been claimed. */
export async function tryOf(tx: Tx, plan: RevenuePlan, execution: StepExecution): Promise<StepTry | null> {
  const step = plan.steps.find(({ stepId }) => stepId === execution.stepId)
  const stepType = step && stepTypeOf(plan, step)
  if (!step || !stepType) return null
  const [row] = await tx<{ snapshot: Record<string, unknown> | null }[]>`
    select snapshot from governance.revenue_plans
    where tenant_id = ${plan.tenantId} and plan_id = ${plan.planId}`
  const sent = Object.entries(row?.snapshot ?? {}).filter(([field]) => stepType.sends.includes(field))
  return {
    plan,
    step,
    does: stepType.does,
    attempt: execution.attempt,
    tryKey: execution.idempotencyKey,
    stepKey: stepKeyOf(step),
    known: Object.fromEntries(sent),
    claimedAt: execution.claimedAt,
  }
}

function stepTypeOf({ planType }: RevenuePlan, { actionType }: Step): StepType | undefined {
  return planTypeOf(planTypes, planType)?.steps.find((one) => one.actionType === actionType)
}

/** Before every step; besides before what others notice, and before what is expensive. */
function pointsOf({ reach, costClass }: StepType): ValidatorPoint[] {
  return [
    'BEFORE_STEP_EXECUTION',
    ...(reach === 'external' ? (['BEFORE_EXTERNAL_WRITEBACK'] as const) : []),
    ...(costClass === 'EXPENSIVE' ? (['BEFORE_EXPENSIVE_READ'] as const) : []),
  ]
}
