import { expect, test } from 'vitest'
import { concernsOf } from '../../src/web/concerns.ts'
import type { Standing } from '../../src/web/standing.ts'

const now = 1_900_000_000
const calm: Standing = {
  backlog: { enrollment: 500, 'subscription-changes': 3 },
  parked: [],
  waiting: [{ onKind: 'price', count: 12 }],
  alarms: [],
  unresolved: [],
  fetches: { kept: 4, failing: 0 },
  gapWatch: { found: 7, behind: 900 },
  bodyMonths: 2,
  outbound: { waiting: 0, oldest: 0 },
  receivedToApplied: [],
}
const reconciled = { endedAt: now - 3600, counts: [], verifiedShare: 0.5 }
const says = (standing: Standing, compared: Parameters<typeof concernsOf>[1] = reconciled) =>
  concernsOf(standing, compared, now).map((concern) => concern.says)

test('work that goes on by itself is no concern: a backlog, what waits, what was taken in', () => {
  expect(says(calm)).toEqual([])
  expect(says({ ...calm, gapWatch: null }, null)).toEqual([])
  expect(says(calm, { endedAt: null, counts: [], verifiedShare: null })).toEqual([])
})

test('what needs a person is told with its number, summed over its reasons', () => {
  expect(
    says({
      ...calm,
      alarms: [{ kind: 'write_failed', count: 1 }],
      parked: [
        { write: 'enrollment', reason: 'failed', count: 1_200 },
        { write: 'subscription-changes', reason: 'failed', count: 34 },
      ],
      unresolved: [{ reason: 'does_not_join', count: 2 }],
      fetches: { kept: 0, failing: 1 },
    }),
  ).toEqual([
    '1 alarm open',
    '1,234 writes parked',
    '2 subscriptions not settled',
    'Stripe does not answer about 1 subscription',
  ])
})

test('a gap watch that looks no more, and an old or unclean reconcile, are concerns', () => {
  expect(says({ ...calm, gapWatch: { found: 0, behind: 3_601 } })).toEqual([
    'the gap watch has not looked for more than an hour',
  ])
  expect(says(calm, { ...reconciled, endedAt: now - 2 * 86_400 - 1 })).toEqual([
    'the last reconcile ended more than two days ago',
  ])
  const counts = [
    { class: 'wrong_tier', outcome: 'differs', count: 2 },
    { class: 'wrong_tier', outcome: 'repaired', count: 9 },
  ] as const
  expect(says(calm, { ...reconciled, counts: [...counts] })).toEqual(['2 differences from Stripe'])
})
