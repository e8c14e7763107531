import type { PlanType } from '../plan-types/plan-type.ts'
import type { Constraints, Step } from '../revenue-plan/revenue-plan.ts'
import type { Verdict } from './validator-run.ts'

/** What one validator says, and what it had looked at. */
export type Finding = {
  verdict: Verdict
  /** For programs; with ALLOW it is there only to say that there was nothing to judge. */
  code?: string
  message?: string
  facts?: Record<string, unknown>
}

/** Everything that a run judges by: validators look at nothing else, and at no clock. */
export type ValidatorFacts = {
  /** The one time of the run. */
  at: Date
  /** Null: a type that is not configured any more. */
  planType: PlanType | null
  /** What a plan was made for: its constraints, and over them those of the step. */
  constraints: Constraints
  /** What is to be done: one step, or all of a plan that is to be approved or to go on. */
  steps: readonly Step[]
  /** Why the plan should exist. */
  evidence: readonly Evidence[]
  /** What was last known of the account's subscription, and when that was so; null: nothing is. */
  snapshot: { known: Readonly<Record<string, unknown>>; at: Date } | null
}

/** A signal of the subscription's, or the reason that a person gave. */
export type Evidence = { kind: string; id: string | null; seenAt: Date }

/** There was nothing to judge by: no verdict against it. */
export function notApplicable(message: string): Finding {
  return { verdict: 'ALLOW', code: 'NOT_APPLICABLE', message }
}
