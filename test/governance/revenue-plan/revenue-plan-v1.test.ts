import { describe, expect, test } from 'vitest'
import { isStale } from '../../../src/governance/revenue-plan/revenue-plan.ts'
import {
  revenuePlanOf,
  revenuePlanV1,
  revenuePlanV1Of,
  stepV1,
} from '../../../src/governance/revenue-plan/revenue-plan-v1.ts'
import { days, noon, somePlan } from '../plan-fixture.ts'

const rich = somePlan({
  planStatus: 'COMPLETED',
  constraints: { restricted_fields: ['email'], discount: 10, dry: false, note: null },
  approvedAt: noon,
  approvedBy: 'Olga',
  completedAt: days(1),
  completionReason: 'objective_met',
})
rich.steps[1] = { ...rich.steps[1]!, dependencies: [rich.steps[0]!.stepId], constraints: { pages: 2 } }

test.each([
  ['a fresh draft', somePlan()],
  ['one with everything', rich],
  ['an aborted one', somePlan({ planStatus: 'ABORTED', approvedAt: noon, abortedAt: noon })],
  ['an expired one', somePlan({ planStatus: 'EXPIRED', approvedAt: noon, expiredAt: noon })],
])('R78: %s goes out and comes back as it was', (_, plan) => {
  const wire = JSON.parse(JSON.stringify(revenuePlanV1Of(plan)))
  expect(revenuePlanV1.parse(wire)).toEqual(wire)
  expect(revenuePlanOf(wire)).toEqual(plan)
})

test('R78: on the wire it has these names, and what has not happened is left out', () => {
  expect(Object.keys(revenuePlanV1Of(somePlan()))).toEqual([
    'plan_id',
    'plan_type',
    'account_id',
    'tenant_id',
    'objective',
    'plan_status',
    'steps',
    'expires_at',
    'created_at',
    'updated_at',
  ])
  expect(Object.keys(revenuePlanV1.shape)).toEqual([
    'plan_id',
    'plan_type',
    'account_id',
    'tenant_id',
    'objective',
    'plan_status',
    'steps',
    'constraints',
    'expires_at',
    'created_at',
    'updated_at',
    'approved_at',
    'approved_by',
    'completed_at',
    'aborted_at',
    'expired_at',
    'completion_reason',
  ])
})

describe('R77: a plan counts no tries', () => {
  const wire = revenuePlanV1Of(somePlan())

  test.each(['retry_count', 'attempts', 'snapshot'])('%s in the plan is refused', (name) => {
    expect(revenuePlanV1.safeParse({ ...wire, [name]: 1 }).success).toBe(false)
    expect(() => revenuePlanOf({ ...wire, [name]: 1 })).toThrow()
  })

  test.each(['retry_count', 'attempt'])('%s in a step is refused', (name) => {
    expect(stepV1.safeParse(wire.steps[0]).success).toBe(true)
    expect(stepV1.safeParse({ ...wire.steps[0], [name]: 1 }).success).toBe(false)
  })

  test.each([
    ['plan_status', 'DONE'],
    ['completion_reason', 'bored'],
    ['account_id', 'acme'],
    ['expires_at', 'soon'],
  ])('%s %s is no value of its field', (name, value) => {
    expect(revenuePlanV1.safeParse({ ...wire, [name]: value }).success).toBe(false)
  })
})

test('R76: a step has a UUID, one of six statuses, and waits for UUIDs', () => {
  const step = revenuePlanV1Of(somePlan()).steps[0]!
  for (const wrong of [
    { step_id: 'first' },
    { status: 'RUNNING' },
    { dependencies: ['first'] },
    { action_type: '' },
    { constraints: { deep: { er: 1 } } },
  ])
    expect(stepV1.safeParse({ ...step, ...wrong }).success).toBe(false)
})

test('D2: a draft past its deadline is stale, and nothing else is', () => {
  expect(isStale(somePlan(), days(29))).toBe(false)
  expect(isStale(somePlan(), days(30))).toBe(true)
  expect(isStale(somePlan({ planStatus: 'PAUSED' }), days(31))).toBe(false)
})
