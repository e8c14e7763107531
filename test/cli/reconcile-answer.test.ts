import { expect, test } from 'vitest'
import { reconcileAnswer } from '../../src/cli/reconcile-answer.ts'

const difference = (n: number) => ({
  class: 'unmapped_price' as const,
  outcome: 'differs' as const,
  subscription: `sub_${n}`,
  customer: `cus_${n}`,
  organization: null,
  atStripe: 'active; 1 × price_new; held: unmapped price',
  here: 'active; pro on core; by evt_1',
  next: 'Map price_new.',
})
const done = { run: 'run_1', resumed: false, looked: 40, repair: true, seconds: 3.21 }

test('differences stand grouped by class, ten of each with what to do next, and fail', () => {
  const { text, failed } = reconcileAnswer({
    ...done,
    differs: 12,
    counts: [
      { class: 'missing_here', outcome: 'repaired', count: 7 },
      { class: 'unmapped_price', outcome: 'differs', count: 12 },
      { class: 'wrong_tier', outcome: 'in_flight', count: 1 },
      { class: 'wrong_tier', outcome: 'passed', count: 2 },
    ],
    differences: Array.from({ length: 12 }, (_, n) => difference(n)),
  })
  const lines = text.split('\n')
  expect(lines.slice(0, 9)).toEqual([
    'Compared 40 subscriptions with Stripe in 4 s.',
    '',
    'missing_here: 7 put right',
    '',
    'unmapped_price: 12 differ',
    '  sub_0 of cus_0',
    '    Stripe  active; 1 × price_new; held: unmapped price',
    '    here    active; pro on core; by evt_1',
    '    next    Map price_new.',
  ])
  expect(lines.slice(-5)).toEqual([
    '  … and 2 more; --json has them all',
    '',
    'wrong_tier: 1 still on their way, 2 were on their way, and are here now',
    '',
    '12 unmapped_price stand different.',
  ])
  expect(failed).toBe(true)
})

test('repaired is no failure; without repair the way to it is named', () => {
  const repaired = reconcileAnswer({
    ...done,
    resumed: true,
    differs: 0,
    counts: [{ class: 'wrong_tier', outcome: 'repaired', count: 1 }],
    differences: [],
  })
  expect(repaired).toMatchObject({ failed: false, json: { outcome: 'repaired' } })
  expect(repaired.text).toContain('Went on with a run that was cut off. Compared 40')
  expect(repaired.text).toContain('All was put right.')
  const found = reconcileAnswer({
    ...done,
    repair: false,
    differs: 1,
    counts: [{ class: 'wrong_tier', outcome: 'differs', count: 1 }],
    differences: [difference(1)],
  })
  expect(found.text).toContain('1 wrong_tier stands different. `reconcile --repair` puts right what can be.')
})
