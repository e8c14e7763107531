import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { closeTask } from '../../../src/governance/executors/operator-tasks.ts'
import { ledgerOfPlan } from '../../../src/governance/ledger/ledger.ts'
import { advancePlan, type OrchestratorParts } from '../../../src/governance/orchestrator/advance-plan.ts'
import { runOrchestrator } from '../../../src/governance/orchestrator/run-orchestrator.ts'
import { claimAgain, executionsOf } from '../../../src/governance/orchestrator/step-executions.ts'
import { outcomesOfPlan } from '../../../src/governance/outcomes/outcomes.ts'
import { getPlan } from '../../../src/governance/repository/get-plan.ts'
import type { RevenuePlan } from '../../../src/governance/revenue-plan/revenue-plan.ts'
import { resumePlan } from '../../../src/governance/verbs/resume-plan.ts'
import { abortPlan, pausePlan } from '../../../src/governance/verbs/stop-plan.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { type Account, anAccount, days, later, noon, olga, seededPlan, toldOf } from '../plan-fixture.ts'
import { aSignal, openTasks, parts } from './orchestrator-fixture.ts'

let db: TestDatabase
let account: Account
beforeAll(async () => {
  db = await testDatabase()
  account = await anAccount(db.owner)
})
afterAll(() => db.close())
afterEach(async () => {
  await db.owner`delete from governance.revenue_plans`
  await db.owner`delete from governance.budget_usage`
})

async function approved(more: Partial<RevenuePlan> = {}): Promise<RevenuePlan> {
  const plan = await seededPlan(db.app, account, 'APPROVED', more)
  await aSignal(db.app, plan)
  return plan
}
const run = async (using: OrchestratorParts) =>
  runOrchestrator(db.app, {
    ...using,
    failed: (_, error) => {
      throw error
    },
  })
const now = async (plan: RevenuePlan) => (await getPlan(db.app, plan))!
const waits = async ({ planId }: RevenuePlan) =>
  (await db.app`select look_at, waits_for from governance.revenue_plans where plan_id = ${planId}`)[0]
const close = (taskId: string, how: 'done' | 'failed', at = noon) =>
  db.app.begin((tx) =>
    closeTask(tx, { tenantId: account.tenantId, taskId, how, note: null, at, actor: olga }),
  )

test('an approved plan becomes active, its steps are done one a run, people do theirs, and it is complete (R84, R93)', async () => {
  const plan = await approved()
  const using = parts(db.app)
  for (let n = 0; n < 3; n++) await run(using)
  expect(using.sent).toEqual(plan.steps.slice(1).map(({ stepId }) => `step_${stepId}`))
  const [task, ...others] = await openTasks(db.app, plan)
  expect(task).toMatchObject({ actionType: 'REQUEST_RENEWAL_MEETING', taskState: 'open' })
  expect(others).toEqual([])
  await run(using)
  expect(await waits(plan)).toMatchObject({ waitsFor: 'REQUEST_RENEWAL_MEETING is under way.' })
  expect(await close(task!.taskId, 'done')).toMatchObject({ kind: 'closed' })
  expect(await now(plan)).toMatchObject({
    planStatus: 'COMPLETED',
    completionReason: 'all_steps_done',
    steps: [{ status: 'DONE' }, { status: 'AUTO_EXECUTED' }, { status: 'AUTO_EXECUTED' }],
  })
  const told = await toldOf(db.app, plan)
  expect(told.filter((type) => !/VALIDATOR/.test(type))).toEqual([
    'PLAN_ACTIVATED',
    ...['BUDGET_RESERVE', 'STEP_STARTED'],
    ...['BUDGET_RESERVE', 'STEP_STARTED', 'STEP_COMPLETED'],
    ...['BUDGET_RESERVE', 'STEP_STARTED', 'STEP_COMPLETED'],
    'STEP_COMPLETED',
    'PLAN_COMPLETED',
  ])
  // Before the step; before others notice it or before an expensive read: four entries and a summary each.
  expect(told.filter((type) => type === 'VALIDATOR_RUN_SUMMARY')).toHaveLength(5)
  expect(told.filter((type) => type === 'VALIDATOR_RUN')).toHaveLength(20)
  const outcomes = await outcomesOfPlan(db.app, { ...plan, limit: 10 })
  expect(outcomes.map(({ outcomeType, source }) => `${outcomeType} ${source}`).sort()).toEqual([
    'EXECUTION_SUCCESS CONNECTOR',
    'EXECUTION_SUCCESS CONNECTOR',
    'EXECUTION_SUCCESS HUMAN',
    'PLAN_COMPLETED ORCHESTRATOR',
  ])
  expect(await close(task!.taskId, 'done')).toMatchObject({ kind: 'repeated' })
  expect(await close(task!.taskId, 'failed')).toEqual({ kind: 'refused', state: 'done' })
})

test('a step waits for those that it depends on', async () => {
  const plan = await approved()
  const [meeting, brief, support] = plan.steps
  const steps = [meeting!, { ...brief!, dependencies: [meeting!.stepId] }, support!]
  await db.app`delete from governance.revenue_plans`
  const waiting = await seededPlan(db.app, account, 'ACTIVE', { ...plan, steps })
  const using = parts(db.app)
  for (let n = 0; n < 4; n++) await run(using)
  expect(using.sent).toEqual([`step_${support!.stepId}`])
  await close((await openTasks(db.app, waiting))[0]!.taskId, 'done')
  await run(using)
  expect(using.sent).toEqual([`step_${support!.stepId}`, `step_${brief!.stepId}`])
})

test('tries used up: the step has failed, the plan pauses and says why, and the failed step is never tried again', async () => {
  let clock = noon
  const plan = await approved()
  const using = parts(db.app, {
    at: () => clock,
    webhook: async () => ({ kind: 'failed', reason: 'The other side answered 500.' }),
  })
  for (let n = 0; n < 20 && (await now(plan)).planStatus !== 'PAUSED'; n++) {
    clock = later(n * 10)
    await run(using)
  }
  const paused = await now(plan)
  expect(paused).toMatchObject({ planStatus: 'PAUSED' })
  expect(paused.steps.map(({ status }) => status)).toEqual(['PENDING', 'FAILED', 'PENDING'])
  const told = (await ledgerOfPlan(db.app, { ...plan, limit: 200 })).filter(({ eventType }) =>
    ['STEP_FAILED', 'PLAN_PAUSED'].includes(eventType),
  )
  expect(told.map(({ data }) => `${data.reason} ${data.attempt ?? ''}`).reverse()).toEqual([
    'The other side answered 500. 1',
    'The other side answered 500. 2',
    'The other side answered 500. 3',
    'retry_limit_exceeded 3',
    'retry_limit_exceeded ',
  ])
  const tries = await db.app`
    select attempt from governance.step_executions where plan_id = ${plan.planId} and state = 'failed' order by 1`
  expect(tries).toHaveLength(3)
  const resumed = await db.app.begin((tx) =>
    resumePlan(tx, { ...plan, at: clock, actor: olga }, using.runValidators),
  )
  expect(resumed.kind).toBe('done')
  const after = parts(db.app, { at: () => clock })
  for (let n = 0; n < 3; n++) await run(after)
  expect(after.sent).toEqual([`step_${plan.steps[2]!.stepId}`])
})

test('a plan that no validator lets on waits an hour, does nothing, and spends nothing', async () => {
  const plan = await seededPlan(db.app, account, 'APPROVED')
  const using = parts(db.app)
  await run(using)
  await run(using)
  expect(await now(plan)).toMatchObject({ planStatus: 'ACTIVE' })
  expect((await waits(plan))!.waitsFor).toContain('NO_EVIDENCE')
  expect(await waits(plan)).toMatchObject({ lookAt: later(60) })
  const told = await toldOf(db.app, plan)
  expect(told.filter((type) => !/VALIDATOR/.test(type))).toEqual(['PLAN_ACTIVATED'])
  expect(told.filter((type) => type === 'VALIDATOR_RUN_SUMMARY')).toHaveLength(3)
  await aSignal(db.app, plan)
  await run(parts(db.app, { at: () => later(60) }))
  expect((await toldOf(db.app, plan)).at(-1)).toBe('STEP_STARTED')
})

test('a step without budget waits for the next day, and the others go on', async () => {
  await db.app`
    insert into governance.budget_configs (tenant_id, budget_scope, scope_id, period, cost_class, hard_cap)
    values (${account.tenantId}, 'TOOL', 'outbound-webhook', 'DAY', 'EXPENSIVE', 0)`
  const plan = await approved()
  const using = parts(db.app)
  for (let n = 0; n < 4; n++) await run(using)
  expect(using.sent).toEqual([`step_${plan.steps[2]!.stepId}`])
  expect((await toldOf(db.app, plan)).filter((type) => type === 'BUDGET_BLOCK')).not.toEqual([])
  expect(await waits(plan)).toMatchObject({ lookAt: new Date('2027-03-02T00:00:00.000Z') })
  await db.app`delete from governance.budget_configs where budget_scope = 'TOOL'`
})

test('a plan that the gate does not let become active says every reason, and is asked again in an hour', async () => {
  const plan = await approved({ planType: 'NOT_CONFIGURED' })
  await run(parts(db.app))
  await run(parts(db.app))
  expect(await toldOf(db.app, plan)).toEqual(['PLAN_ACTIVATION_REJECTED'])
  expect(await now(plan)).toMatchObject({ planStatus: 'APPROVED' })
  expect((await waits(plan))!.waitsFor).toContain('NOT_CONFIGURED')
})

test('past the deadline nothing is run: what is active expires, what cannot expire is aborted (D2, D3)', async () => {
  const active = await seededPlan(db.app, account, 'ACTIVE', { expiresAt: later(5) })
  const other = await anAccount(db.owner)
  const third = await anAccount(db.owner)
  const paused = await seededPlan(db.app, other, 'PAUSED', { expiresAt: later(5) })
  const waiting = await seededPlan(db.app, third, 'APPROVED', { expiresAt: later(5) })
  const using = parts(db.app, { at: () => later(5) })
  expect(await run(using)).toMatchObject({ kind: 'ran', looks: { ended: 3 } })
  expect(await now(active)).toMatchObject({ planStatus: 'EXPIRED', expiredAt: later(5) })
  for (const plan of [paused, waiting]) {
    expect(await now(plan)).toMatchObject({ planStatus: 'ABORTED' })
    const [entry] = await ledgerOfPlan(db.app, { ...plan, limit: 1 })
    expect(entry).toMatchObject({ eventType: 'PLAN_ABORTED', data: { reason: 'deadline_passed' } })
  }
  expect(using.sent).toEqual([])
})

test('killed between the call and the record, the step is told again as the same try, and a person has one task', async () => {
  let clock = noon
  const plan = await approved()
  const dying = parts(db.app, {
    at: () => clock,
    reached: (point) => {
      if (point === 'after-call') throw new Error('killed')
    },
  })
  await expect(advancePlan(db.app, plan, dying)).rejects.toThrow('killed')
  // Nobody takes it up while whoever holds the claim may still be at it; then it is the same task.
  expect(await run(parts(db.app, { at: () => clock }))).toMatchObject({ looks: { tried: 0 } })
  const [lying] = await executionsOf(db.app, plan)
  expect(await db.app.begin((tx) => claimAgain(tx, plan, lying!, clock))).toBe(false)
  clock = later(2)
  await run(parts(db.app, { at: () => clock }))
  expect(await openTasks(db.app, plan)).toMatchObject([{ attempt: 1, taskState: 'open' }])
  await expect(advancePlan(db.app, plan, dying)).rejects.toThrow('killed')
  clock = later(4)
  const again = parts(db.app, { at: () => clock })
  await run(again)
  expect([...dying.sent, ...again.sent]).toEqual(Array(2).fill(`step_${plan.steps[1]!.stepId}`))
  const spent = await db.app`select from governance.budget_reservations where plan_id = ${plan.planId}`
  expect(spent).toHaveLength(2)
  expect((await toldOf(db.app, plan)).filter((type) => type === 'STEP_STARTED')).toHaveLength(2)
})

test('a person who is quicker than the record has done it all the same', async () => {
  const plan = await approved()
  const using = parts(db.app)
  const task = using.executors['operator-task']!
  const quick: OrchestratorParts = {
    ...using,
    executors: {
      'operator-task': async (attempt, signal) => {
        const sent = await task(attempt, signal)
        await close((await openTasks(db.app, plan))[0]!.taskId, 'done')
        return sent
      },
    },
  }
  await run(quick)
  expect((await now(plan)).steps[0]).toMatchObject({ status: 'DONE' })
  const tries = await db.app`select state from governance.step_executions where plan_id = ${plan.planId}`
  expect(tries).toEqual([{ state: 'done' }])
})

test('a task of a plan that has ended is withdrawn, and cannot be done any more', async () => {
  const plan = await approved()
  await run(parts(db.app))
  const [task] = await openTasks(db.app, plan)
  await db.app.begin((tx) => abortPlan(tx, { ...plan, at: noon, actor: olga, reason: 'they left' }))
  const other = await anAccount(db.owner)
  const second = await seededPlan(db.app, other, 'APPROVED')
  await aSignal(db.app, second)
  await run(parts(db.app))
  expect(await openTasks(db.app, plan)).toMatchObject([{ taskState: 'withdrawn' }])
  expect(await close(task!.taskId, 'done')).toEqual({ kind: 'refused', state: 'withdrawn' })
  const [unswept] = await openTasks(db.app, second)
  await db.app.begin((tx) => abortPlan(tx, { ...second, at: noon, actor: olga, reason: 'they left' }))
  expect(await close(unswept!.taskId, 'done')).toEqual({ kind: 'refused', state: 'withdrawn' })
  expect(await close(crypto.randomUUID(), 'done')).toEqual({ kind: 'not_found' })
})

test('what is in flight comes back while a plan is paused; the plan is complete when it goes on', async () => {
  const plan = await approved()
  const using = parts(db.app)
  for (let n = 0; n < 3; n++) await run(using)
  await db.app.begin((tx) => pausePlan(tx, { ...plan, at: noon, actor: olga }))
  await close((await openTasks(db.app, plan))[0]!.taskId, 'done')
  await run(using)
  expect(await now(plan)).toMatchObject({ planStatus: 'PAUSED', steps: [{ status: 'DONE' }, {}, {}] })
  await db.app.begin((tx) => resumePlan(tx, { ...plan, at: noon, actor: olga }, using.runValidators))
  await run(using)
  expect(await now(plan)).toMatchObject({ planStatus: 'COMPLETED' })
})

test('a task that a person could not do is tried again, and a plan that ended meanwhile is left as it is', async () => {
  const plan = await approved()
  await run(parts(db.app))
  expect(await close((await openTasks(db.app, plan))[0]!.taskId, 'failed')).toMatchObject({ kind: 'closed' })
  for (let n = 0; n < 2; n++) await run(parts(db.app, { at: () => later(2) }))
  expect(await openTasks(db.app, plan)).toMatchObject([
    { attempt: 1, taskState: 'failed' },
    { attempt: 2, taskState: 'open' },
  ])
  const aborting = parts(db.app, {
    at: () => later(3),
    webhook: async () => {
      await db.app.begin((tx) => abortPlan(tx, { ...plan, at: later(3), actor: olga, reason: 'they left' }))
      return { kind: 'done' }
    },
  })
  await db.app`update governance.revenue_plans set look_at = null, waits_for = null`
  for (let n = 0; n < 2; n++) await run(aborting)
  expect(await now(plan)).toMatchObject({ planStatus: 'ABORTED' })
  expect((await toldOf(db.app, plan)).at(-1)).toBe('PLAN_ABORTED')
})

test('a run looks at ten plans at most; one process runs at a time; one plan that fails keeps no other back', async () => {
  const plans: RevenuePlan[] = []
  for (let n = 0; n < 12; n++) {
    const plan = await seededPlan(db.app, await anAccount(db.owner), 'APPROVED', { updatedAt: later(n) })
    await aSignal(db.app, plan)
    plans.push(plan)
  }
  let inside: Promise<unknown> | null = null
  const failed: string[] = []
  const using = parts(db.app)
  const ran = await runOrchestrator(db.app, {
    ...using,
    runValidators: (tx, asked) => {
      inside ??= run(using)
      if (asked.plan.planId === plans[0]!.planId) throw new Error('a surprise')
      return using.runValidators(tx, asked)
    },
    failed: ({ planId }) => void failed.push(planId),
  })
  expect(ran).toMatchObject({ looks: { tried: 9, failed: 1 } })
  expect(await inside).toEqual({ kind: 'busy' })
  expect(failed).toEqual([plans[0]!.planId])
  expect(await now(plans[0]!)).toMatchObject({ planStatus: 'APPROVED' })
  expect((await now(plans[11]!)).planStatus).toBe('APPROVED')
  for (let n = 0; n < 4; n++) await run(using)
  expect((await now(plans[11]!)).planStatus).toBe('ACTIVE')
  const stopped = AbortSignal.abort()
  expect(await run(parts(db.app, { signal: stopped, at: () => days(1) }))).toMatchObject({
    looks: { tried: 0, waits: 0 },
  })
})
