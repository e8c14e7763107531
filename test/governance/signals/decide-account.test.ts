import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { keptSnapshot, type StoredPlan } from '../../../src/governance/repository/stored-plan.ts'
import type { RevenuePlan } from '../../../src/governance/revenue-plan/revenue-plan.ts'
import type { AccountFacts } from '../../../src/governance/signals/account-case.ts'
import { decideAccount } from '../../../src/governance/signals/decide-account.ts'
import type { OfSubscription } from '../../../src/governance/signals/subscription-signal.ts'
import { days, later, noon, planFor } from '../plan-fixture.ts'

const account = { tenantId: randomUUID(), accountId: randomUUID() }
const subscriptionId = randomUUID()
let told = 0

function signal(kind: OfSubscription['kind'], more: Partial<OfSubscription> = {}): OfSubscription {
  const cause = `evt_${++told}`
  const known = { price: 'price_1', quantity: 1, period_end: days(20).toISOString(), trial_end: null }
  return {
    ...account,
    sequence: told,
    subscriptionId,
    kind,
    period: days(20),
    paidUntil: null,
    cause,
    eventId: cause,
    occurredAt: later(told),
    state: { status: kind === 'past_due' ? 'past_due' : 'active', cancel_at: null, ...known },
    ...more,
  }
}
const stored = (more: Partial<RevenuePlan>): StoredPlan => ({
  ...planFor(account, more),
  ...keptSnapshot(undefined),
})
const facts = (more: Partial<AccountFacts>): AccountFacts => ({
  ...account,
  told: [],
  risks: [],
  open: [],
  ...more,
})

test('what is decided leaves the facts as they were: the same facts may be asked again', () => {
  const first = signal('past_due')
  const given = facts({ told: [first, signal('price_changed')], open: [stored({ expiresAt: later(-5) })] })
  const before = structuredClone(given)
  const change = decideAccount(given, noon)
  expect(given).toEqual(before)
  expect(decideAccount(given, noon)).toEqual(change)
  expect([...change.drafts]).toMatchObject([{ expiresAt: days(20) }])
  expect(change.entries).toMatchObject([
    { event: { data: { changed_fields: ['constraints', 'expires_at'], actor: { id: first.cause } } } },
  ])
})

test('a draft that is made, and whose risk is over before anybody has seen it, is written once, as it stands in the end', () => {
  const owed = signal('past_due')
  const paid = signal('paid', { paidUntil: days(20), period: null })
  const change = decideAccount(facts({ told: [owed, paid] }), noon)
  expect([...change.drafted]).toMatchObject([
    { planStatus: 'DRAFT', flaggedFor: 'risk_cleared', flaggedAt: noon, snapshotAt: paid.occurredAt },
  ])
  expect([...change.drafts, ...change.snapshots]).toEqual([])
  expect([...change.risks]).toMatchObject([{ clearedBy: 'risk_cleared', clearedAt: noon }])
  expect(change.entries.map(({ event }) => event.type)).toEqual(['PLAN_CREATED', 'PLAN_UPDATED'])
  expect(change.outcomes).toMatchObject([{ outcomeType: 'DOWNSTREAM_WIN', eventId: paid.eventId }])
})

function pastDueSeen(planId: string | null) {
  const { eventId, state, occurredAt } = signal('past_due')
  return {
    subscriptionId,
    signalKind: 'past_due' as const,
    period: days(20).toISOString(),
    eventId,
    detail: state,
    seenAt: occurredAt,
    planId,
    clearedAt: null,
    clearedBy: null,
  }
}

test('a risk that fed no plan is cleared, and nothing came of it', () => {
  const change = decideAccount(facts({ told: [signal('ended')], risks: [pastDueSeen(null)] }), noon)
  expect([...change.risks]).toMatchObject([{ clearedBy: 'subscription_deleted', clearedAt: noon }])
  expect(change.outcomes).toEqual([])
})

test('a risk that feeds an open plan of another type goes on feeding it', () => {
  const other = stored({ planType: 'OTHER' })
  const risk = pastDueSeen(other.planId)
  const change = decideAccount(
    facts({
      told: [signal('unpaid')],
      risks: [risk, { ...risk, period: '', planId: 'ended' }],
      open: [other],
    }),
    noon,
  )
  const [draft] = [...change.drafted]
  expect([...change.attached].map(({ signalKind, period, planId }) => [signalKind, period, planId])).toEqual([
    ['past_due', '', draft!.planId],
    ['unpaid', risk.period, draft!.planId],
  ])
})

test('a transferred account: plans in work end, of whatever type, and drafts ask for a person’s eye', () => {
  const [draft, work] = [stored({}), stored({ planType: 'OTHER', planStatus: 'APPROVED' })]
  const moved = {
    ...signal('ended'),
    kind: 'account_transferred' as const,
    subscriptionId: null,
    state: { subscriptions: [] },
  }
  const change = decideAccount(facts({ told: [moved], open: [draft, work] }), noon)
  expect([...change.drafts]).toMatchObject([{ planId: draft.planId, flaggedFor: 'account_transferred' }])
  expect(change.endings).toMatchObject([
    { planId: work.planId, expected: 'APPROVED', to: 'ABORTED', reason: 'account_transferred' },
  ])
})
