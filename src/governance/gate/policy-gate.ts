import { risks } from '../plan-types/plan-type.ts'
import { type PlanTypes, planTypeOf, planTypes } from '../plan-types/plan-types.ts'
import type { RevenuePlan } from '../revenue-plan/revenue-plan.ts'
import { stepOrderFaults } from './step-order.ts'

/**
 * The policy gate: may this plan be approved, may it become active? A pure function of what it is told (R87): it asks no
 * database and no clock, so the same question has the same answer, reason by reason (R88).
 */
export type BlockCode =
  | 'INVALID_PLAN_TYPE'
  | 'STEP_ORDER_VIOLATION'
  | 'RISK_ELEVATED'
  | 'HUMAN_TOUCH_REQUIRED'
  | 'CONFLICT_ACTIVE_PLAN'
  | 'PRECONDITIONS_UNMET'
export type Blocker = { code: BlockCode; message: string }

export type Approval = {
  /** Whoever approves may answer for a plan of high risk (D26). */
  highRiskAuthority: boolean
  /** A person approves, and not a rule by itself. */
  byPerson: boolean
}

/** R85. A plan is as risky as its riskiest step. */
export function validateForApproval(
  plan: RevenuePlan,
  approval: Approval,
  types: PlanTypes = planTypes,
): { valid: boolean; reasons: Blocker[] } {
  const known = planTypeOf(types, plan.planType)
  const steps = plan.steps.flatMap(
    ({ actionType }) => known?.steps.find((step) => step.actionType === actionType) ?? [],
  )
  const risk = risks[Math.max(0, ...steps.map((step) => risks.indexOf(step.risk)))]!
  const human = steps.filter(({ humanTouch }) => humanTouch).map(({ actionType }) => actionType)
  const reasons: Blocker[] = [
    ...typeFaults(plan, types),
    ...stepOrderFaults(plan.steps).map((message) => ({ code: 'STEP_ORDER_VIOLATION', message }) as const),
  ]
  if (risk === 'HIGH' && !approval.highRiskAuthority) {
    const high = steps.filter((step) => step.risk === risk).map(({ actionType }) => actionType)
    reasons.push({
      code: 'RISK_ELEVATED',
      message: `The plan is of high risk because of ${high.join(', ')}: a plan approver has to approve it.`,
    })
  }
  if (human.length > 0 && !approval.byPerson) {
    reasons.push({
      code: 'HUMAN_TOUCH_REQUIRED',
      message: `${human.join(', ')} needs a person's hand: a person has to approve the plan.`,
    })
  }
  return { valid: reasons.length === 0, reasons }
}

export type ActivationFacts = {
  /** Every ACTIVE plan of this account and type; the plan itself may be among them. */
  activePlanIds: readonly string[]
  /** Left out: not known to be met, which blocks (R87). */
  preconditionsMet?: boolean
  /** Why they are not met, as sentences. */
  unmet?: readonly string[]
}

/** R86, for the way from APPROVED and from PAUSED. */
export function evaluateCanActivate(
  plan: RevenuePlan,
  facts: ActivationFacts,
  types: PlanTypes = planTypes,
): { canActivate: boolean; reasons: Blocker[] } {
  const others = facts.activePlanIds.filter((planId) => planId !== plan.planId)
  const reasons: Blocker[] = typeFaults(plan, types)
  if (others.length > 0) {
    reasons.push({
      code: 'CONFLICT_ACTIVE_PLAN',
      message: `${others.join(', ')} is active on this account, and of the same type.`,
    })
  }
  if (facts.preconditionsMet !== true) {
    const unmet = facts.unmet?.length ? facts.unmet : ['It is not known whether the preconditions are met.']
    reasons.push(...unmet.map((message) => ({ code: 'PRECONDITIONS_UNMET', message }) as const))
  }
  return { canActivate: reasons.length === 0, reasons }
}

function typeFaults(plan: RevenuePlan, types: PlanTypes): Blocker[] {
  const code = 'INVALID_PLAN_TYPE'
  const known = planTypeOf(types, plan.planType)
  if (!known) return [{ code, message: `${plan.planType} is no type of plan that is configured here.` }]
  const strange = plan.steps.filter(
    ({ actionType }) => !known.steps.some((step) => step.actionType === actionType),
  )
  return [...new Set(strange.map(({ actionType }) => actionType))].map((actionType) => ({
    code,
    message: `${actionType} is no step of a plan of type ${plan.planType}.`,
  }))
}
