import type { Tx } from '../../db/types.ts'
import type { RevenuePlan } from '../revenue-plan/revenue-plan.ts'

/** The moments at which validators are asked. */
export const validatorPoints = [
  'BEFORE_PLAN_APPROVAL',
  'BEFORE_STEP_EXECUTION',
  'BEFORE_EXTERNAL_WRITEBACK',
  'BEFORE_EXPENSIVE_READ',
] as const
export type ValidatorPoint = (typeof validatorPoints)[number]

/** In the order in which they run; none is left out. */
export const validatorNames = ['freshness', 'grounding', 'contradiction', 'compliance'] as const
export type ValidatorName = (typeof validatorNames)[number]

/** WARN is written down and changes nothing that follows. */
export const verdicts = ['ALLOW', 'WARN', 'BLOCK'] as const
export type Verdict = (typeof verdicts)[number]

export type ValidatorRunAsked = {
  plan: RevenuePlan
  point: ValidatorPoint
  /** The one time by which the whole run judges. */
  at: Date
  /** The step before which it is asked; left out for the plan as a whole. */
  stepId?: string
}

/** `reasons` are those of every validator that warned or blocked, in their order. */
export type ValidatorRun = {
  runId: string
  verdict: Verdict
  reasons: { code: string; message: string }[]
}

/**
 * Asks every validator and writes what each said into the ledger, in the caller's transaction: a blocked run is committed
 * too, without what it has blocked. Never rejects because a validator says no.
 */
export type RunValidators = (tx: Tx, asked: ValidatorRunAsked) => Promise<ValidatorRun>
