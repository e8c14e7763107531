import { describe, expect, test } from 'vitest'
import { renewalDefense } from '../../../src/governance/plan-types/renewal-defense.ts'
import type { ValidatorFacts } from '../../../src/governance/validators/finding.ts'
import { judge } from '../../../src/governance/validators/judge.ts'
import { validatorNames } from '../../../src/governance/validators/validator-run.ts'
import { days, noon, somePlan } from '../plan-fixture.ts'

const signal = (seenAt: Date) => ({ kind: 'past_due', id: 'evt_1', seenAt })
const plan = somePlan()
const facts = (more: Partial<ValidatorFacts> = {}): ValidatorFacts => ({
  at: noon,
  planType: renewalDefense,
  constraints: {},
  steps: plan.steps,
  evidence: [signal(noon)],
  snapshot: { known: { status: 'past_due' }, at: noon },
  ...more,
})
const told = (more: Partial<ValidatorFacts>, validator: (typeof validatorNames)[number]) => {
  const { verdict, code = null } = judge(facts(more)).findings.find((one) => one.validator === validator)!
  return [verdict, code]
}

test('the four are asked in their order, and one that blocks keeps none of the others from being asked', () => {
  const judged = judge(facts({ at: days(20), evidence: [], constraints: { prohibited_actions: ['x'] } }))
  expect(judged.findings.map(({ validator }) => validator)).toEqual([...validatorNames])
  expect(judged.findings.map(({ verdict }) => verdict)).toEqual(['BLOCK', 'BLOCK', 'ALLOW', 'ALLOW'])
  expect(judged.verdict).toBe('BLOCK')
  expect(judged.reasons.map(({ code }) => code)).toEqual(['DATA_TOO_OLD', 'NO_EVIDENCE'])
  expect(judge(facts())).toMatchObject({ verdict: 'ALLOW', reasons: [] })
})

test('the same facts are judged the same: it looks at no clock', () => {
  expect(judge(facts({ at: days(8) }))).toEqual(judge(facts({ at: days(8) })))
})

describe('freshness', () => {
  test.each([
    [days(7), 'ALLOW', null],
    [new Date(days(7).getTime() + 1), 'WARN', 'DATA_OLD'],
    [days(14), 'WARN', 'DATA_OLD'],
    [new Date(days(14).getTime() + 1), 'BLOCK', 'DATA_TOO_OLD'],
  ])('at %s what was known at noon is judged %s %s', (at, verdict, code) => {
    expect(told({ at }, 'freshness')).toEqual([verdict, code])
  })
  test('the newest of what is known counts, and a person’s reason grows no older', () => {
    const reason = { kind: 'reason', id: 'e', seenAt: noon }
    expect(told({ at: days(20), evidence: [signal(noon), signal(days(19))] }, 'freshness')).toEqual([
      'ALLOW',
      null,
    ])
    expect(told({ at: days(20), evidence: [reason], snapshot: null }, 'freshness')).toEqual([
      'ALLOW',
      'NOT_APPLICABLE',
    ])
  })
})

test('grounding: one piece of evidence is enough, and none blocks', () => {
  expect(told({}, 'grounding')).toEqual(['ALLOW', null])
  expect(told({ evidence: [] }, 'grounding')).toEqual(['BLOCK', 'NO_EVIDENCE'])
})

describe('contradiction', () => {
  const compare = (constraints: ValidatorFacts['constraints'], known: Record<string, unknown>) =>
    told({ constraints, snapshot: { known, at: noon } }, 'contradiction')
  const contradicted = ['BLOCK', 'CONTRADICTED']
  test('eq: a price is what it was', () => {
    expect(compare({ price: 'a' }, { price: 'a' })).toEqual(['ALLOW', null])
    expect(compare({ price: 'a' }, { price: 'b' })).toEqual(contradicted)
  })
  test('no_backward: a quantity may grow and not shrink; times and other words are compared too', () => {
    expect(compare({ quantity: 5 }, { quantity: 6 })).toEqual(['ALLOW', null])
    expect(compare({ quantity: 5 }, { quantity: 4 })).toEqual(contradicted)
    expect(compare({ quantity: '2027-01-02' }, { quantity: '2027-01-01' })).toEqual(contradicted)
    expect(compare({ quantity: 'many' }, { quantity: 'few' })).toEqual(contradicted)
    expect(compare({ quantity: 'many' }, { quantity: 'many' })).toEqual(['ALLOW', null])
  })
  test('date_window: a period’s end may be off by seven days, either way', () => {
    const iso = (date: Date) => date.toISOString()
    for (const off of [7, -7])
      expect(compare({ period_end: iso(noon) }, { period_end: iso(days(off)) })).toEqual(['ALLOW', null])
    for (const off of [8, -8])
      expect(compare({ period_end: iso(noon) }, { period_end: iso(days(off)) })).toEqual(contradicted)
  })
  test('null never contradicts, nor does what is not known, nor a field that is not listed', () => {
    const nothing = ['ALLOW', 'NOT_APPLICABLE']
    expect(compare({ price: null }, { price: 'b' })).toEqual(nothing)
    expect(compare({ price: 'a' }, { price: null })).toEqual(nothing)
    expect(compare({ price: 'a' }, {})).toEqual(nothing)
    expect(compare({ colour: 'a' }, { colour: 'b' })).toEqual(nothing)
    expect(told({ constraints: { price: 'a' }, snapshot: null }, 'contradiction')).toEqual(nothing)
    expect(told({ constraints: { price: 'a' }, planType: null }, 'contradiction')).toEqual(nothing)
  })
})

describe('compliance', () => {
  const prohibited = ['BLOCK', 'ACTION_PROHIBITED']
  const restricted = ['BLOCK', 'FIELD_RESTRICTED']
  test('a prohibited action blocks, by the plan, by one name alone, by the step, by the type', () => {
    const action = 'PREP_RENEWAL_BRIEF'
    expect(told({ constraints: { prohibited_actions: [action] } }, 'compliance')).toEqual(prohibited)
    expect(told({ constraints: { prohibited_actions: action } }, 'compliance')).toEqual(prohibited)
    expect(told({ constraints: { prohibited_actions: 7 } }, 'compliance')).toEqual(['ALLOW', null])
    const steps = [{ ...plan.steps[1]!, constraints: { prohibited_actions: [action] } }]
    expect(told({ steps }, 'compliance')).toEqual(prohibited)
    const planType = { ...renewalDefense, prohibitedActions: [action] }
    expect(told({ planType }, 'compliance')).toEqual(prohibited)
    expect(told({ planType, steps: [plan.steps[0]!] }, 'compliance')).toEqual(['ALLOW', null])
  })
  test('a restricted field blocks the step that would send it, and no other', () => {
    const constraints = { restricted_fields: ['price'] }
    expect(told({ constraints, steps: [plan.steps[1]!] }, 'compliance')).toEqual(restricted)
    expect(told({ constraints, steps: [plan.steps[0]!] }, 'compliance')).toEqual(['ALLOW', null])
    expect(told({ constraints, planType: null }, 'compliance')).toEqual(['ALLOW', null])
  })
})

test('a warning is told with its reason, and is no block', () => {
  expect(judge(facts({ at: new Date(days(7).getTime() + 1) }))).toMatchObject({
    verdict: 'WARN',
    reasons: [{ code: 'DATA_OLD' }],
  })
})

test('of what is neither a number nor a time, only the same agrees', () => {
  const known = (quantity: unknown) => ({ known: { quantity }, at: noon })
  const wanted = { quantity: 'many' }
  expect(told({ constraints: wanted, snapshot: known('many') }, 'contradiction')[0]).toBe('ALLOW')
  expect(told({ constraints: wanted, snapshot: known('few') }, 'contradiction')[0]).toBe('BLOCK')
  expect(told({ constraints: wanted, snapshot: known(true) }, 'contradiction')[0]).toBe('BLOCK')
})
