import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { decideTransition } from '../../../src/governance/lifecycle/lifecycle.ts'
import { transitionPlan } from '../../../src/governance/lifecycle/transition-plan.ts'
import { getPlan, lockPlan } from '../../../src/governance/repository/get-plan.ts'
import { updatePlanStatus } from '../../../src/governance/repository/update-plan-status.ts'
import {
  keyOf,
  type PlanStatus,
  planStatuses,
  type RevenuePlan,
} from '../../../src/governance/revenue-plan/revenue-plan.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { untilSomebodyWaits } from '../../support/until-somebody-waits.ts'
import { type Account, aDraft, anAccount, later, noon, olga, seededPlan, toldOf } from '../plan-fixture.ts'

let db: TestDatabase
let account: Account
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db.close())
beforeEach(async () => {
  account = await anAccount(db.owner)
})

const at = later(5)
/** To wherever it goes, with all that any way needs. */
function move(
  plan: RevenuePlan,
  to: PlanStatus | null,
  more: Partial<Parameters<typeof transitionPlan>[1]> = {},
) {
  const asked = {
    ...keyOf(plan),
    to,
    at,
    actor: olga,
    reason: 'because',
    completionReason: 'objective_met',
  } as const
  return db.app.begin((tx) => transitionPlan(tx, { ...asked, ...more }))
}
const everything = (plan: RevenuePlan) =>
  db.app`select * from governance.revenue_plans where plan_id = ${plan.planId}`

const cells = planStatuses.flatMap((from) => planStatuses.map((to) => ({ from, to })))

test.each(cells)('R79, R80, R83: $from → $to', async ({ from, to }) => {
  const plan = await seededPlan(db.app, account, from)
  const decision = decideTransition(plan, plan, to)
  const before = await everything(plan)
  const outcome = await move(plan, to)
  if (decision.kind === 'refused') {
    expect(outcome).toEqual(decision)
    expect(await everything(plan)).toEqual(before)
    return expect(await toldOf(db.app, plan)).toEqual([])
  }
  if (outcome.kind !== 'done') throw new Error(outcome.kind)
  expect(outcome.plan.planStatus).toBe(to)
  expect(outcome.plan.updatedAt).toEqual(at)
  expect(await getPlan(db.app, plan)).toEqual(outcome.plan)
  expect(outcome.entry).toMatchObject({ eventType: decision.event, recordedAt: at, planId: plan.planId })
  expect(await toldOf(db.app, plan)).toEqual([decision.event])
})

test('R83: each status comes with its timestamp, and the ledger tells the same', async () => {
  const draft = await aDraft(db.app, account)
  const iso = at.toISOString()
  const approved = await move(draft, 'APPROVED')
  expect(approved).toMatchObject({
    plan: { approvedAt: at, approvedBy: 'key-of-olga' },
    entry: { data: { plan_id: draft.planId, approved_by: 'key-of-olga', approved_at: iso, actor: olga } },
  })
  expect(await move(draft, 'ACTIVE', { at: later(6) })).toMatchObject({
    plan: { approvedAt: at, approvedBy: 'key-of-olga', updatedAt: later(6) },
    entry: { data: { plan_id: draft.planId, actor: olga } },
  })
  expect(await move(draft, 'PAUSED', { at: later(7) })).toMatchObject({
    entry: { data: { reason: 'because' } },
  })
  expect(await move(draft, 'ACTIVE', { at: later(8) })).toMatchObject({
    entry: { eventType: 'PLAN_RESUMED' },
  })
  expect(await move(draft, 'COMPLETED', { at: later(9), completionReason: 'all_steps_done' })).toMatchObject({
    plan: { completedAt: later(9), completionReason: 'all_steps_done', abortedAt: null, expiredAt: null },
    entry: { data: { completion_reason: 'all_steps_done', completed_at: later(9).toISOString() } },
  })
  expect(await toldOf(db.app, draft)).toEqual([
    'PLAN_CREATED',
    'PLAN_APPROVED',
    'PLAN_ACTIVATED',
    'PLAN_PAUSED',
    'PLAN_RESUMED',
    'PLAN_COMPLETED',
  ])
  const aborted = await seededPlan(db.app, account, 'PAUSED')
  expect(await move(aborted, 'ABORTED')).toMatchObject({
    plan: { abortedAt: at, completionReason: null },
    entry: { data: { plan_id: aborted.planId, reason: 'because', aborted_at: iso, actor: olga } },
  })
  const expired = await seededPlan(db.app, account, 'ACTIVE')
  expect(await move(expired, 'EXPIRED')).toMatchObject({
    plan: { expiredAt: at },
    entry: { data: { plan_id: expired.planId, expired_at: iso } },
  })
})

test('a part of Stepladder may move a plan without a name and without a reason to pause', async () => {
  const plan = await seededPlan(db.app, account, 'ACTIVE')
  const bare = { ...keyOf(plan), to: 'PAUSED', at } as const
  const paused = await db.app.begin((tx) => transitionPlan(tx, bare))
  expect(paused).toMatchObject({ entry: { data: { plan_id: plan.planId } } })
  const draft = await seededPlan(db.app, await anAccount(db.owner), 'DRAFT')
  const approved = await db.app.begin((tx) => transitionPlan(tx, { ...keyOf(draft), to: 'APPROVED', at }))
  expect(approved).toMatchObject({ plan: { approvedBy: null }, entry: { data: { plan_id: draft.planId } } })
})

describe('R81: refused first, and nothing is touched', () => {
  const nobody = '6f9619ff-8b86-4011-b42d-00cf4fc964ff'

  test.each([
    ['no such plan', { planId: 'plan_0' }, 'PAUSED', 'PLAN_NOT_FOUND'],
    ['another tenant’s', { tenantId: nobody }, 'PAUSED', 'PLAN_NOT_FOUND'],
    ['another account’s', { accountId: nobody }, 'PAUSED', 'PLAN_MISMATCH'],
    ['no target', {}, null, 'TARGET_MISSING'],
    ['the status that it has', {}, 'ACTIVE', 'SAME_STATUS'],
  ] as const)('%s', async (_, other, to, code) => {
    const plan = await seededPlan(db.app, account, 'ACTIVE')
    const before = await everything(plan)
    expect(await move(plan, to, other)).toMatchObject({ kind: 'refused', code })
    expect(await everything(plan)).toEqual(before)
    expect(await toldOf(db.app, plan)).toEqual([])
  })
})

describe('R82: the status is written only where it was looked at', () => {
  test('of two ways asked for at once one is taken, and the other is told that it has lost', async () => {
    const plan = await seededPlan(db.app, account, 'ACTIVE')
    const [looked, release] = [signal(), signal()]
    // The first holds the row until the second has looked and waits for it.
    const first = db.app.begin(async (tx) => {
      const done = await transitionPlan(tx, { ...keyOf(plan), to: 'PAUSED', at })
      looked.give()
      await release.given
      return done
    })
    await looked.given
    const second = move(plan, 'ABORTED')
    await untilSomebodyWaits(db.owner)
    release.give()
    expect((await first).kind).toBe('done')
    expect(await second).toEqual({ kind: 'lost_race', status: 'PAUSED' })
    expect(await toldOf(db.app, plan)).toEqual(['PLAN_PAUSED'])
  })

  test('many at once: exactly one is done', async () => {
    const plan = await seededPlan(db.app, account, 'ACTIVE')
    const ways = ['PAUSED', 'ABORTED', 'COMPLETED', 'EXPIRED'] as const
    const outcomes = await Promise.all([...ways, ...ways].map((to) => move(plan, to)))
    const told = await toldOf(db.app, plan)
    // PAUSED may be followed by ABORTED, by one who looked after it; nothing else follows anything.
    expect(outcomes.filter(({ kind }) => kind === 'done')).toHaveLength(told.length)
    const now = (await getPlan(db.app, plan))!.planStatus
    expect(told.at(-1)).toBe(`PLAN_${now}`)
    expect(told.length === 1 || told.join() === 'PLAN_PAUSED,PLAN_ABORTED').toBe(true)
  })

  test('a plan that is gone meanwhile', async () => {
    const plan = await seededPlan(db.app, account, 'ACTIVE')
    const [deleted, release] = [signal(), signal()]
    const deleting = db.app.begin(async (tx) => {
      await lockPlan(tx, plan)
      await tx`delete from governance.revenue_plans where plan_id = ${plan.planId}`
      deleted.give()
      await release.given
    })
    await deleted.given
    const moving = move(plan, 'PAUSED')
    await untilSomebodyWaits(db.owner)
    release.give()
    await deleting
    expect(await moving).toEqual({ kind: 'lost_race', status: null })
  })

  test('who decided on another status than the plan has by now has lost, and so has who decided on one that is gone', async () => {
    const plan = await seededPlan(db.app, account, 'ACTIVE')
    const before = await everything(plan)
    expect(await move(plan, 'ABORTED', { expected: 'PAUSED' })).toEqual({
      kind: 'lost_race',
      status: 'ACTIVE',
    })
    expect(await everything(plan)).toEqual(before)
    expect(await toldOf(db.app, plan)).toEqual([])
    await db.app`delete from governance.revenue_plans where plan_id = ${plan.planId}`
    expect(await move(plan, 'ABORTED', { expected: 'ACTIVE' })).toEqual({ kind: 'lost_race', status: null })
  })

  test('the repository alone, told a status that the plan has not', async () => {
    const plan = await seededPlan(db.app, account, 'PAUSED')
    const wanted = {
      ...keyOf(plan),
      expected: 'ACTIVE',
      to: 'ABORTED',
      at,
      approvedBy: null,
      completionReason: null,
    } as const
    expect(await db.app.begin((tx) => updatePlanStatus(tx, wanted))).toBeNull()
    expect((await getPlan(db.app, plan))!.planStatus).toBe('PAUSED')
  })
})

test('R83: when the ledger cannot be written, the status is not either', async () => {
  const plan = await seededPlan(db.app, account, 'ACTIVE')
  await db.owner`alter table governance.plan_ledger rename to mislaid`
  await expect(move(plan, 'PAUSED')).rejects.toMatchObject({ code: '42P01' })
  await db.owner`alter table governance.mislaid rename to plan_ledger`
  expect((await getPlan(db.app, plan))!.planStatus).toBe('ACTIVE')
})

test('to abort needs a reason, and to complete what completed it', async () => {
  const plan = await seededPlan(db.app, account, 'ACTIVE')
  const bare = (to: PlanStatus) => db.app.begin((tx) => transitionPlan(tx, { ...keyOf(plan), to, at }))
  await expect(bare('ABORTED')).rejects.toMatchObject({ code: 'transition_incomplete' })
  await expect(bare('COMPLETED')).rejects.toMatchObject({ code: 'transition_incomplete' })
  expect((await getPlan(db.app, plan))!.planStatus).toBe('ACTIVE')
})

test('a clock that goes back does not turn a plan’s changes round', async () => {
  const plan = await seededPlan(db.app, account, 'ACTIVE', { updatedAt: later(60) })
  await move(plan, 'PAUSED', { at: later(50) })
  const resumed = await move(plan, 'ACTIVE', { at: noon })
  expect(resumed).toMatchObject({ plan: { updatedAt: later(60) }, entry: { recordedAt: later(50) } })
  expect(await toldOf(db.app, plan)).toEqual(['PLAN_PAUSED', 'PLAN_RESUMED'])
})

function signal() {
  let give = () => {}
  const given = new Promise<void>((resolve) => {
    give = resolve
  })
  return { given, give: () => give() }
}
