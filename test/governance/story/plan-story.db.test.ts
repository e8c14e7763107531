import { afterAll, beforeAll, expect, test } from 'vitest'
import { advancePlan } from '../../../src/governance/orchestrator/advance-plan.ts'
import { waitUntil } from '../../../src/governance/orchestrator/wait.ts'
import { countPlans } from '../../../src/governance/repository/count-plans.ts'
import { planStory } from '../../../src/governance/story/plan-story.ts'
import { runValidators } from '../../../src/governance/validators/run-validators.ts'
import { approvePlan } from '../../../src/governance/verbs/approve-plan.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { aSignal, parts } from '../orchestrator/orchestrator-fixture.ts'
import { aDraft, aForeignAccount, anAccount, later, noon, olga, seededPlan } from '../plan-fixture.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db.close())

test('a plan’s story is everything that was told of it: signals, verdicts, spending, tries, tasks, ledger, outcomes', async () => {
  const plan = await aDraft(db.app, await anAccount(db.owner))
  await aSignal(db.app, plan)
  expect(await planStory(db.app, plan, 50)).toMatchObject({
    waits: null,
    known: null,
    signals: [{ signalKind: 'past_due', eventId: 'evt_1', clearedAt: null }],
    executions: [],
    verdicts: [],
    spending: [],
    ledger: [{ eventType: 'PLAN_CREATED' }],
    outcomes: [],
  })
  const asked = { ...plan, at: later(1), actor: olga, highRiskAuthority: true }
  await db.app.begin((tx) => approvePlan(tx, asked, runValidators))
  await db.app`
    update governance.revenue_plans set snapshot = ${db.app.json({ status: 'past_due' })}, snapshot_at = ${noon}
    where plan_id = ${plan.planId}`
  await advancePlan(db.app, plan, parts(db.app, { at: () => later(2) }))
  await db.app.begin((tx) => waitUntil(tx, plan, later(60), 'The budget is used up.'))
  const story = await planStory(db.app, plan, 50)
  expect(story.known).toEqual({ snapshot: { status: 'past_due' }, at: noon })
  expect(story.waits).toEqual({ until: later(60), for: 'The budget is used up.' })
  expect(story.executions).toMatchObject([{ attempt: 1, state: 'sent' }])
  expect(story.tasks).toMatchObject([{ actionType: 'REQUEST_RENEWAL_MEETING', taskState: 'open' }])
  // The latest run first, and within it in the order in which they run.
  const order = ['freshness', 'grounding', 'contradiction', 'compliance']
  expect(story.verdicts.slice(0, 4).map(({ validator }) => validator)).toEqual(order)
  expect(story.verdicts.slice(-4).map(({ point }) => point)).toEqual(Array(4).fill('BEFORE_PLAN_APPROVAL'))
  expect(story.spending).toMatchObject([
    { tool: 'operator-task', costClass: 'MEDIUM', caps: [{ usageAfter: 1 }] },
  ])
  expect(story.ledger.at(-1)!.eventType).toBe('PLAN_CREATED')
  expect(story.outcomes).toMatchObject([{ outcomeType: 'ACTION_APPROVED' }])
})

test('of each kind one row more than asked for is read, so that it can be said that there are more', async () => {
  const plan = await aDraft(db.app, await anAccount(db.owner))
  for (const kind of ['past_due', 'unpaid', 'paused']) await aSignal(db.app, plan, noon, kind)
  expect((await planStory(db.app, plan, 1)).signals).toHaveLength(2)
})

test('another tenant’s story is empty, and its plans are not counted', async () => {
  const foreign = await aForeignAccount(db.owner)
  const plan = await seededPlan(db.app, foreign, 'PAUSED')
  await aSignal(db.app, plan)
  const { tenantId } = await anAccount(db.owner)
  const story = await planStory(db.app, { ...plan, tenantId }, 50)
  expect(story).toMatchObject({ known: null, signals: [], ledger: [], outcomes: [], tasks: [] })
  expect(await countPlans(db.app, foreign.tenantId)).toMatchObject({ PAUSED: 1, DRAFT: 0, ABORTED: 0 })
  expect((await countPlans(db.app, tenantId)).PAUSED).toBe(0)
})
