import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { closeTask } from '../../../src/governance/executors/operator-tasks.ts'
import { ledgerOfPlan } from '../../../src/governance/ledger/ledger.ts'
import { lifecycle } from '../../../src/governance/lifecycle/lifecycle.ts'
import type { OrchestratorPoint } from '../../../src/governance/orchestrator/advance-plan.ts'
import type { ExecutionOutcome } from '../../../src/governance/orchestrator/executor.ts'
import { runOrchestrator } from '../../../src/governance/orchestrator/run-orchestrator.ts'
import { getPlan } from '../../../src/governance/repository/get-plan.ts'
import type { PlanStatus, StepStatus } from '../../../src/governance/revenue-plan/revenue-plan.ts'
import { runValidators } from '../../../src/governance/validators/run-validators.ts'
import { approvePlan } from '../../../src/governance/verbs/approve-plan.ts'
import { resumePlan } from '../../../src/governance/verbs/resume-plan.ts'
import { pausePlan } from '../../../src/governance/verbs/stop-plan.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { aDraft, anAccount, noon, olga } from '../plan-fixture.ts'
import { aSignal, openTasks, parts } from './orchestrator-fixture.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db.close())

const points: OrchestratorPoint[] = ['before-claim', 'after-claim', 'after-call', 'after-record']
/** Dying inside a transaction: the claim's, in which the validators are asked. */
type Death = OrchestratorPoint | 'inside-claim' | 'before-call' | null

const happening = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('run' as const),
      death: fc.option(fc.constantFrom<Exclude<Death, null>>(...points, 'inside-claim', 'before-call')),
      fails: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('clock' as const),
      minutes: fc.integer({ min: -90, max: 240 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('task' as const), done: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('pause' as const, 'resume' as const) }) },
)

/** What the ledger alone says of a plan: its status and that of its steps. */
function retold(entries: { eventType: string; data: Record<string, unknown> }[]) {
  let status: PlanStatus = 'DRAFT'
  const steps = new Map<unknown, StepStatus>()
  for (const { eventType, data } of entries) {
    const to = Object.entries(lifecycle[status]).find(([, event]) => event === eventType)?.[0]
    if (to) status = to as PlanStatus
    else expect(eventType).not.toMatch(/^PLAN_(?!CREATED|UPDATED|ACTIVATION)/)
    if (eventType === 'STEP_COMPLETED') steps.set(data.step_id, data.outcome as StepStatus)
    if (eventType === 'STEP_FAILED' && data.reason === 'retry_limit_exceeded')
      steps.set(data.step_id, 'FAILED')
  }
  return { status, steps }
}

test('however it dies and whatever the clock does: no step is done twice, no cap is passed, the ledger retells it all', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(happening, { minLength: 10, maxLength: 30 }),
      fc.integer({ min: 0, max: 3 }),
      async (happenings, hardCap) => {
        const account = await anAccount(db.owner)
        const plan = await aDraft(db.app, account)
        await aSignal(db.app, plan)
        await db.app`
          insert into governance.budget_configs (tenant_id, budget_scope, scope_id, period, cost_class, hard_cap)
          values (${plan.tenantId}, 'PLAN', ${plan.planId}, 'MONTH', 'CHEAP', ${hardCap})`
        const by = { tenantId: plan.tenantId, planId: plan.planId, actor: olga }
        await db.app.begin((tx) =>
          approvePlan(tx, { ...by, at: noon, highRiskAuthority: true }, runValidators),
        )
        let clock = noon
        const calls: string[] = []
        for (const one of happenings) {
          if (one.kind === 'clock') clock = new Date(clock.getTime() + one.minutes * 60_000)
          if (one.kind === 'pause') await db.app.begin((tx) => pausePlan(tx, { ...by, at: clock }))
          if (one.kind === 'resume')
            await db.app.begin((tx) => resumePlan(tx, { ...by, at: clock }, runValidators))
          if (one.kind === 'task') {
            const open = (await openTasks(db.app, plan)).find(({ taskState }) => taskState === 'open')
            const how = one.done ? 'done' : 'failed'
            if (open)
              await db.app.begin((tx) =>
                closeTask(tx, { ...by, taskId: open.taskId, how, note: null, at: clock }),
              )
          }
          if (one.kind !== 'run') continue
          const die = (at: Death) => {
            if (one.death === at) throw new Error('killed')
          }
          const using = parts(db.app, {
            at: () => clock,
            reached: die,
            webhook: async ({ stepKey, tryKey }): Promise<ExecutionOutcome> => {
              die('before-call')
              calls.push(tryKey)
              // Whoever is called is called for a step that is not over, and never after a yes that was written down.
              const { steps } = (await getPlan(db.app, plan))!
              expect(steps.find(({ stepId }) => stepKey.endsWith(stepId))?.status).toBe('PENDING')
              return one.fails ? { kind: 'failed', reason: 'no' } : { kind: 'done' }
            },
          })
          await runOrchestrator(db.app, {
            ...using,
            runValidators: async (tx, asked) => {
              const run = await runValidators(tx, asked)
              die('inside-claim')
              return run
            },
            failed: (_, error) => expect((error as Error).message).toBe('killed'),
          })
        }
        const now = (await getPlan(db.app, plan))!
        const entries = await ledgerOfPlan(db.app, { ...by, limit: 2_000 })
        const told = retold(entries.reverse())
        expect(told.status).toBe(now.planStatus)
        for (const { stepId, status } of now.steps) expect(told.steps.get(stepId) ?? 'PENDING').toBe(status)
        // Each try began once, whatever died in it; and no more of them than a step has.
        const started = entries
          .filter(({ eventType }) => eventType === 'STEP_STARTED')
          .map(({ data }) => `${data.step_id} ${data.attempt}`)
        expect(new Set(started).size).toBe(started.length)
        for (const entry of started) expect(Number(entry.split(' ')[1])).toBeLessThanOrEqual(3)
        // A step is complete once, and after that nobody is asked for it again.
        const completed = entries.filter(({ eventType }) => eventType === 'STEP_COMPLETED')
        expect(new Set(completed.map(({ data }) => data.step_id)).size).toBe(completed.length)
        const tasks = await openTasks(db.app, plan)
        expect(new Set(tasks.map(({ attempt }) => attempt)).size).toBe(tasks.length)
        for (const call of new Set(calls))
          expect(started.map((entry) => `step_${entry.replace(' ', '_')}`)).toContain(call)
        // Reserved exactly for what began; never past the cap.
        const [spent] = await db.app<{ used: number | null }[]>`
          select sum(used)::int as used from governance.budget_usage where scope_id = ${plan.planId}`
        expect(spent!.used ?? 0).toBeLessThanOrEqual(hardCap)
        const reserved = entries.filter(({ eventType }) => eventType === 'BUDGET_RESERVE')
        expect(reserved.length).toBe(started.length)
        await db.app`delete from governance.revenue_plans where plan_id = ${plan.planId}`
      },
    ),
    { numRuns: 40 },
  )
})
