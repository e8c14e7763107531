import { z } from 'zod'
import { completionReasons, planStatuses, type RevenuePlan, type Step, stepStatuses } from './revenue-plan.ts'

/**
 * The one place where plans change their shape: snake_case on the wire and inside jsonb (R78), camelCase in code. Both schemas
 * are strict, so a counter of tries, or anything else that does not belong into a plan, is refused (R77).
 */
export const constraintsV1 = z.record(
  z.string(),
  z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())]),
)

export const stepV1 = z.strictObject({
  step_id: z.uuid(),
  action_type: z.string().min(1),
  status: z.enum(stepStatuses),
  sequence: z.int().optional(),
  dependencies: z.array(z.uuid()).optional(),
  constraints: constraintsV1.optional(),
})
export type StepV1 = z.infer<typeof stepV1>

const time = z.iso.datetime({ offset: true })

export const revenuePlanV1 = z.strictObject({
  plan_id: z.string().min(1),
  plan_type: z.string().min(1),
  account_id: z.uuid(),
  tenant_id: z.uuid(),
  objective: z.string().min(1),
  plan_status: z.enum(planStatuses),
  steps: z.array(stepV1),
  constraints: constraintsV1.optional(),
  expires_at: time,
  created_at: time,
  updated_at: time,
  approved_at: time.optional(),
  approved_by: z.string().optional(),
  completed_at: time.optional(),
  aborted_at: time.optional(),
  expired_at: time.optional(),
  completion_reason: z.enum(completionReasons).optional(),
})
export type RevenuePlanV1 = z.infer<typeof revenuePlanV1>

/** As it goes out. What has not happened is left out and not null. */
export function revenuePlanV1Of(plan: RevenuePlan): RevenuePlanV1 {
  return {
    plan_id: plan.planId,
    plan_type: plan.planType,
    account_id: plan.accountId,
    tenant_id: plan.tenantId,
    objective: plan.objective,
    plan_status: plan.planStatus,
    steps: plan.steps.map(stepV1Of),
    ...(plan.constraints && { constraints: plan.constraints }),
    expires_at: plan.expiresAt.toISOString(),
    created_at: plan.createdAt.toISOString(),
    updated_at: plan.updatedAt.toISOString(),
    ...(plan.approvedAt && { approved_at: plan.approvedAt.toISOString() }),
    ...(plan.approvedBy && { approved_by: plan.approvedBy }),
    ...(plan.completedAt && { completed_at: plan.completedAt.toISOString() }),
    ...(plan.abortedAt && { aborted_at: plan.abortedAt.toISOString() }),
    ...(plan.expiredAt && { expired_at: plan.expiredAt.toISOString() }),
    ...(plan.completionReason && { completion_reason: plan.completionReason }),
  }
}

/** @throws ZodError for what is no RevenuePlanV1 */
export function revenuePlanOf(told: unknown): RevenuePlan {
  const plan = revenuePlanV1.parse(told)
  const when = (text: string | undefined) => (text === undefined ? null : new Date(text))
  return {
    planId: plan.plan_id,
    planType: plan.plan_type,
    accountId: plan.account_id,
    tenantId: plan.tenant_id,
    objective: plan.objective,
    planStatus: plan.plan_status,
    steps: plan.steps.map(stepOf),
    constraints: plan.constraints ?? null,
    expiresAt: new Date(plan.expires_at),
    createdAt: new Date(plan.created_at),
    updatedAt: new Date(plan.updated_at),
    approvedAt: when(plan.approved_at),
    approvedBy: plan.approved_by ?? null,
    completedAt: when(plan.completed_at),
    abortedAt: when(plan.aborted_at),
    expiredAt: when(plan.expired_at),
    completionReason: plan.completion_reason ?? null,
    flaggedFor: null,
    flaggedAt: null,
  }
}

export function stepV1Of(step: Step): StepV1 {
  return {
    step_id: step.stepId,
    action_type: step.actionType,
    status: step.status,
    ...(step.sequence !== undefined && { sequence: step.sequence }),
    ...(step.dependencies && { dependencies: step.dependencies }),
    ...(step.constraints && { constraints: step.constraints }),
  }
}

export function stepOf(told: StepV1): Step {
  return {
    stepId: told.step_id,
    actionType: told.action_type,
    status: told.status,
    ...(told.sequence !== undefined && { sequence: told.sequence }),
    ...(told.dependencies && { dependencies: told.dependencies }),
    ...(told.constraints && { constraints: told.constraints }),
  }
}
