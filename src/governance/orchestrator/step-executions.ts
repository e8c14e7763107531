import type { Reader, Tx } from '../../db/types.ts'
import type { PlanKey, Step } from '../revenue-plan/revenue-plan.ts'

/** One try of a step, as it stands. */
export type StepExecution = {
  stepId: string
  attempt: number
  actionType: string
  executor: string
  idempotencyKey: string
  state: 'claimed' | 'sent' | 'done' | 'failed'
  claimedAt: Date
  claimedUntil: Date
}

/** A try that has not ended: somebody is at it, or will say how it ended. */
export function isInFlight({ state }: Pick<StepExecution, 'state'>): boolean {
  return state === 'claimed' || state === 'sent'
}

/** Every try of a plan's steps, the first first. */
export async function executionsOf(reader: Reader, plan: PlanKey): Promise<StepExecution[]> {
  return reader<StepExecution[]>`
    select step_id, attempt, action_type, executor, idempotency_key, state, claimed_at, claimed_until
    from governance.step_executions
    where tenant_id = ${plan.tenantId} and plan_id = ${plan.planId}
    order by claimed_at, attempt`
}

/** Milliseconds after which a claim counts as left lying: longer than any call takes. */
const CLAIM_MS = 2 * 60_000

/** Takes a try of a step. The database takes no second one of the same number, nor one beside another in flight. */
export async function claim(
  tx: Tx,
  plan: PlanKey,
  { step, attempt, executor, at }: { step: Step; attempt: number; executor: string; at: Date },
): Promise<StepExecution> {
  const [row] = await tx<StepExecution[]>`
    insert into governance.step_executions
      (tenant_id, account_id, plan_id, step_id, attempt, action_type, executor, idempotency_key, state, claimed_at, claimed_until)
    values (${plan.tenantId}, ${plan.accountId}, ${plan.planId}, ${step.stepId}, ${attempt}, ${step.actionType}, ${executor},
      ${tryKeyOf(step, attempt)}, 'claimed', ${at}, ${claimedUntil(at)})
    returning step_id, attempt, action_type, executor, idempotency_key, state, claimed_at, claimed_until`
  return row!
}

/** Takes up a claim that was left lying. It stays the same try, with the same keys. */
export async function claimAgain(
  tx: Tx,
  plan: PlanKey,
  { stepId, attempt }: StepExecution,
  at: Date,
): Promise<boolean> {
  const { count } = await tx`
    update governance.step_executions set claimed_until = ${claimedUntil(at)}
    where tenant_id = ${plan.tenantId} and plan_id = ${plan.planId} and step_id = ${stepId} and attempt = ${attempt}
      and state = 'claimed' and claimed_until <= ${at}`
  return count > 0
}

export function claimedUntil(at: Date): Date {
  return new Date(at.getTime() + CLAIM_MS)
}

/** The same for every try of a step. */
export function stepKeyOf({ stepId }: Pick<Step, 'stepId'>): string {
  return `step_${stepId}`
}

/** Of one try: what it does, spends and comes to is known by it, so that told again it is the same. */
export function tryKeyOf(step: Pick<Step, 'stepId'>, attempt: number): string {
  return `${stepKeyOf(step)}_${attempt}`
}
