/** Every status of a revenue plan (R74), in the order in which one goes through them. */
export const planStatuses = [
  'DRAFT',
  'APPROVED',
  'ACTIVE',
  'PAUSED',
  'COMPLETED',
  'ABORTED',
  'EXPIRED',
] as const
export type PlanStatus = (typeof planStatuses)[number]

/** R75. `PENDING_APPROVAL` waits for a person; `AUTO_EXECUTED`, `DONE` and `SKIPPED` let go on what depends on the step. */
export const stepStatuses = [
  'PENDING',
  'PENDING_APPROVAL',
  'AUTO_EXECUTED',
  'DONE',
  'SKIPPED',
  'FAILED',
] as const
export type StepStatus = (typeof stepStatuses)[number]

export const completionReasons = ['objective_met', 'all_steps_done'] as const
export type CompletionReason = (typeof completionReasons)[number]

/** Why a draft asks for a person's eye: it is neither approved nor thrown away by itself. */
export type PlanFlag = 'risk_cleared' | 'subscription_deleted' | 'account_transferred'

/** Flat, so that it can be read at a glance and compared; what a name means is told by the validators. */
export type Constraints = Record<string, string | number | boolean | null | string[]>

/** One thing to do. How often it was tried is told by its executions and never here (R77). */
export type Step = {
  /** A UUID, made while the plan is a draft; never another one (R76). */
  stepId: string
  actionType: string
  status: StepStatus
  /** For display alone: what decides is `dependencies`, then the place in the list. */
  sequence?: number
  /** Ids of steps that have to be DONE, AUTO_EXECUTED or SKIPPED first. */
  dependencies?: string[]
  constraints?: Constraints
}

/** Governed work to keep one account. `plan` in this folder's names is always a revenue plan. */
export type RevenuePlan = {
  tenantId: string
  /** Unique in its tenant. A text, since people and scripts name plans too (D8). */
  planId: string
  planType: string
  accountId: string
  objective: string
  planStatus: PlanStatus
  steps: Step[]
  constraints: Constraints | null
  expiresAt: Date
  createdAt: Date
  updatedAt: Date
  approvedAt: Date | null
  approvedBy: string | null
  completedAt: Date | null
  abortedAt: Date | null
  expiredAt: Date | null
  completionReason: CompletionReason | null
  flaggedFor: PlanFlag | null
  flaggedAt: Date | null
}

/** Which plan: nothing in this folder is ever asked for without its tenant. */
export type PlanKey = { tenantId: string; accountId: string; planId: string }

export function keyOf({ tenantId, accountId, planId }: PlanKey): PlanKey {
  return { tenantId, accountId, planId }
}

/** Who did it, as the ledger will say for ever. `operator`: a person with a key; else a part of Stepladder. */
export type PlanActor = { type: 'operator' | 'orchestrator' | 'signal'; id?: string; name?: string }

/** A plan that has not ended. At most one of a type stands on an account. */
export function isOpen({ planStatus }: Pick<RevenuePlan, 'planStatus'>): boolean {
  return planStatus !== 'COMPLETED' && planStatus !== 'ABORTED' && planStatus !== 'EXPIRED'
}

/** A step that lets go on what depends on it. */
export function isOver({ status }: Pick<Step, 'status'>): boolean {
  return status === 'DONE' || status === 'AUTO_EXECUTED' || status === 'SKIPPED'
}

/** A draft whose deadline has passed: it cannot be approved, and the next signal gives it another date (D2). */
export function isStale({ planStatus, expiresAt }: RevenuePlan, at: Date): boolean {
  return planStatus === 'DRAFT' && expiresAt <= at
}
