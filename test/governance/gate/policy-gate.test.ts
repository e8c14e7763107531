import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { unmetPreconditions } from '../../../src/governance/gate/activation-facts.ts'
import {
  type Approval,
  evaluateCanActivate,
  validateForApproval,
} from '../../../src/governance/gate/policy-gate.ts'
import { stepOrderFaults } from '../../../src/governance/gate/step-order.ts'
import { planTypeOf, planTypes } from '../../../src/governance/plan-types/plan-types.ts'
import { renewalDefense } from '../../../src/governance/plan-types/renewal-defense.ts'
import type { Step } from '../../../src/governance/revenue-plan/revenue-plan.ts'
import { days, later, noon, somePlan } from '../plan-fixture.ts'

const byApprover: Approval = { highRiskAuthority: true, byPerson: true }
const codes = ({ reasons }: { reasons: { code: string }[] }) => reasons.map(({ code }) => code)
const step = (actionType: string, dependencies: string[] = [], stepId: string = randomUUID()): Step => ({
  stepId,
  actionType,
  status: 'PENDING',
  dependencies,
})

describe('R85: approval', () => {
  test('a fresh renewal defense is valid for a plan approver', () => {
    expect(validateForApproval(somePlan(), byApprover)).toEqual({ valid: true, reasons: [] })
  })

  test.each(['NO_SUCH_TYPE', 'toString', '__proto__'])('INVALID_PLAN_TYPE: %s', (planType) => {
    const told = validateForApproval(somePlan({ planType }), byApprover)
    expect(told.valid).toBe(false)
    expect(told.reasons).toEqual([
      { code: 'INVALID_PLAN_TYPE', message: `${planType} is no type of plan that is configured here.` },
    ])
  })

  test('INVALID_PLAN_TYPE: a step that the type has not, told once', () => {
    const told = validateForApproval(somePlan({ steps: [step('DANCE'), step('DANCE')] }), byApprover)
    expect(told.reasons).toEqual([
      { code: 'INVALID_PLAN_TYPE', message: 'DANCE is no step of a plan of type RENEWAL_DEFENSE.' },
    ])
  })

  test('RISK_ELEVATED: the plan is as risky as its riskiest step', () => {
    const asOperator = { ...byApprover, highRiskAuthority: false }
    const told = validateForApproval(somePlan(), asOperator)
    expect(codes(told)).toEqual(['RISK_ELEVATED'])
    expect(told.reasons[0]!.message).toContain('REQUEST_RENEWAL_MEETING')
    const harmless = somePlan({ steps: [step('PREP_RENEWAL_BRIEF'), step('ESCALATE_SUPPORT_RISK')] })
    expect(validateForApproval(harmless, asOperator).valid).toBe(true)
  })

  test('HUMAN_TOUCH_REQUIRED: no rule approves by itself what needs a person’s hand', () => {
    const told = validateForApproval(somePlan(), { ...byApprover, byPerson: false })
    expect(codes(told)).toEqual(['HUMAN_TOUCH_REQUIRED'])
    expect(told.reasons[0]!.message).toContain('REQUEST_RENEWAL_MEETING')
  })

  test('STEP_ORDER_VIOLATION: no step at all', () => {
    expect(codes(validateForApproval(somePlan({ steps: [] }), byApprover))).toEqual(['STEP_ORDER_VIOLATION'])
  })

  test('all reasons are told at once, in one order', () => {
    const steps = [step('REQUEST_RENEWAL_MEETING', [randomUUID()]), step('DANCE')]
    const told = validateForApproval(somePlan({ steps }), { highRiskAuthority: false, byPerson: false })
    expect(codes(told)).toEqual([
      'INVALID_PLAN_TYPE',
      'STEP_ORDER_VIOLATION',
      'RISK_ELEVATED',
      'HUMAN_TOUCH_REQUIRED',
    ])
  })
})

describe('steps wait for steps of the plan, and never in a circle', () => {
  const [a, b, c] = [randomUUID(), randomUUID(), randomUUID()]

  test('a chain, a fan and a step before the one that it waits for are all fine', () => {
    const chain = [step('A', [], a), step('B', [a], b), step('C', [a, b], c)]
    expect(stepOrderFaults(chain)).toEqual([])
    expect(stepOrderFaults(chain.toReversed())).toEqual([])
    expect(stepOrderFaults(chain.map(({ dependencies: _, ...bare }) => bare))).toEqual([])
  })

  test('itself', () => {
    expect(stepOrderFaults([step('A', [a], a)])).toEqual([
      `A (${a}) waits for itself, by way of what it depends on.`,
    ])
  })

  test('a circle names everybody in it, and not who only waits for it', () => {
    const faults = stepOrderFaults([step('A', [b], a), step('B', [a], b), step('C', [a], c)])
    expect(faults.map((fault) => fault[0])).toEqual(['A', 'B'])
  })

  test('a step of nowhere', () => {
    expect(stepOrderFaults([step('A', [c], a)])).toEqual([
      `A (${a}) waits for ${c}, which is no step of this plan.`,
    ])
  })

  test('the same id twice', () => {
    expect(stepOrderFaults([step('A', [], a), step('B', [], a)])).toEqual([`B (${a}) stands there twice.`])
  })
})

describe('R86: activation', () => {
  const plan = somePlan({ planStatus: 'APPROVED' })
  const met = { activePlanIds: [], preconditionsMet: true }

  test('nothing in the way', () => {
    expect(evaluateCanActivate(plan, met)).toEqual({ canActivate: true, reasons: [] })
    expect(evaluateCanActivate(plan, { ...met, activePlanIds: [plan.planId] }).canActivate).toBe(true)
  })

  test('CONFLICT_ACTIVE_PLAN: another id', () => {
    const told = evaluateCanActivate(plan, { ...met, activePlanIds: [plan.planId, 'plan_other'] })
    expect(told.reasons).toEqual([
      {
        code: 'CONFLICT_ACTIVE_PLAN',
        message: 'plan_other is active on this account, and of the same type.',
      },
    ])
  })

  test('R87, PRECONDITIONS_UNMET: not told is not met', () => {
    for (const facts of [{ activePlanIds: [] }, { activePlanIds: [], preconditionsMet: false, unmet: [] }]) {
      const told = evaluateCanActivate(plan, facts)
      expect(codes(told)).toEqual(['PRECONDITIONS_UNMET'])
      expect(told.reasons[0]!.message).toBe('It is not known whether the preconditions are met.')
    }
  })

  test('INVALID_PLAN_TYPE, and everything else beside it', () => {
    const told = evaluateCanActivate(somePlan({ planType: 'GONE' }), { activePlanIds: ['plan_other'] })
    expect(codes(told)).toEqual(['INVALID_PLAN_TYPE', 'CONFLICT_ACTIVE_PLAN', 'PRECONDITIONS_UNMET'])
  })

  test('the preconditions: approved or paused, and the deadline ahead', () => {
    expect(unmetPreconditions(somePlan({ planStatus: 'APPROVED' }), noon)).toEqual([])
    expect(unmetPreconditions(somePlan({ planStatus: 'PAUSED' }), days(29))).toEqual([])
    expect(unmetPreconditions(somePlan(), noon)).toEqual([
      'The plan is a draft: it has to be approved first.',
    ])
    expect(unmetPreconditions(somePlan({ planStatus: 'ABORTED' }), days(30))).toEqual([
      'The plan is ABORTED: one that is approved or paused can become active.',
      'Its deadline has passed, at 2027-03-31T12:00:00.000Z.',
    ])
  })
})

test('R88: the same question has the same answer, and every blocker has a code and a sentence', () => {
  const steps = [step('DANCE', [randomUUID()]), step('REQUEST_RENEWAL_MEETING')]
  const plan = somePlan({ steps })
  const ask = () => [
    validateForApproval(structuredClone(plan), { highRiskAuthority: false, byPerson: false }),
    evaluateCanActivate(structuredClone(plan), { activePlanIds: ['x'] }),
  ]
  const before = structuredClone(plan)
  expect(ask()).toEqual(ask())
  expect(plan).toEqual(before)
  for (const { reasons } of ask())
    for (const { code, message } of reasons) {
      expect(code).toMatch(/^[A-Z_]+$/)
      expect(message).toMatch(/^\S.{10,}\.$/)
    }
})

test('a renewal defense is three steps, thirty days and three tries', () => {
  expect(planTypeOf(planTypes, 'RENEWAL_DEFENSE')).toBe(renewalDefense)
  expect(renewalDefense).toMatchObject({
    objective: 'Secure renewal before day -30',
    days: 30,
    triesPerStep: 3,
    retireAfterDays: null,
  })
  expect(
    renewalDefense.steps.map(({ actionType, risk, costClass, humanTouch, reach }) => [
      actionType,
      { risk, costClass, humanTouch, reach },
    ]),
  ).toMatchObject([
    ['REQUEST_RENEWAL_MEETING', { risk: 'HIGH', humanTouch: true }],
    ['PREP_RENEWAL_BRIEF', { costClass: 'EXPENSIVE' }],
    ['ESCALATE_SUPPORT_RISK', { reach: 'internal' }],
  ])
  const plan = somePlan()
  expect(plan.expiresAt).toEqual(days(30))
  expect(plan.steps.map(({ status, sequence }) => [status, sequence])).toEqual([
    ['PENDING', 1],
    ['PENDING', 2],
    ['PENDING', 3],
  ])
  expect(later(0)).toEqual(noon)
})
