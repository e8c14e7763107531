import type { TransitionOutcome } from '../lifecycle/transition-plan.ts'
import type { PlanActor, PlanStatus, RevenuePlan } from '../revenue-plan/revenue-plan.ts'

/** Why something was refused; of several, all are told. */
export type Reason = { code: string; message: string }

/** What came of a verb about one plan. Nothing but `done` has changed the plan. */
export type VerbOutcome =
  | { kind: 'done'; plan: RevenuePlan }
  /** It is not there, or another tenant's or account's: nobody is told which. */
  | { kind: 'not_found' }
  /** The plan's status does not go with the verb. */
  | { kind: 'wrong_status'; status: PlanStatus; message: string }
  /** The gate, or a validator, says no. */
  | { kind: 'blocked'; by: 'gate' | 'validator'; reasons: Reason[] }
  /** Somebody else was quicker; null: the plan is gone. */
  | { kind: 'lost_race'; status: PlanStatus | null }

/** Which plan, when, and who asks. Without `accountId` whichever account of the tenant it is on. */
export type VerbAsked = {
  tenantId: string
  accountId?: string | undefined
  planId: string
  at: Date
  actor: PlanActor
}

/** The lifecycle's answer as a verb's. */
export function verbOutcome(plan: RevenuePlan, moved: TransitionOutcome): VerbOutcome {
  if (moved.kind === 'done') return { kind: 'done', plan: moved.plan }
  if (moved.kind === 'lost_race') return moved
  return { kind: 'wrong_status', status: plan.planStatus, message: moved.message }
}
