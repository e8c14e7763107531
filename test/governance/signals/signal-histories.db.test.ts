import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { lifecycle } from '../../../src/governance/lifecycle/lifecycle.ts'
import { transitionPlan } from '../../../src/governance/lifecycle/transition-plan.ts'
import { openPlan } from '../../../src/governance/repository/list-plans.ts'
import { keyOf, type PlanStatus } from '../../../src/governance/revenue-plan/revenue-plan.ts'
import { takeSignals } from '../../../src/governance/signals/take-signals.ts'
import { putSignals, type SignalRow } from '../../../src/stripe/enrollment/tell-signals.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { type Account, aForeignAccount, anAccount, noon, olga } from '../plan-fixture.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db.close())

const day = 86_400
const from = noon.getTime() / 1000
const periodEnd = from + 20 * day

/** What happens to a subscription, and how it stands after that. */
const steps = {
  past_due: { status: 'past_due', cancelAt: null, period: periodEnd },
  unpaid: { status: 'unpaid', cancelAt: null, period: periodEnd },
  cancellation_scheduled: { status: 'active', cancelAt: periodEnd, period: periodEnd },
  cancellation_withdrawn: { status: 'active', cancelAt: null, period: null },
  paid: { status: 'active', cancelAt: null, period: null },
  price_changed: { status: 'active', cancelAt: null, period: null },
  ended: { status: 'canceled', cancelAt: null, period: null },
} as const
type Step = keyof typeof steps
type Life = { subscriptionId: string; told: Step[] }

function rowOf(account: Account, subscriptionId: string, step: Step, n: number): SignalRow {
  const { status, cancelAt, period } = steps[step]
  const iso = (seconds: number | null) => seconds && new Date(seconds * 1000).toISOString()
  return {
    ...account,
    subscriptionId,
    kind: step,
    period,
    paidUntil: step === 'paid' ? periodEnd : null,
    cause: `evt_${subscriptionId}_${n}`,
    eventId: `evt_${subscriptionId}_${n}`,
    occurredAt: from + n,
    state: {
      status,
      price: 'price_1',
      quantity: 1,
      period_end: iso(periodEnd),
      cancel_at: iso(cancelAt),
      trial_end: null,
    },
  }
}

const life = fc
  .array(fc.constantFrom(...(Object.keys(steps) as Step[]).filter((step) => step !== 'ended')), {
    maxLength: 5,
  })
  .chain((told) => fc.boolean().map((ends): Step[] => (ends ? [...told, 'ended'] : told)))

const tell = (rows: readonly SignalRow[]) => db.app.begin((tx) => putSignals(tx, rows))
const take = (at: Date) =>
  takeSignals(db.app, {
    now: () => at,
    failed: (_, error) => {
      throw error
    },
  })

/** Takes up what stands, and dies before it commits. */
async function dieTaking(at: Date): Promise<void> {
  const dying = new Proxy(db.app, {
    get: (target, name) =>
      name === 'begin'
        ? (work: (tx: unknown) => Promise<unknown>) =>
            target.begin(async (tx) => {
              await work(tx)
              throw new Error('killed')
            })
        : Reflect.get(target, name),
  })
  await takeSignals(dying, { now: () => at, failed: () => {} })
}

async function standing(account: Account) {
  const plans = await db.app<
    { planStatus: string; flaggedFor: string | null; steps: { action_type: string }[] }[]
  >`
    select plan_status, flagged_for, objective, plan_type, constraints, expires_at, steps from governance.revenue_plans
    where tenant_id = ${account.tenantId} and account_id = ${account.accountId} order by created_at`
  const signals = await db.app`
    select subscription_id, signal_kind, period, cleared_by from governance.risk_signals
    where tenant_id = ${account.tenantId} and account_id = ${account.accountId} order by 1, 2, 3`
  return {
    plans: plans.map((plan) => ({ ...plan, steps: plan.steps.map(({ action_type }) => action_type) })),
    signals: signals.map((signal) => ({ ...signal })),
  }
}

test('the same signals, told in another order of subscriptions, twice and in other portions, give the same plan', async () => {
  await fc.assert(
    fc.asyncProperty(
      life,
      life,
      fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
      async (a, b, dice) => {
        const one = await anAccount(db.owner)
        const two = await anAccount(db.owner)
        const [first, second] = [randomUUID(), randomUUID()]
        const told = (account: Account, lives: Life[]) =>
          lives.map(({ subscriptionId, told }) =>
            told.map((step, n) => rowOf(account, subscriptionId, step, n)),
          )
        const lives = [
          { subscriptionId: first, told: a },
          { subscriptionId: second, told: b },
        ]
        const [left, right] = told(one, lives) as [SignalRow[], SignalRow[]]
        await tell([...left, ...right])
        await take(noon)
        const expected = await standing(one)
        // Ours are other ids of the same two lives: a subscription is one account's at a time.
        const renamed = new Map([
          [first, randomUUID()],
          [second, randomUUID()],
        ])
        const [mine, yours] = told(
          two,
          lives.map((it) => ({ ...it, subscriptionId: renamed.get(it.subscriptionId)! })),
        ) as [SignalRow[], SignalRow[]]
        for (const mineNext of dice) {
          const row = (mineNext ? mine.shift() : yours.shift()) ?? mine.shift() ?? yours.shift()
          if (!row) break
          await tell([row, row])
          await tell([row])
          if (mineNext) await take(noon)
        }
        await take(noon)
        const back = new Map([...renamed].map(([was, is]) => [is, was]))
        const found = await standing(two)
        const byKey = (x: object, y: object) => (JSON.stringify(x) < JSON.stringify(y) ? -1 : 1)
        expect({
          ...found,
          signals: found.signals
            .map((signal) => ({
              ...signal,
              subscription_id: undefined,
              subscriptionId: back.get(signal.subscriptionId),
            }))
            .map(({ subscription_id: _, ...signal }) => signal)
            .sort(byKey),
        }).toEqual({ ...expected, signals: [...expected.signals].sort(byKey) })
      },
    ),
    { numRuns: 25 },
  )
}, 120_000)

type Deed =
  | { kind: 'tell'; of: 0 | 1; sub: 0 | 1; step: Step }
  | { kind: 'take' }
  | { kind: 'die' }
  | { kind: 'move'; of: 0 | 1; to: PlanStatus }
  | { kind: 'clock'; days: number }

const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('tell' as const),
      of: fc.constantFrom(0 as const, 1 as const),
      sub: fc.constantFrom(0 as const, 1 as const),
      step: fc.constantFrom(...(Object.keys(steps) as Step[])),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: 'take' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'die' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('move' as const),
      of: fc.constantFrom(0 as const, 1 as const),
      to: fc.constantFrom<PlanStatus[]>('APPROVED', 'ACTIVE', 'PAUSED', 'ABORTED'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.integer({ min: -5, max: 25 }).map((days) => ({ kind: 'clock' as const, days })),
  },
)

test('whatever happens, one plan is open on an account, the ledger alone retells its status, and two tenants never meet', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(deed, { minLength: 8, maxLength: 30 }), async (deeds) => {
      const accounts = [await anAccount(db.owner), await aForeignAccount(db.owner)] as const
      const subs = [
        [randomUUID(), randomUUID()],
        [randomUUID(), randomUUID()],
      ] as const
      let at = noon
      for (const [n, it] of deeds.entries()) {
        if (it.kind === 'tell') await tell([rowOf(accounts[it.of], subs[it.of][it.sub], it.step, n)])
        else if (it.kind === 'take') await Promise.all([take(at), take(at)])
        else if (it.kind === 'die') await dieTaking(at)
        else if (it.kind === 'clock') at = new Date(at.getTime() + it.days * day * 1000)
        else {
          const plan = await openPlan(db.app, { ...accounts[it.of], planType: 'RENEWAL_DEFENSE' })
          const moved = { to: it.to, at, actor: olga, reason: 'because' }
          if (plan) await db.app.begin((tx) => transitionPlan(tx, { ...keyOf(plan), ...moved }))
        }
      }
      await take(at)
      for (const [n, { tenantId, accountId }] of accounts.entries()) {
        const plans = await db.app<{ planId: string; planStatus: PlanStatus; tenantId: string }[]>`
          select plan_id, plan_status, tenant_id from governance.revenue_plans where account_id = ${accountId}`
        expect(
          plans.filter(({ planStatus }) => Object.keys(lifecycle[planStatus]).length > 0).length,
        ).toBeLessThan(2)
        for (const plan of plans) {
          expect(plan.tenantId).toBe(tenantId)
          expect(await retold(plan.planId)).toBe(plan.planStatus)
        }
        const strange = await db.app`
          select 1 from governance.risk_signals where account_id = ${accountId}
            and (tenant_id <> ${tenantId} or not subscription_id = any(${[...subs[n]!]}::uuid[])
                 or plan_id is not null and not plan_id = any(${plans.map(({ planId }) => planId)}))
          union all select 1 from governance.outcomes where account_id = ${accountId} and tenant_id <> ${tenantId}
          union all select 1 from governance.plan_ledger where account_id = ${accountId} and tenant_id <> ${tenantId}`
        expect(strange).toEqual([])
      }
      expect(await db.app`select 1 from stripe.subscription_signals where taken_at is null`).toEqual([])
    }),
    { numRuns: 40 },
  )
}, 180_000)

const statusOf: Record<string, PlanStatus> = {
  PLAN_CREATED: 'DRAFT',
  ...Object.fromEntries(
    Object.values(lifecycle).flatMap((ways) =>
      Object.entries(ways).map(([status, event]) => [event, status]),
    ),
  ),
}

async function retold(planId: string): Promise<PlanStatus | null> {
  const entries = await db.app<{ eventType: string }[]>`
    select event_type from governance.plan_ledger where plan_id = ${planId} order by recorded_at, sequence`
  return entries.reduce<PlanStatus | null>((status, { eventType }) => statusOf[eventType] ?? status, null)
}
