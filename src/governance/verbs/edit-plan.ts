import { randomUUID } from 'node:crypto'
import type { Tx } from '../../db/types.ts'
import { planTypeOf, planTypes } from '../plan-types/plan-types.ts'
import { lockPlan } from '../repository/get-plan.ts'
import { type PutOutcome, putPlan } from '../repository/put-plan.ts'
import type { Constraints, RevenuePlan, Step } from '../revenue-plan/revenue-plan.ts'
import { type DeadlineRefused, deadlineRefused } from './deadline.ts'
import type { VerbAsked } from './verb-outcome.ts'

/** What is left out stays as it is. */
export type PlanEdit = {
  objective?: string | undefined
  expiresAt?: Date | undefined
  constraints?: Constraints | null | undefined
  /** The whole list anew: what is not named goes, and a step without an id is a new one. */
  steps?: readonly StepEdit[] | undefined
}

export type StepEdit = Omit<Step, 'stepId' | 'status'> & { stepId?: string | undefined }

export type EditOutcome =
  | PutOutcome
  | DeadlineRefused
  | { kind: 'not_found' }
  | { kind: 'unknown_step'; stepId: string }

/** Changes a draft, and nothing but a draft (R91, R107). Steps keep their ids and their status wherever they stand (R76). */
export async function editPlan(
  tx: Tx,
  asked: VerbAsked & { edit: PlanEdit; reason?: string | undefined },
): Promise<EditOutcome> {
  const { at, actor, reason, edit } = asked
  const plan = await lockPlan(tx, asked)
  if (!plan) return { kind: 'not_found' }
  if (plan.planStatus !== 'DRAFT')
    return { kind: 'refused', code: 'STORED_NOT_DRAFT', status: plan.planStatus }
  const refused = edit.expiresAt && deadlineRefused(edit.expiresAt, planTypeOf(planTypes, plan.planType), at)
  if (refused) return refused
  const strange = edit.steps?.find(
    ({ stepId }) => stepId !== undefined && !plan.steps.some((step) => step.stepId === stepId),
  )
  if (strange?.stepId) return { kind: 'unknown_step', stepId: strange.stepId }
  return putPlan(tx, edited(plan, edit), { at, actor, reason })
}

function edited(plan: RevenuePlan, edit: PlanEdit): RevenuePlan {
  const stepOf = ({ stepId = randomUUID(), ...told }: StepEdit): Step => ({
    stepId,
    status: plan.steps.find((step) => step.stepId === stepId)?.status ?? 'PENDING',
    ...told,
  })
  return {
    ...plan,
    objective: edit.objective ?? plan.objective,
    expiresAt: edit.expiresAt ?? plan.expiresAt,
    constraints: edit.constraints === undefined ? plan.constraints : edit.constraints,
    steps: edit.steps?.map(stepOf) ?? plan.steps,
  }
}
