import { expect, test } from 'vitest'
import type { ClaimExplained, NextInLine } from '../../../src/entitlements/explain-ladder.ts'
import type { LadderExplained } from '../../../src/entitlements/explain-organization.ts'
import { explainNext } from '../../../src/stripe/enrollment/explain-next.ts'
import type { SubscriptionExplained } from '../../../src/stripe/enrollment/explain-subscription.ts'

const now = new Date('2026-11-20T10:00:00.000Z')
const day = (n: number) => new Date(now.getTime() + n * 86_400_000).toISOString()
const standard: NextInLine = { product: 'standard', rank: 1, by: { kind: 'subscription', id: 'sub_2' } }

const subscription = (more: Partial<SubscriptionExplained>): SubscriptionExplained => ({
  id: 'sub_1',
  customer: 'cus_1',
  status: 'active',
  resolved_by: 'evt_1',
  known_from: null,
  items: [],
  unresolved: null,
  resolve_at: null,
  cancel_at: null,
  trial_end: null,
  period_end: null,
  ended_at: null,
  claims_nothing: null,
  ...more,
})

const grant = (id: string, ends_at: string | null): ClaimExplained => ({
  kind: 'grant',
  id,
  product: 'pro',
  rank: 2,
  status: 'active',
  suspended: false,
  since: day(-1),
  wins: true,
  rule: 'best',
  under_ceiling: false,
  why: '',
  given_by: 'Olga',
  reason: 'x',
  ends_at,
})

const ladder = (key: string, more: Partial<LadderExplained>): LadderExplained => ({
  ladder: key,
  product: 'pro',
  rank: 2,
  status: 'active',
  since: day(-1),
  holder: { kind: 'grant', id: 'g1' },
  claims: [],
  due: null,
  next_in_line: standard,
  brought_by: 1,
  history: [],
  earlier: 0,
  ...more,
})

const next = (known: { ladders?: LadderExplained[]; subscriptions?: SubscriptionExplained[] }) =>
  explainNext({ ladders: [], subscriptions: [], schedules: [], ...known }, now).map(({ what, about, at }) => [
    what,
    about,
    at,
  ])

test('what has passed does not come next, though no event told it', () => {
  const subscriptions = [
    subscription({ period_end: day(-1) }),
    subscription({ id: 'sub_2', status: 'trialing', trial_end: day(-2), cancel_at: day(3) }),
  ]
  expect(next({ subscriptions })).toEqual([['cancel_at', 'sub_2', day(3)]])
})

test('a subscription that ended brings nothing more; one that is not settled is looked at again', () => {
  const subscriptions = [
    subscription({ ended_at: day(-1), cancel_at: day(1), period_end: day(2) }),
    subscription({ id: 'sub_2', unresolved: 'does_not_join', resolve_at: day(1) }),
    // Settled: the look is only in case an event is lost.
    subscription({ id: 'sub_3', resolve_at: day(1) }),
  ]
  expect(next({ subscriptions })).toEqual([['look_again', 'sub_2', day(1)]])
})

test('a grant on two ladders ends once, and moves those places that it holds', () => {
  const ladders = [
    ladder('core', { claims: [grant('g1', day(5))] }),
    ladder('support', { claims: [grant('g1', day(5))], holder: { kind: 'subscription', id: 'sub_9' } }),
    ladder('other', { claims: [grant('g2', null)], holder: { kind: 'grant', id: 'g2' } }),
  ]
  const told = explainNext({ ladders, subscriptions: [], schedules: [] }, now)
  expect(told).toMatchObject([
    { what: 'grant_expiry', about: 'g1', at: day(5), moves_to: [{ ladder: 'core', ...standard }] },
  ])
})
