import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { renewalDefense } from '../../../src/governance/plan-types/renewal-defense.ts'
import { proposePlan } from '../../../src/governance/proposal/propose-plan.ts'
import type { PlanStatus } from '../../../src/governance/revenue-plan/revenue-plan.ts'
import { PRICES } from '../../support/world.ts'
import { olga, toldOf } from '../plan-fixture.ts'
import {
  created,
  deleted,
  invoice,
  monthEnd,
  newSignalWorld,
  nextMonthEnd,
  type SignalWorld,
  T,
  trialWillEnd,
  updated,
} from './signal-world.ts'

let world: SignalWorld
beforeEach(async () => {
  world = await newSignalWorld()
})
afterEach(() => world.close())

const pastDue = () => updated({ status: 'active' }, { status: 'past_due' }, T + 100)
const activeAgain = () => updated({ status: 'past_due' }, { status: 'active' }, T + 300)
const failed = (at = T + 101, id?: string) => invoice('payment_failed', { at, ...(id && { id }) })
const paid = (at = T + 301) => invoice('paid', { at })

async function drafted() {
  await world.deliver(created({}))
  await world.deliver(pastDue())
  await world.take()
  return world.onlyPlan()
}

describe('what puts an account at risk', () => {
  test('a subscription that is past due drafts a plan, with the event as its trigger and the period’s end as its deadline', async () => {
    await world.deliver(created({}))
    expect(await world.take()).toBe(0)
    const event = pastDue()
    await world.deliver(event)
    expect(await world.take()).toBe(1)
    const plan = await world.onlyPlan()
    expect(plan).toMatchObject({
      planType: 'RENEWAL_DEFENSE',
      planStatus: 'DRAFT',
      expiresAt: new Date(monthEnd * 1000),
      constraints: {
        price: PRICES.standard,
        quantity: 1,
        period_end: new Date(monthEnd * 1000).toISOString(),
      },
    })
    expect(plan.steps.map(({ actionType }) => actionType)).toEqual([
      'REQUEST_RENEWAL_MEETING',
      'PREP_RENEWAL_BRIEF',
      'ESCALATE_SUPPORT_RISK',
    ])
    const [entry] = await world.app<{ eventType: string; data: object }[]>`
      select event_type, data from governance.plan_ledger`
    expect(entry).toMatchObject({
      eventType: 'PLAN_CREATED',
      data: { trigger: { kind: 'past_due', id: event.id }, actor: { type: 'signal', id: event.id } },
    })
    expect(await world.tier('cus_1')).toBe('standard')
  })

  test.each([
    ['unpaid', () => [updated({ status: 'active' }, { status: 'unpaid' }, T + 100)]],
    ['paused', () => [updated({ status: 'active' }, { status: 'paused' }, T + 100)]],
    ['cancellation_scheduled', () => [updated({ cancelAt: null }, { cancelAt: monthEnd }, T + 100)]],
  ])('so does %s', async (kind, events) => {
    await world.deliver(created({}))
    await world.deliver(...events())
    await world.take()
    expect(await world.signals()).toEqual([kind])
    expect(await world.onlyPlan()).toMatchObject({ planStatus: 'DRAFT', flaggedFor: null })
  })

  test('so does a trial about to end, by Stripe’s word for it', async () => {
    const trial = { status: 'trialing', trialEnd: monthEnd }
    await world.deliver(created(trial))
    expect(await world.take()).toBe(0)
    await world.deliver(trialWillEnd(trial, T + 100))
    await world.take()
    expect(await world.signals()).toEqual(['trial_ending'])
    expect((await world.onlyPlan()).expiresAt).toEqual(new Date(monthEnd * 1000))
  })

  test.each([
    ['before', () => [[failed()], [pastDue()]]],
    ['after', () => [[pastDue()], [failed()]]],
    ['together with', () => [[failed(), pastDue()]]],
  ])('a payment that failed is told %s its status: one plan, fed by both', async (_, batches) => {
    await world.deliver(created({}))
    for (const events of batches()) {
      await world.deliver(...events)
      await world.take()
    }
    // Stripe tries again, and fails again.
    await world.deliver(failed(T + 150))
    await world.take()
    expect(await world.signals()).toEqual(['past_due', 'payment_failed'])
    expect(await world.onlyPlan()).toMatchObject({ planStatus: 'DRAFT' })
    expect(await toldOf(world.app, await world.onlyPlan())).toEqual(['PLAN_CREATED'])
  })

  test('a failed invoice alone says nothing: the subscription’s resolved status does', async () => {
    await world.deliver(created({}))
    const event = failed()
    await world.deliver(event)
    await world.take()
    expect(await world.plans()).toEqual([])
    expect(await world.markers(event.id)).toMatchObject({ enrollment: 'ignored no_payment_at_risk' })
  })

  test('a renewal tells nothing, nor does its invoice', async () => {
    await world.deliver(created({}))
    await world.deliver(updated({ periodEnd: monthEnd }, { periodEnd: nextMonthEnd }, T + 100))
    await world.deliver(invoice('paid', { until: nextMonthEnd, at: T + 101 }))
    expect(await world.app`select 1 from stripe.subscription_signals`).toEqual([])
  })

  test('another signal feeds the plan that is open; a draft whose deadline has passed gets another one (D2)', async () => {
    const first = await drafted()
    await world.app`update governance.revenue_plans set expires_at = ${new Date((T + 150) * 1000)}`
    await world.deliver(updated({ status: 'past_due' }, { status: 'unpaid' }, T + 200))
    await world.take()
    const plan = await world.onlyPlan()
    expect(plan).toMatchObject({ planId: first.planId, expiresAt: new Date(monthEnd * 1000) })
    expect(await toldOf(world.app, plan)).toEqual(['PLAN_CREATED', 'PLAN_UPDATED'])
    expect(await world.signals()).toEqual(['past_due', 'unpaid'])
  })
})

test('the risk that a person has given up is no new plan when it is told again; another one is, and all that stands feeds it', async () => {
  await world.deliver(created({}))
  await world.deliver(failed(), pastDue())
  await world.take()
  await world.moved('APPROVED', 'ABORTED')
  await world.deliver(failed(T + 150, 'in_1'))
  await world.take()
  expect(await world.plans()).toHaveLength(1)
  await world.deliver(updated({ status: 'past_due' }, { status: 'unpaid' }, T + 200))
  await world.take()
  const plans = await world.plans()
  expect(plans.map(({ planStatus }) => planStatus).sort()).toEqual(['ABORTED', 'DRAFT'])
  const draft = plans.find(({ planStatus }) => planStatus === 'DRAFT')!
  const fed = await world.app`select 1 from governance.risk_signals where plan_id = ${draft.planId}`
  expect(fed).toHaveLength(3)
})

test('a proposal for an account at risk takes its deadline and what it stands on from the risk, and is fed by it', async () => {
  const { tenantId, accountId } = await drafted()
  await world.moved('APPROVED', 'ABORTED')
  const asked = { tenantId, accountId, planType: renewalDefense }
  const made = await world.app.begin((tx) => proposePlan(tx, asked, { at: new Date(), actor: olga }))
  expect(made).toMatchObject({
    kind: 'created',
    plan: { expiresAt: new Date(monthEnd * 1000), constraints: { price: PRICES.standard, quantity: 1 } },
  })
  await world.deliver(activeAgain(), paid())
  await world.take()
  const draft = (await world.plans()).find(({ planStatus }) => planStatus === 'DRAFT')
  expect(draft).toMatchObject({ flaggedFor: 'risk_cleared' })
})

describe('the risk is over: active, not cancelling, and paid for the period at risk', () => {
  test.each<[PlanStatus[], object, string]>([
    [
      ['APPROVED', 'ACTIVE'],
      { planStatus: 'COMPLETED', completionReason: 'objective_met' },
      'PLAN_COMPLETED',
    ],
    [['APPROVED', 'ACTIVE', 'PAUSED'], { planStatus: 'ABORTED' }, 'PLAN_ABORTED'],
    [['APPROVED'], { planStatus: 'ABORTED' }, 'PLAN_ABORTED'],
    [[], { planStatus: 'DRAFT', flaggedFor: 'risk_cleared' }, 'PLAN_UPDATED'],
  ])('%j and then paid', async (ways, becomes, entry) => {
    await drafted()
    await world.moved(...ways)
    await world.deliver(activeAgain())
    await world.take()
    // Nobody has seen the money yet.
    expect(await world.outcomes()).toEqual([])
    await world.deliver(paid())
    await world.take()
    const plan = await world.onlyPlan()
    expect(plan).toMatchObject(becomes)
    expect((await toldOf(world.app, plan)).at(-1)).toBe(entry)
    if (entry === 'PLAN_ABORTED') {
      const [told] =
        await world.app`select data ->> 'reason' as reason from governance.plan_ledger where event_type = 'PLAN_ABORTED'`
      expect(told).toEqual({ reason: 'risk_cleared' })
    }
    expect(await world.outcomes()).toEqual(['DOWNSTREAM_WIN'])
    await world.deliver(invoice('paid', { id: 'in_2', until: nextMonthEnd, at: T + 900 }))
    await world.take()
    expect(await world.outcomes()).toEqual(['DOWNSTREAM_WIN'])
  })

  test.each([
    ['before the status', () => [[paid()], [activeAgain()]]],
    ['with the status', () => [[paid(), activeAgain()]]],
  ])('the payment told %s is as good', async (_, batches) => {
    await drafted()
    await world.moved('APPROVED', 'ACTIVE')
    for (const events of batches()) {
      await world.deliver(...events)
      await world.take()
    }
    expect(await world.onlyPlan()).toMatchObject({ planStatus: 'COMPLETED' })
  })

  test('an invoice of an earlier period ends no risk', async () => {
    await drafted()
    await world.deliver(activeAgain(), invoice('paid', { id: 'in_0', until: T, at: T + 301 }))
    await world.take()
    expect(await world.onlyPlan()).toMatchObject({ planStatus: 'DRAFT', flaggedFor: null })
  })

  test('usage is charged after its period: the invoice that failed, once paid, is what was at risk', async () => {
    await world.deliver(created({}))
    const usage = { until: T, id: 'in_usage' }
    await world.deliver(pastDue(), invoice('payment_failed', { ...usage, at: T + 101 }))
    await world.take()
    await world.deliver(activeAgain(), invoice('paid', { ...usage, at: T + 301 }))
    await world.take()
    expect(await world.onlyPlan()).toMatchObject({ flaggedFor: 'risk_cleared' })
  })

  test('a trial that ends is active before it is collected', async () => {
    const trial = { status: 'trialing', trialEnd: monthEnd }
    await world.deliver(created(trial), invoice('paid', { id: 'in_trial', until: monthEnd, at: T }))
    await world.deliver(trialWillEnd(trial, T + 100))
    const active = { status: 'active', trialEnd: monthEnd, periodEnd: nextMonthEnd }
    await world.deliver(updated({ status: 'trialing', periodEnd: monthEnd }, active, T + 200))
    await world.take()
    expect(await world.onlyPlan()).toMatchObject({ planStatus: 'DRAFT', flaggedFor: null })
    await world.deliver(invoice('paid', { until: nextMonthEnd, at: T + 300 }))
    await world.take()
    expect(await world.onlyPlan()).toMatchObject({ flaggedFor: 'risk_cleared' })
  })

  test('a cancellation that is withdrawn is over by itself; one that moves to another day is not', async () => {
    await world.deliver(created({}))
    await world.deliver(updated({ cancelAt: null }, { cancelAt: monthEnd }, T + 100))
    await world.take()
    await world.deliver(updated({ cancelAt: monthEnd }, { cancelAt: nextMonthEnd }, T + 200))
    await world.take()
    expect(await world.onlyPlan()).toMatchObject({ planStatus: 'DRAFT', flaggedFor: null })
    await world.deliver(updated({ cancelAt: nextMonthEnd }, { cancelAt: null }, T + 300))
    await world.take()
    expect(await world.onlyPlan()).toMatchObject({ flaggedFor: 'risk_cleared' })
    expect(await world.outcomes()).toEqual(['DOWNSTREAM_WIN'])
    // And scheduled again: the draft is looked at anew.
    await world.deliver(updated({ cancelAt: null }, { cancelAt: monthEnd }, T + 400))
    await world.take()
    expect(await world.onlyPlan()).toMatchObject({ flaggedFor: null })
  })

  test('paid, but cancelling: the risk stands', async () => {
    await drafted()
    await world.deliver(
      updated({ status: 'past_due', cancelAt: null }, { cancelAt: monthEnd }, T + 300),
      paid(),
    )
    await world.take()
    expect(await world.onlyPlan()).toMatchObject({ planStatus: 'DRAFT', flaggedFor: null })
    await world.deliver(updated({ cancelAt: monthEnd }, { cancelAt: null }, T + 400))
    await world.take()
    expect(await world.onlyPlan()).toMatchObject({ flaggedFor: 'risk_cleared' })
  })
})

describe('the subscription is deleted', () => {
  test.each<[PlanStatus[], boolean, object]>([
    [['APPROVED', 'ACTIVE'], true, { planStatus: 'EXPIRED' }],
    [['APPROVED', 'ACTIVE'], false, { planStatus: 'ABORTED' }],
    [['APPROVED', 'ACTIVE', 'PAUSED'], true, { planStatus: 'ABORTED' }],
    [['APPROVED'], false, { planStatus: 'ABORTED' }],
    [[], false, { planStatus: 'DRAFT', flaggedFor: 'subscription_deleted' }],
  ])('%j, its deadline passed: %j', async (ways, passed, becomes) => {
    const { expiresAt } = await drafted()
    await world.moved(...ways)
    await world.deliver(deleted({}, T + 400))
    await world.take(passed ? expiresAt : new Date())
    expect(await world.onlyPlan()).toMatchObject(becomes)
    expect(await world.outcomes()).toEqual(['DOWNSTREAM_LOSS'])
    const aborted = await world.app`
      select 1 from governance.plan_ledger
      where event_type = 'PLAN_ABORTED' and data ->> 'reason' = 'subscription_deleted'`
    expect(aborted).toHaveLength((await world.onlyPlan()).planStatus === 'ABORTED' ? 1 : 0)
  })

  test('what follows a plan that has ended by itself is measured as well', async () => {
    await drafted()
    await world.moved('APPROVED', 'ACTIVE')
    await world.app`update governance.revenue_plans set plan_status = 'COMPLETED', completed_at = now(), completion_reason = 'all_steps_done'`
    await world.deliver(deleted({}, T + 400))
    await world.take()
    expect(await world.outcomes()).toEqual(['DOWNSTREAM_LOSS'])
    expect(await world.onlyPlan()).toMatchObject({ planStatus: 'COMPLETED' })
  })
})

test('a price change moves no plan, and what is known of the subscription follows it', async () => {
  const plan = await drafted()
  const pro = { status: 'past_due', items: [['si_1', PRICES.pro, 3]] as [string, string, number][] }
  await world.deliver(updated({ items: [['si_1', PRICES.standard, 1]] }, pro, T + 200))
  await world.take()
  expect(await world.onlyPlan()).toMatchObject({ planStatus: 'DRAFT', constraints: plan.constraints })
  const [row] = await world.app`select snapshot from governance.revenue_plans`
  expect(row).toMatchObject({ snapshot: { price: PRICES.pro, quantity: 3, status: 'past_due' } })
})
