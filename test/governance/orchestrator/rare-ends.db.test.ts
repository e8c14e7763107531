import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { closeTask } from '../../../src/governance/executors/operator-tasks.ts'
import { advancePlan } from '../../../src/governance/orchestrator/advance-plan.ts'
import { endStep } from '../../../src/governance/orchestrator/end-step.ts'
import { outcomesOfPlan } from '../../../src/governance/outcomes/outcomes.ts'
import { getPlan } from '../../../src/governance/repository/get-plan.ts'
import type { RevenuePlan } from '../../../src/governance/revenue-plan/revenue-plan.ts'
import { runValidators } from '../../../src/governance/validators/run-validators.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { type Account, anAccount, later, noon, olga, seededPlan, toldOf } from '../plan-fixture.ts'
import { aSignal, openTasks, parts } from './orchestrator-fixture.ts'

let db: TestDatabase
let account: Account
beforeAll(async () => {
  db = await testDatabase()
  account = await anAccount(db.owner)
})
afterAll(() => db.close())
afterEach(() => db.owner`delete from governance.revenue_plans`)

async function active(more: Partial<RevenuePlan> = {}): Promise<RevenuePlan> {
  const plan = await seededPlan(db.app, account, 'ACTIVE', more)
  await aSignal(db.app, plan)
  return plan
}
const now = async (plan: RevenuePlan) => (await getPlan(db.app, plan))!
const waitsFor = async ({ planId }: RevenuePlan) =>
  (await db.app`select waits_for from governance.revenue_plans where plan_id = ${planId}`)[0]!.waitsFor
const ended = (plan: RevenuePlan, kind: 'sent' | 'done' | 'failed') => {
  const outcome = kind === 'failed' ? { kind, reason: 'No.' } : { kind }
  const end = { stepId: plan.steps[0]!.stepId, attempt: 1, outcome, at: later(1) }
  return db.app.begin((tx) => endStep(tx, plan, end))
}
/** As a person may repair a row: no verb does. */
const stepsSet = (plan: RevenuePlan, status: string) => db.owner`
  update governance.revenue_plans
  set steps = (select jsonb_agg(step || jsonb_build_object('status', ${status}::text)) from jsonb_array_elements(steps) step)
  where plan_id = ${plan.planId}`

test('what no executor here can do waits, and says so', async () => {
  const plan = await active()
  expect(await advancePlan(db.app, plan, parts(db.app, { executors: {} }))).toBe('waits')
  expect(await waitsFor(plan)).toContain('Nothing here can do REQUEST_RENEWAL_MEETING.')
})

test('a plan none of whose steps can be done says so, and one that is gone or paused is left alone', async () => {
  const plan = await active()
  await stepsSet(plan, 'PENDING_APPROVAL')
  expect(await advancePlan(db.app, plan, parts(db.app))).toBe('waits')
  expect(await waitsFor(plan)).toBe('No step is left that can be done.')
  expect(await advancePlan(db.app, { ...plan, planId: 'plan_0' }, parts(db.app))).toBe('nothing')
  await db.owner`update governance.revenue_plans set plan_status = 'PAUSED' where plan_id = ${plan.planId}`
  expect(await advancePlan(db.app, plan, parts(db.app))).toBe('nothing')
})

test('a try that ends when its plan is gone is recorded, and moves nothing', async () => {
  const plan = await active()
  const left = { executors: { 'operator-task': async () => Promise.reject(new Error('killed')) } }
  await expect(advancePlan(db.app, plan, parts(db.app, left))).rejects.toThrow('killed')
  await db.owner`delete from governance.revenue_plans where plan_id = ${plan.planId}`
  expect(await ended(plan, 'sent')).toBe(true)
  expect(await ended(plan, 'done')).toBe(true)
  expect(await ended(plan, 'done')).toBe(false)
  expect(await toldOf(db.app, plan)).not.toContain('STEP_COMPLETED')
  expect(await outcomesOfPlan(db.app, { ...plan, limit: 10 })).toMatchObject([
    { outcomeType: 'EXECUTION_SUCCESS' },
  ])
})

test('a step that stands otherwise by now is not done a second time, nor does it fail', async () => {
  for (const [kind, at] of [
    ['done', 1],
    ['failed', 3],
  ] as const) {
    const plan = await active({ planType: kind === 'done' ? 'RENEWAL_DEFENSE' : 'GONE' })
    await db.owner`
      insert into governance.step_executions
        (tenant_id, account_id, plan_id, step_id, attempt, action_type, executor, idempotency_key, state, claimed_at, claimed_until)
      values (${plan.tenantId}, ${plan.accountId}, ${plan.planId}, ${plan.steps[0]!.stepId}, 1, 'X', 'operator-task', ${`k${at}`},
        'sent', ${noon}, ${noon})`
    await stepsSet(plan, 'SKIPPED')
    expect(await ended(plan, kind)).toBe(true)
    expect((await now(plan)).steps[0]!.status).toBe('SKIPPED')
    expect(await now(plan)).toMatchObject({ planStatus: 'ACTIVE' })
  }
})

test('the last try of a step fails while its plan is paused: the step has failed, and the plan stays paused', async () => {
  // Of a type that is not configured any more there is one try.
  const plan = await active({ planType: 'GONE' })
  await db.owner`
    insert into governance.step_executions
      (tenant_id, account_id, plan_id, step_id, attempt, action_type, executor, idempotency_key, state, claimed_at, claimed_until)
    values (${plan.tenantId}, ${plan.accountId}, ${plan.planId}, ${plan.steps[0]!.stepId}, 1, 'X', 'operator-task', 'paused', 'sent',
      ${noon}, ${noon})`
  await db.owner`update governance.revenue_plans set plan_status = 'PAUSED' where plan_id = ${plan.planId}`
  expect(await ended(plan, 'failed')).toBe(true)
  expect(await now(plan)).toMatchObject({ planStatus: 'PAUSED', steps: [{ status: 'FAILED' }, {}, {}] })
})

test('a task is closed by whoever does it, whether they have a name or not', async () => {
  for (const [actor, by] of [
    [{ ...olga, name: undefined }, olga.id],
    [{ type: 'operator' }, null],
  ] as const) {
    const plan = await active()
    await advancePlan(db.app, plan, parts(db.app))
    const [task] = await openTasks(db.app, plan)
    const asked = {
      tenantId: plan.tenantId,
      taskId: task!.taskId,
      how: 'failed',
      note: null,
      at: noon,
    } as const
    const { name: _, ...nameless } = { name: undefined, ...actor }
    const closed = await db.app.begin((tx) => closeTask(tx, { ...asked, actor: nameless }))
    expect(closed).toMatchObject({ kind: 'closed', task: { closedBy: by } })
    await db.owner`delete from governance.revenue_plans`
  }
})

test('what validators said and could not be written lets nothing through (LEDGER_WRITE_FAILED)', async () => {
  const plan = await active()
  await db.owner`alter table governance.validator_runs rename to validator_runs_away`
  try {
    const run = await db.app.begin((tx) =>
      runValidators(tx, { plan, point: 'BEFORE_STEP_EXECUTION', at: noon }),
    )
    expect(run).toMatchObject({ verdict: 'BLOCK', reasons: [{ code: 'LEDGER_WRITE_FAILED' }] })
  } finally {
    await db.owner`alter table governance.validator_runs_away rename to validator_runs`
  }
})
