import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { transitionPlan } from '../../../src/governance/lifecycle/transition-plan.ts'
import { renewalDefense } from '../../../src/governance/plan-types/renewal-defense.ts'
import { proposePlan } from '../../../src/governance/proposal/propose-plan.ts'
import { openPlan } from '../../../src/governance/repository/list-plans.ts'
import { keyOf } from '../../../src/governance/revenue-plan/revenue-plan.ts'
import { takeSignals } from '../../../src/governance/signals/take-signals.ts'
import { putSignals, type SignalRow } from '../../../src/stripe/enrollment/tell-signals.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { type Account, anAccount, noon, olga, seededPlan, toldOf } from '../plan-fixture.ts'

let db: TestDatabase
let account: Account
let subscriptionId: string
let told = 0
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db.close())
beforeEach(async () => {
  account = await anAccount(db.owner)
  subscriptionId = randomUUID()
})

/** Unix seconds. */
const from = noon.getTime() / 1000
const monthEnd = from + 20 * 86_400
const nextMonthEnd = from + 50 * 86_400
const iso = (seconds: number) => new Date(seconds * 1000).toISOString()

/** Tells it as a worker does; `state` is what differs from an active subscription. */
async function tell(kind: SignalRow['kind'], state: object = {}, more: Partial<SignalRow> = {}) {
  const cause = `evt_${++told}_${randomUUID()}`
  const known = { status: 'active', price: 'price_1', quantity: 1, period_end: iso(monthEnd) }
  const row: SignalRow = {
    ...account,
    subscriptionId,
    kind,
    period: null,
    paidUntil: null,
    cause,
    eventId: cause,
    occurredAt: from + told,
    state: { ...known, cancel_at: null, trial_end: null, ...state },
    ...more,
  }
  await db.app.begin((tx) => putSignals(tx, [row]))
}
const cancelling = (at: number) => tell('cancellation_scheduled', { cancel_at: iso(at) }, { period: at })
const take = (signal?: AbortSignal) =>
  takeSignals(db.app, {
    now: () => noon,
    ...(signal && { signal }),
    failed: (_, error) => {
      throw error
    },
  })
const open = () => openPlan(db.app, { ...account, planType: renewalDefense.planType })
const outcomes = () => db.app`
  select plan_id, outcome_type, event_id from governance.outcomes
  where account_id = ${account.accountId} and outcome_type like 'DOWNSTREAM%' order by recorded_at`
const risks = () => db.app`
  select subscription_id, period, plan_id, cleared_by from governance.risk_signals
  where account_id = ${account.accountId} order by seen_at`

test('what a fetch reveals has no event, and a risk of which nobody knows the period is over with whatever is paid', async () => {
  await tell('past_due', { status: 'past_due' }, { cause: `fetch_${randomUUID()}`, eventId: null })
  await take()
  const draft = (await open())!
  expect(draft).toMatchObject({ planStatus: 'DRAFT', flaggedFor: null })
  expect(await risks()).toMatchObject([{ period: '', planId: draft.planId, clearedBy: null }])
  const cause = `fetch_${randomUUID()}`
  await tell('recovered', {}, { cause, eventId: null, paidUntil: from - 86_400 })
  await take()
  expect(await open()).toMatchObject({ planId: draft.planId, flaggedFor: 'risk_cleared' })
  expect(await outcomes()).toMatchObject([
    { planId: draft.planId, outcomeType: 'DOWNSTREAM_WIN', eventId: null },
  ])
})

test('a plan that a person proposed, and no signal feeds, ends with the subscription', async () => {
  const plan = await seededPlan(db.app, account, 'ACTIVE')
  await tell('price_changed', { price: 'price_2' })
  await take()
  expect(await open()).toMatchObject({ planStatus: 'ACTIVE' })
  await tell('ended', { status: 'canceled' })
  await take()
  expect(await open()).toBeNull()
  expect(await toldOf(db.app, plan)).toEqual(['PLAN_ABORTED'])
  expect(await outcomes()).toMatchObject([{ planId: plan.planId, outcomeType: 'DOWNSTREAM_LOSS' }])
})

test('when a person proposes a plan at the very moment of a risk, there is one plan, and the risk feeds it', async () => {
  await tell('past_due', { status: 'past_due' }, { period: monthEnd })
  const proposed = await db.app.begin(async (tx) => {
    const made = await proposePlan(
      tx,
      { ...account, planType: renewalDefense, objective: 'Keep them' },
      { at: noon, actor: olga },
    )
    // The account is held by whoever proposes: the pass leaves it to the next one.
    expect(await take()).toBe(0)
    return made
  })
  expect(await take()).toBe(1)
  if (proposed.kind !== 'created') throw new Error(proposed.kind)
  expect(await open()).toMatchObject({ planId: proposed.plan.planId, objective: 'Keep them' })
  expect(await risks()).toMatchObject([{ planId: proposed.plan.planId, clearedBy: null }])
  expect(await toldOf(db.app, proposed.plan)).toEqual(['PLAN_CREATED'])
})

test('a cancellation that moves to another day says nothing of the plan that was given up before, and drafts the next one', async () => {
  await cancelling(monthEnd)
  await take()
  const given = (await open())!
  for (const to of ['APPROVED', 'ABORTED'] as const)
    await db.app.begin((tx) =>
      transitionPlan(tx, { ...keyOf(given), to, at: noon, actor: olga, reason: 'Given up' }),
    )
  await cancelling(nextMonthEnd)
  await take()
  const next = (await open())!
  expect(next).toMatchObject({ planStatus: 'DRAFT', flaggedFor: null })
  expect(await risks()).toMatchObject([
    { planId: given.planId, clearedBy: 'superseded' },
    { planId: next.planId, clearedBy: null },
  ])
  expect(await outcomes()).toEqual([])
  await tell('cancellation_withdrawn')
  await take()
  expect(await open()).toMatchObject({ planId: next.planId, flaggedFor: 'risk_cleared' })
  expect(await outcomes()).toMatchObject([{ planId: next.planId, outcomeType: 'DOWNSTREAM_WIN' }])
})

test('of two subscriptions at risk one goes to another owner: the risk of the one that stays stands', async () => {
  const staying = randomUUID()
  await tell('past_due', { status: 'past_due' }, { period: monthEnd })
  await tell('unpaid', { status: 'unpaid' }, { period: monthEnd, subscriptionId: staying })
  await take()
  const transfer = { subscriptionId: null, eventId: null, state: { subscriptions: [subscriptionId] } }
  await tell('account_transferred', {}, transfer)
  await take()
  expect(await open()).toMatchObject({ planStatus: 'DRAFT', flaggedFor: 'account_transferred' })
  expect(await risks()).toMatchObject([
    { subscriptionId, clearedBy: 'account_transferred' },
    { subscriptionId: staying, clearedBy: null },
  ])
})

test('a process that is to stop takes up no further account, and the next one does', async () => {
  await tell('past_due', { status: 'past_due' }, { period: monthEnd })
  expect(await take(AbortSignal.abort())).toBe(0)
  expect(await open()).toBeNull()
  expect(await take()).toBe(1)
  expect(await open()).toMatchObject({ planStatus: 'DRAFT' })
})
