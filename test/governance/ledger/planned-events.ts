import type { LedgerEvent } from '../../../src/governance/ledger/ledger-events.ts'

const plan_id = 'e2e-ledger-1'
const step_id = '1a2b3c4d-0000-4000-8000-000000000001'
const at = '2027-03-01T12:00:00.000Z'
const actor = { type: 'operator', id: 'key-1', name: 'Olga' } as const
const reasons = [{ code: 'X', message: 'It is so.' }]
const run = { plan_id, run_id: step_id, point: 'BEFORE_PLAN_APPROVAL', evaluated_at: at } as const
const cap = {
  scope: 'TENANT',
  scope_id: '*',
  period: 'DAY',
  hard_cap: 50,
  soft_cap: null,
  usage_before: 0,
  usage_after: 1,
} as const
const budget = { plan_id, operation_id: 'op-1', tool: 'webhook', cost_class: 'CHEAP', caps: [cap] } as const
const capped = { ...budget, caps: [{ ...cap }] }

/** One of every type, each with everything that it may carry of R92. */
export const planEvents: LedgerEvent[] = [
  {
    type: 'PLAN_CREATED',
    data: {
      plan_id,
      plan_type: 'RENEWAL_DEFENSE',
      account_id: step_id,
      objective: 'Secure renewal',
      trigger: { kind: 'event', id: 'evt_1' },
      actor,
    },
  },
  { type: 'PLAN_UPDATED', data: { plan_id, changed_fields: ['steps'], reason: 'a typing error', actor } },
  { type: 'PLAN_APPROVED', data: { plan_id, approved_by: 'key-1', approved_at: at, actor } },
  { type: 'PLAN_ACTIVATED', data: { plan_id, actor: { type: 'orchestrator' } } },
  { type: 'PLAN_ACTIVATION_REJECTED', data: { plan_id, reasons } },
  { type: 'PLAN_PAUSED', data: { plan_id, reason: 'holidays', actor } },
  { type: 'PLAN_RESUMED', data: { plan_id, actor } },
  { type: 'PLAN_ABORTED', data: { plan_id, reason: 'risk_cleared', aborted_at: at } },
  { type: 'PLAN_COMPLETED', data: { plan_id, completion_reason: 'objective_met', completed_at: at } },
  { type: 'PLAN_EXPIRED', data: { plan_id, expired_at: at } },
  { type: 'STEP_STARTED', data: { plan_id, step_id, action_type: 'PREP_RENEWAL_BRIEF', attempt: 1 } },
  { type: 'STEP_COMPLETED', data: { plan_id, step_id, outcome: 'sent' } },
  { type: 'STEP_SKIPPED', data: { plan_id, step_id, reason: 'not needed' } },
  { type: 'STEP_FAILED', data: { plan_id, step_id, reason: 'retry_limit_exceeded', attempt: 3 } },
  {
    type: 'VALIDATOR_RUN',
    data: { ...run, validator: 'freshness', verdict: 'WARN', reason_code: 'STALE', message: 'Old.' },
  },
  { type: 'VALIDATOR_RUN_SUMMARY', data: { ...run, verdict: 'ALLOW', reasons } },
  { type: 'BUDGET_RESERVE', data: capped },
  { type: 'BUDGET_WARN', data: { ...capped, reason_code: 'SOFT_CAP' } },
  { type: 'BUDGET_BLOCK', data: { ...capped, reason_code: 'HARD_CAP' } },
]
