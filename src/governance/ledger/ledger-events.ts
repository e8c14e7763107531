import { z } from 'zod'
import { costClasses } from '../plan-types/plan-type.ts'
import { completionReasons } from '../revenue-plan/revenue-plan.ts'
import { validatorNames, validatorPoints, verdicts } from '../validators/validator-run.ts'

/**
 * What each kind of ledger entry carries (R89, R92). The data is a document: it is written and shown as it stands here,
 * in snake_case, and every one is checked when it is written. Strict, so that nothing slips in unseen.
 */
const text = z.string().min(1)
const time = z.iso.datetime()
const plan_id = text
const step_id = z.uuid()
const actor = z
  .strictObject({
    type: z.enum(['operator', 'orchestrator', 'signal']),
    id: text.optional(),
    name: text.optional(),
  })
  .optional()
const reasons = z.array(z.strictObject({ code: text, message: text }))
/** What a plan exists for: an event of Stripe's, or somebody who asked. */
const trigger = z.strictObject({ kind: text, id: text.optional(), reason: text.optional() })
const cap = z.strictObject({
  scope: text,
  scope_id: text,
  period: z.enum(['DAY', 'MONTH']),
  hard_cap: z.int().nullable(),
  soft_cap: z.int().nullable(),
  usage_before: z.int(),
  usage_after: z.int(),
})
const budget = {
  plan_id,
  operation_id: text,
  tool: text,
  cost_class: z.enum(costClasses),
  step_id: step_id.optional(),
  caps: z.array(cap),
}

export const ledgerData = {
  PLAN_CREATED: z.strictObject({
    plan_id,
    plan_type: text,
    account_id: z.uuid(),
    objective: text,
    trigger: trigger.optional(),
    actor,
  }),
  PLAN_UPDATED: z.strictObject({
    plan_id,
    changed_fields: z.array(text).min(1),
    reason: text.optional(),
    actor,
  }),
  PLAN_APPROVED: z.strictObject({ plan_id, approved_by: text.optional(), approved_at: time, actor }),
  PLAN_ACTIVATED: z.strictObject({ plan_id, actor }),
  PLAN_ACTIVATION_REJECTED: z.strictObject({ plan_id, reasons: reasons.min(1), actor }),
  PLAN_PAUSED: z.strictObject({ plan_id, reason: text.optional(), actor }),
  PLAN_RESUMED: z.strictObject({ plan_id, actor }),
  PLAN_ABORTED: z.strictObject({ plan_id, reason: text, aborted_at: time, actor }),
  PLAN_COMPLETED: z.strictObject({
    plan_id,
    completion_reason: z.enum(completionReasons),
    completed_at: time,
    actor,
  }),
  PLAN_EXPIRED: z.strictObject({ plan_id, expired_at: time, actor }),
  STEP_STARTED: z.strictObject({ plan_id, step_id, action_type: text, attempt: z.int().min(1).optional() }),
  STEP_COMPLETED: z.strictObject({ plan_id, step_id, outcome: text.optional(), actor }),
  STEP_SKIPPED: z.strictObject({ plan_id, step_id, reason: text, actor }),
  STEP_FAILED: z.strictObject({
    plan_id,
    step_id,
    reason: text,
    attempt: z.int().min(1).optional(),
    actor,
  }),
  VALIDATOR_RUN: z.strictObject({
    plan_id,
    run_id: z.uuid(),
    point: z.enum(validatorPoints),
    validator: z.enum(validatorNames),
    verdict: z.enum(verdicts),
    reason_code: text.optional(),
    message: text.optional(),
    step_id: step_id.optional(),
    evaluated_at: time,
  }),
  VALIDATOR_RUN_SUMMARY: z.strictObject({
    plan_id,
    run_id: z.uuid(),
    point: z.enum(validatorPoints),
    verdict: z.enum(verdicts),
    reasons,
    step_id: step_id.optional(),
    evaluated_at: time,
  }),
  BUDGET_RESERVE: z.strictObject(budget),
  BUDGET_WARN: z.strictObject({ ...budget, reason_code: text }),
  BUDGET_BLOCK: z.strictObject({ ...budget, reason_code: text }),
} as const

export type LedgerEventType = keyof typeof ledgerData
export const ledgerEventTypes = Object.keys(ledgerData) as LedgerEventType[]

/** One thing that happened to a plan, before it is written down. */
export type LedgerEvent = {
  [Type in LedgerEventType]: { type: Type; data: z.input<(typeof ledgerData)[Type]> }
}[LedgerEventType]
