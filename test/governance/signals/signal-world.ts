import { transitionPlan } from '../../../src/governance/lifecycle/transition-plan.ts'
import { getPlan } from '../../../src/governance/repository/get-plan.ts'
import {
  keyOf,
  type PlanStatus,
  type RevenuePlan,
} from '../../../src/governance/revenue-plan/revenue-plan.ts'
import { takeSignals } from '../../../src/governance/signals/take-signals.ts'
import { event, newWorld, type SubscriptionSketch, subscription, type World } from '../../support/world.ts'
import { olga } from '../plan-fixture.ts'

/** Unix seconds: when the account's month began, and when it ends. */
export const T = Math.floor(Date.now() / 1000) - 100_000
export const monthEnd = T + 20 * 86_400
export const nextMonthEnd = monthEnd + 30 * 86_400

export type Sketch = SubscriptionSketch & { trialEnd?: number | null }

function stripeObject({ trialEnd = null, ...sketch }: Sketch): Record<string, unknown> {
  return { ...subscription({ periodEnd: monthEnd, ...sketch }), trial_end: trialEnd }
}

export const created = (to: Sketch, at = T) =>
  event('customer.subscription.created', stripeObject(to), { created: at })
export const deleted = (to: Sketch, at: number) =>
  event('customer.subscription.deleted', stripeObject({ ...to, status: 'canceled' }), { created: at })
export const trialWillEnd = (to: Sketch, at: number) =>
  event('customer.subscription.trial_will_end', stripeObject(to), { created: at })
export function updated(from: Sketch, to: Sketch, at: number) {
  const before = stripeObject({ ...to, ...from })
  const after = stripeObject(to)
  const previous = Object.fromEntries(
    Object.entries(before).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(after[key])),
  )
  return event('customer.subscription.updated', after, { created: at, previous })
}

/** An invoice of the newest API version. `until`: the end of what it charges for. */
export function invoice(
  what: 'paid' | 'payment_failed',
  {
    id = 'in_1',
    sub = 'sub_1',
    until = monthEnd,
    at,
  }: { id?: string; sub?: string; until?: number; at: number },
) {
  const object = {
    id,
    object: 'invoice',
    customer: 'cus_1',
    parent: { type: 'subscription_details', subscription_details: { subscription: sub } },
    period_end: until - 30 * 86_400,
    lines: { object: 'list', data: [{ id: 'il_1', period: { start: until - 30 * 86_400, end: until } }] },
  }
  return event(`invoice.${what}`, object, { created: at })
}

export type SignalWorld = World & {
  /** Takes up what was told, as the sweep does. Throws where the sweep would only log. */
  take(at?: Date): Promise<number>
  plans(customer?: string): Promise<RevenuePlan[]>
  onlyPlan(): Promise<RevenuePlan>
  /** Takes the only plan to a status by the lifecycle's own ways. */
  moved(...ways: PlanStatus[]): Promise<RevenuePlan>
  outcomes(): Promise<string[]>
  /** The kinds of signals, with what has become of each. */
  signals(): Promise<string[]>
}

export async function newSignalWorld(): Promise<SignalWorld> {
  const world = await newWorld()
  const plans = async (customer = 'cus_1') => {
    const rows = await world.app<{ tenantId: string; planId: string }[]>`
      select p.tenant_id, p.plan_id from governance.revenue_plans p
      join stripe.customers c on c.organization_id = p.account_id
      where c.stripe_customer_id = ${customer} order by p.created_at, p.plan_id`
    return Promise.all(rows.map(async (row) => (await getPlan(world.app, row))!))
  }
  const onlyPlan = async () => {
    const all = await plans()
    if (all.length !== 1) throw new Error(`There are ${all.length} plans`)
    return all[0]!
  }
  return {
    ...world,
    plans,
    onlyPlan,
    take: (at = new Date()) =>
      takeSignals(world.app, {
        now: () => at,
        failed: (_, error) => {
          throw error
        },
      }),
    async moved(...ways) {
      for (const to of ways) {
        const plan = await onlyPlan()
        const asked = { ...keyOf(plan), to, at: new Date(), actor: olga, reason: 'Given up' }
        const moved = await world.app.begin((tx) => transitionPlan(tx, asked))
        if (moved.kind !== 'done') throw new Error(JSON.stringify(moved))
      }
      return onlyPlan()
    },
    async outcomes() {
      const rows = await world.app<{ told: string }[]>`
        select outcome_type as told from governance.outcomes where outcome_type like 'DOWNSTREAM%' order by recorded_at`
      return rows.map(({ told }) => told)
    },
    async signals() {
      const rows = await world.app<{ told: string }[]>`
        select concat_ws(' ', signal_kind, cleared_by) as told from governance.risk_signals order by 1`
      return rows.map(({ told }) => told)
    },
  }
}
