import { expect, test } from 'vitest'
import {
  type LedgerEventType,
  ledgerData,
  ledgerEventTypes,
} from '../../../src/governance/ledger/ledger-events.ts'
import { planEvents } from './planned-events.ts'

test('R89: the ledger tells thirteen things of plans and steps, and six more', () => {
  expect(ledgerEventTypes.toSorted()).toEqual(
    [
      ...[
        'CREATED',
        'UPDATED',
        'APPROVED',
        'ACTIVATED',
        'PAUSED',
        'RESUMED',
        'ABORTED',
        'COMPLETED',
        'EXPIRED',
      ].map((what) => `PLAN_${what}`),
      ...['STARTED', 'COMPLETED', 'SKIPPED', 'FAILED'].map((what) => `STEP_${what}`),
      'PLAN_ACTIVATION_REJECTED',
      'VALIDATOR_RUN',
      'VALIDATOR_RUN_SUMMARY',
      'BUDGET_RESERVE',
      'BUDGET_WARN',
      'BUDGET_BLOCK',
    ].sort(),
  )
})

/** R92: what each has to carry, and what it may. */
const payloads: [LedgerEventType, needed: string[], optional: string[]][] = [
  ['PLAN_CREATED', ['plan_type', 'account_id', 'objective'], ['trigger']],
  ['PLAN_UPDATED', ['changed_fields'], ['reason']],
  ['PLAN_APPROVED', ['approved_at'], ['approved_by']],
  ['PLAN_ACTIVATED', [], []],
  ['PLAN_ACTIVATION_REJECTED', ['reasons'], []],
  ['PLAN_PAUSED', [], ['reason']],
  ['PLAN_RESUMED', [], []],
  ['PLAN_ABORTED', ['reason', 'aborted_at'], []],
  ['PLAN_COMPLETED', ['completion_reason', 'completed_at'], []],
  ['PLAN_EXPIRED', ['expired_at'], []],
  ['STEP_STARTED', ['step_id', 'action_type'], []],
  ['STEP_COMPLETED', ['step_id'], ['outcome']],
  ['STEP_SKIPPED', ['step_id', 'reason'], []],
  ['STEP_FAILED', ['step_id', 'reason'], ['attempt']],
  ['VALIDATOR_RUN', ['run_id', 'point', 'validator', 'verdict', 'evaluated_at'], []],
  ['VALIDATOR_RUN_SUMMARY', ['run_id', 'point', 'verdict', 'reasons', 'evaluated_at'], []],
  ['BUDGET_RESERVE', ['operation_id', 'tool', 'cost_class', 'caps'], []],
  ['BUDGET_WARN', ['operation_id', 'tool', 'cost_class', 'caps', 'reason_code'], []],
  ['BUDGET_BLOCK', ['operation_id', 'tool', 'cost_class', 'caps', 'reason_code'], []],
]

test('there is a line for every type', () => expect(payloads).toHaveLength(ledgerEventTypes.length))

test.each(payloads)(
  'R92: %s carries what it has to, and nothing that it does not know',
  (type, needed, optional) => {
    const schema = ledgerData[type]
    const whole = planEvents.find((event) => event.type === type)!.data as Record<string, unknown>
    const takes = (data: object) => schema.safeParse(data).success
    const without = (name: string) =>
      Object.fromEntries(Object.entries(whole).filter(([key]) => key !== name))
    expect(takes(whole)).toBe(true)
    for (const name of ['plan_id', ...needed])
      expect({ name, takes: takes(without(name)) }).toEqual({ name, takes: false })
    for (const name of optional) {
      expect(whole).toHaveProperty(name)
      expect({ name, takes: takes(without(name)) }).toEqual({ name, takes: true })
    }
    expect(takes({ ...whole, nonsense: 1 })).toBe(false)
  },
)

test('R91: an update names at least one field', () => {
  expect(ledgerData.PLAN_UPDATED.safeParse({ plan_id: 'p', changed_fields: [] }).success).toBe(false)
})
