import { z } from 'zod'
import { taskStates } from '../../governance/executors/operator-tasks.ts'
import { outcomeTypes, toldByPeople } from '../../governance/outcomes/outcome.ts'
import { costClasses } from '../../governance/plan-types/plan-type.ts'
import { time } from './answers.ts'
import { id, instant, page, text } from './fields.ts'

/** What the routes of plans' budgets, outcomes and tasks take, and what they answer. */

const key = text(200)

export const budgetAsked = z.strictObject({
  tool: text(100),
  cost_class: z.enum(costClasses),
  operation_id: key,
})

export const outcomesAsked = z.strictObject({ account_id: id.optional(), ...page })

export const outcomeTold = z.strictObject({
  outcome_type: z.enum(toldByPeople),
  idempotency_key: key,
  step_id: id.optional(),
  note: text(2_000).optional(),
  occurred_at: instant.optional(),
})

export const tasksAsked = z.strictObject({
  state: z.enum(taskStates).default('open'),
  plan_id: text(100).optional(),
  ...page,
})

export const taskEnded = z.strictObject({ note: text(2_000).optional() })

export const budgetAnswer = z.strictObject({
  operation_id: z.string(),
  verdict: z.enum(['ALLOW', 'WARN']).describe('WARN: past a soft cap.'),
  repeated: z.boolean().describe('This operation was let through before, and took nothing now.'),
  caps: z.array(
    z.strictObject({
      scope: z.enum(['TENANT', 'ACCOUNT', 'PLAN', 'TOOL']),
      scope_id: z.string(),
      period: z.enum(['DAY', 'MONTH']),
      hard_cap: z.int().nullable(),
      soft_cap: z.int().nullable(),
      usage_before: z.int(),
      usage_after: z.int(),
    }),
  ),
})

export const outcomeAnswer = z
  .strictObject({
    outcome_id: z.uuid(),
    plan_id: z.string(),
    account_id: z.uuid(),
    step_id: z.uuid().nullable(),
    action_type: z.string().nullable(),
    outcome_type: z.enum(outcomeTypes),
    source: z.enum(['HUMAN', 'POLICY', 'ORCHESTRATOR', 'CONNECTOR', 'DOWNSTREAM']),
    event_id: z.string().nullable(),
    data: z.record(z.string(), z.unknown()).nullable(),
    occurred_at: time,
    recorded_at: time,
  })
  .meta({ id: 'PlanOutcome' })

export const outcomeKept = z.strictObject({ outcome_id: z.uuid(), repeated: z.boolean() })

export const taskAnswer = z
  .strictObject({
    task_id: z.uuid(),
    plan_id: z.string(),
    account_id: z.uuid(),
    step_id: z.uuid(),
    attempt: z.int(),
    action_type: z.string(),
    instruction: z.string(),
    state: z.enum(taskStates),
    opened_at: time,
    closed_at: time.nullable(),
    closed_by: z.string().nullable(),
    note: z.string().nullable(),
  })
  .meta({ id: 'PlanTask' })
