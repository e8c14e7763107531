import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Advance, advancePlan } from '../../../src/governance/orchestrator/advance-plan.ts'
import { claimedUntil, executionsOf } from '../../../src/governance/orchestrator/step-executions.ts'
import type { RevenuePlan } from '../../../src/governance/revenue-plan/revenue-plan.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { type Account, anAccount, later, noon, planFor, seededPlan } from '../plan-fixture.ts'
import { aSignal, parts } from './orchestrator-fixture.ts'

let db: TestDatabase
let account: Account
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db.close())
beforeEach(async () => {
  account = await anAccount(db.owner)
})

/** With one step, which a person does. */
async function active(more: Partial<RevenuePlan> = {}): Promise<RevenuePlan> {
  const steps = planFor(account).steps.slice(0, 1)
  const plan = await seededPlan(db.app, account, 'ACTIVE', { steps, ...more })
  await aSignal(db.app, plan)
  return plan
}
const look = async ({ planId }: RevenuePlan) =>
  (await db.app`select look_at, waits_for from governance.revenue_plans where plan_id = ${planId}`)[0]!
/** A claim that a process left lying when it died. */
const leftLying = (plan: RevenuePlan, stepId: string) => db.owner`
  insert into governance.step_executions
    (tenant_id, account_id, plan_id, step_id, attempt, action_type, executor, idempotency_key, state, claimed_at, claimed_until)
  values (${plan.tenantId}, ${plan.accountId}, ${plan.planId}, ${stepId}, 1, 'REQUEST_RENEWAL_MEETING', 'operator-task',
    ${`step_${stepId}_1`}, 'claimed', ${later(-10)}, ${later(-5)})`

test('a plan that is looked at while somebody is at its step waits until that claim would count as left lying', async () => {
  const plan = await active()
  const looks: (Advance | object)[] = []
  const using = parts(db.app, {
    executors: {
      'operator-task': async () => {
        looks.push(await advancePlan(db.app, plan, parts(db.app, { at: () => later(1) })), await look(plan))
        return { kind: 'sent' }
      },
    },
  })
  expect(await advancePlan(db.app, plan, using)).toBe('tried')
  expect(looks).toEqual([
    'waits',
    { lookAt: claimedUntil(noon), waitsFor: 'REQUEST_RENEWAL_MEETING is under way.' },
  ])
})

test.each<[string, Partial<RevenuePlan>, (plan: RevenuePlan) => string]>([
  [
    'of a type that is configured no more',
    { planType: 'GONE' },
    (plan: RevenuePlan) => plan.steps[0]!.stepId,
  ],
  ['that is in its plan no more', {}, () => randomUUID()],
])('nobody takes up the try of a step %s', async (_, more, stepOf) => {
  const plan = await active(more)
  const stepId = stepOf(plan)
  await leftLying(plan, stepId)
  await advancePlan(db.app, plan, parts(db.app))
  const lying = (await executionsOf(db.app, plan)).filter((one) => one.stepId === stepId)
  expect(lying).toMatchObject([{ state: 'claimed', claimedUntil: later(-5) }])
})

test('a try whose key stands for spending of another plan is not begun, and asks again in an hour', async () => {
  const plan = await active()
  await db.owner`
    insert into governance.budget_reservations
      (tenant_id, operation_id, account_id, plan_id, tool, cost_class, verdict, caps, reserved_at)
    values (${plan.tenantId}, ${`step_${plan.steps[0]!.stepId}_1`}, ${plan.accountId}, 'plan_0', 'operator-task', 'CHEAP', 'ALLOW', '[]',
      ${noon})`
  expect(await advancePlan(db.app, plan, parts(db.app))).toBe('waits')
  expect(await look(plan)).toEqual({
    lookAt: later(60),
    waitsFor: expect.stringContaining('is blocked by the budget. The operation is known already'),
  })
  expect(await executionsOf(db.app, plan)).toEqual([])
})
