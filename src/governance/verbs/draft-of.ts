import { randomUUID } from 'node:crypto'
import type { PlanType } from '../plan-types/plan-type.ts'
import type { Constraints, RevenuePlan } from '../revenue-plan/revenue-plan.ts'
import { latestDeadline } from './deadline.ts'

/** What a new plan is to be. */
export type PlanProposed = {
  tenantId: string
  accountId: string
  planType: PlanType
  /** Left out: one is made. */
  planId?: string | undefined
  objective?: string | undefined
  constraints?: Constraints | null | undefined
  /** When the account's own dates end sooner; at most as many days ahead as the type allows. */
  expiresAt?: Date | undefined
}

/** A new draft of a type: its steps in their default order, each with an id that it keeps. Pure but for the ids. */
export function draftOf(asked: PlanProposed, at: Date): RevenuePlan {
  const { planType } = asked
  const latest = latestDeadline(planType, at)
  return {
    tenantId: asked.tenantId,
    accountId: asked.accountId,
    planId: asked.planId ?? `plan_${randomUUID()}`,
    planType: planType.planType,
    objective: asked.objective ?? planType.objective,
    planStatus: 'DRAFT',
    steps: planType.steps.map(({ actionType }, n) => ({
      stepId: randomUUID(),
      actionType,
      status: 'PENDING',
      sequence: n + 1,
    })),
    constraints: asked.constraints ?? null,
    expiresAt: asked.expiresAt && asked.expiresAt < latest ? asked.expiresAt : latest,
    createdAt: at,
    updatedAt: at,
    approvedAt: null,
    approvedBy: null,
    completedAt: null,
    abortedAt: null,
    expiredAt: null,
    completionReason: null,
    flaggedFor: null,
    flaggedAt: null,
  }
}
