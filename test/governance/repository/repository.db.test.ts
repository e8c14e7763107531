import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { PlanTypes } from '../../../src/governance/plan-types/plan-types.ts'
import { renewalDefense } from '../../../src/governance/plan-types/renewal-defense.ts'
import { getPlan, lockPlan } from '../../../src/governance/repository/get-plan.ts'
import {
  existsActivePlanForAccountAndType,
  listPlans,
  openPlan,
} from '../../../src/governance/repository/list-plans.ts'
import { createPlan, putPlan } from '../../../src/governance/repository/put-plan.ts'
import { retirePlans } from '../../../src/governance/repository/retire-plans.ts'
import { setStepStatus } from '../../../src/governance/repository/set-step-status.ts'
import { updatePlanStatus } from '../../../src/governance/repository/update-plan-status.ts'
import {
  keyOf,
  type PlanStatus,
  planStatuses,
  type RevenuePlan,
} from '../../../src/governance/revenue-plan/revenue-plan.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import {
  type Account,
  aDraft,
  aForeignAccount,
  anAccount,
  days,
  later,
  noon,
  olga,
  planFor,
  seededPlan,
  toldOf,
} from '../plan-fixture.ts'

let db: TestDatabase
let account: Account
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db.close())
beforeEach(async () => {
  account = await anAccount(db.owner)
})

const put = (plan: RevenuePlan, more: Partial<Parameters<typeof putPlan>[2]> = {}) =>
  db.app.begin((tx) => putPlan(tx, plan, { at: later(5), actor: olga, ...more }))
const type = renewalDefense.planType
const open: PlanStatus[] = ['DRAFT', 'APPROVED', 'ACTIVE', 'PAUSED']

describe('R96: getPlan', () => {
  test('answers the plan with everything in it, and its lock does too', async () => {
    const plan = await aDraft(db.app, account, {
      constraints: { restricted_fields: ['email'], discount: 10 },
    })
    expect(await getPlan(db.app, plan)).toEqual(plan)
    expect(await getPlan(db.app, { tenantId: plan.tenantId, planId: plan.planId })).toEqual(plan)
    expect(await db.app.begin((tx) => lockPlan(tx, plan))).toEqual(plan)
  })

  test('of another tenant, account or name: null', async () => {
    const plan = await aDraft(db.app, account)
    const foreign = await aForeignAccount(db.owner)
    for (const other of [
      { tenantId: foreign.tenantId },
      { accountId: foreign.accountId },
      { planId: 'plan_0' },
    ]) {
      expect(await getPlan(db.app, { ...keyOf(plan), ...other })).toBeNull()
      expect(await db.app.begin((tx) => lockPlan(tx, { ...keyOf(plan), ...other }))).toBeNull()
    }
  })

  test('two tenants may use the same name, and each has its own', async () => {
    const foreign = await aForeignAccount(db.owner)
    const ours = await aDraft(db.app, account, { planId: 'e2e-ledger-same' })
    const theirs = await aDraft(db.app, foreign, { planId: 'e2e-ledger-same', objective: 'Theirs' })
    expect(await getPlan(db.app, keyOf(ours))).toEqual(ours)
    expect(await getPlan(db.app, keyOf(theirs))).toEqual(theirs)
  })
})

describe('R97: putPlan', () => {
  test('a new plan is created, with its entry and what triggered it', async () => {
    const plan = planFor(account)
    const made = await put(plan, { trigger: { kind: 'event', id: 'evt_1' } })
    expect(made).toEqual({ kind: 'created', plan: { ...plan, createdAt: later(5), updatedAt: later(5) } })
    const [entry] =
      await db.app`select event_type, data from governance.plan_ledger where plan_id = ${plan.planId}`
    expect(entry).toEqual({
      eventType: 'PLAN_CREATED',
      data: {
        plan_id: plan.planId,
        plan_type: type,
        account_id: plan.accountId,
        objective: plan.objective,
        trigger: { kind: 'event', id: 'evt_1' },
        actor: olga,
      },
    })
  })

  test('nobody has to be named for it', async () => {
    const plan = planFor(account)
    await db.app.begin((tx) => putPlan(tx, plan, { at: noon }))
    await db.app.begin((tx) => putPlan(tx, { ...plan, objective: 'Other' }, { at: noon }))
    const rows = await db.app<{ data: object }[]>`
      select data from governance.plan_ledger where plan_id = ${plan.planId} order by sequence`
    expect(rows.map(({ data }) => Object.keys(data).sort())).toEqual([
      ['account_id', 'objective', 'plan_id', 'plan_type'],
      ['changed_fields', 'plan_id'],
    ])
  })

  test('R91: a draft is replaced, and the entry names what has changed', async () => {
    const plan = await aDraft(db.app, account)
    const changed = {
      ...plan,
      objective: 'Keep them',
      expiresAt: days(10),
      constraints: { discount: 5 },
      steps: plan.steps.toReversed(),
    }
    const replaced = await put(changed, { reason: 'they asked' })
    expect(replaced).toEqual({ kind: 'updated', plan: { ...changed, updatedAt: later(5) } })
    expect(await getPlan(db.app, plan)).toEqual({ ...changed, updatedAt: later(5) })
    const [, entry] = await db.app<{ data: object }[]>`
      select data from governance.plan_ledger where plan_id = ${plan.planId} order by sequence`
    expect(entry!.data).toEqual({
      plan_id: plan.planId,
      changed_fields: ['objective', 'steps', 'constraints', 'expires_at'],
      reason: 'they asked',
      actor: olga,
    })
  })

  test('the same again is no change and no entry', async () => {
    const plan = await aDraft(db.app, account)
    expect(await put(plan)).toEqual({ kind: 'unchanged', plan })
    expect(await toldOf(db.app, plan)).toEqual(['PLAN_CREATED'])
  })

  test('a clock that has gone back leaves updated_at where it was', async () => {
    const plan = await aDraft(db.app, account)
    const put1 = await put({ ...plan, objective: 'x' }, { at: later(-5) })
    expect(put1).toMatchObject({ plan: { updatedAt: noon } })
    expect(await getPlan(db.app, plan)).toMatchObject({ updatedAt: noon })
  })

  test.each(planStatuses.filter((status) => status !== 'DRAFT'))(
    'R91, R97, R107: one that is stored as %s is not replaced, and nothing is told',
    async (status) => {
      const stored = await seededPlan(db.app, account, status)
      const draft: RevenuePlan = { ...stored, planStatus: 'DRAFT', objective: 'Sneaked in' }
      expect(await put(draft)).toEqual({ kind: 'refused', code: 'STORED_NOT_DRAFT', status })
      expect(await getPlan(db.app, stored)).toEqual(stored)
      expect(await toldOf(db.app, stored)).toEqual([])
    },
  )

  test.each(planStatuses.filter((status) => status !== 'DRAFT'))(
    'D7: none begins as %s',
    async (planStatus) => {
      const plan = planFor(account, { planStatus })
      expect(await put(plan)).toEqual({ kind: 'refused', code: 'NEW_NOT_DRAFT' })
      const created = await db.app.begin((tx) => createPlan(tx, plan, { at: noon }))
      expect(created).toEqual({ kind: 'refused', code: 'NEW_NOT_DRAFT' })
      expect(await getPlan(db.app, plan)).toBeNull()
    },
  )

  test('R76: a step keeps what it is wherever it stands', async () => {
    const plan = await aDraft(db.app, account)
    const [first, ...rest] = plan.steps
    const other = { ...first!, actionType: 'PREP_RENEWAL_BRIEF' }
    expect(await put({ ...plan, steps: [other, ...rest] })).toEqual({
      kind: 'refused',
      code: 'STEPS_REPLACED',
    })
    const reordered = await put({ ...plan, steps: [...rest, first!] })
    expect(reordered).toMatchObject({ kind: 'updated' })
    const ids = (of: RevenuePlan) =>
      of.steps.map(({ stepId, actionType }) => `${stepId} ${actionType}`).sort()
    expect(ids((await getPlan(db.app, plan))!)).toEqual(ids(plan))
  })

  test('a plan stays on its account and of its type', async () => {
    const plan = await aDraft(db.app, account)
    const { accountId } = await anAccount(db.owner)
    for (const other of [{ accountId }, { planType: 'OTHER' }])
      expect(await put({ ...plan, ...other })).toEqual({ kind: 'refused', code: 'PLAN_ID_TAKEN' })
  })

  test('an account of another tenant is none, and leaves nothing', async () => {
    const foreign = await aForeignAccount(db.owner)
    const plan = planFor({ ...foreign, tenantId: account.tenantId })
    expect(await put(plan)).toEqual({ kind: 'refused', code: 'ACCOUNT_UNKNOWN' })
    expect(await toldOf(db.app, plan)).toEqual([])
  })

  test('createPlan never replaces', async () => {
    const plan = await aDraft(db.app, account)
    const again = { ...plan, objective: 'Again' }
    const made = await db.app.begin((tx) => createPlan(tx, again, { at: noon }))
    expect(made).toEqual({ kind: 'refused', code: 'PLAN_ID_TAKEN' })
    expect(await getPlan(db.app, plan)).toEqual(plan)
  })
})

describe('one open plan for each account and type', () => {
  test.each(open)('beside one that is %s there is no second, and the first is named', async (status) => {
    const first = await seededPlan(db.app, account, status)
    expect(await openPlan(db.app, { ...account, planType: type })).toEqual(first)
    expect(await put(planFor(account))).toEqual({
      kind: 'refused',
      code: 'OPEN_PLAN_EXISTS',
      planId: first.planId,
    })
    await expect(seededPlan(db.app, account, 'DRAFT')).rejects.toMatchObject({ code: '23505' })
  })

  test.each(['COMPLETED', 'ABORTED', 'EXPIRED'] satisfies PlanStatus[])(
    'after one that is %s there may be',
    async (status) => {
      await seededPlan(db.app, account, status)
      expect(await openPlan(db.app, { ...account, planType: type })).toBeNull()
      expect(await put(planFor(account))).toMatchObject({ kind: 'created' })
    },
  )

  test('of another type, or on another account, there may be', async () => {
    await aDraft(db.app, account)
    expect(await put(planFor(account, { planType: 'OTHER' }))).toMatchObject({ kind: 'created' })
    expect(await put(planFor(await anAccount(db.owner)))).toMatchObject({ kind: 'created' })
  })

  test('twenty at once: one is created, and nineteen are told which', async () => {
    const made = await Promise.all(Array.from({ length: 20 }, () => put(planFor(account))))
    const created = made.filter(({ kind }) => kind === 'created')
    expect(created).toHaveLength(1)
    const { plan } = created[0] as { plan: RevenuePlan }
    const others = made.filter(({ kind }) => kind !== 'created')
    for (const other of others)
      expect(other).toEqual({ kind: 'refused', code: 'OPEN_PLAN_EXISTS', planId: plan.planId })
    expect(await toldOf(db.app, plan)).toEqual(['PLAN_CREATED'])
  })
})

describe('R98, R99: lists', () => {
  const named = (plans: RevenuePlan[]) => plans.map(({ planId }) => planId)
  const moved = (plan: RevenuePlan, expected: PlanStatus, to: PlanStatus, minutes: number) =>
    db.app.begin((tx) =>
      updatePlanStatus(tx, {
        ...keyOf(plan),
        expected,
        to,
        at: later(minutes),
        approvedBy: null,
        completionReason: to === 'COMPLETED' ? 'all_steps_done' : null,
      }),
    )

  test('a plan moves from list to list with its status', async () => {
    const { tenantId } = await aForeignAccount(db.owner)
    const plan = await seededPlan(db.app, { ...account, tenantId }, 'ACTIVE')
    const listed = async (status: PlanStatus) =>
      named(await listPlans(db.app, { tenantId, status, limit: 10 }))
    expect(await listed('ACTIVE')).toEqual([plan.planId])
    const completed = await moved(plan, 'ACTIVE', 'COMPLETED', 5)
    expect(completed).toMatchObject({ completedAt: later(5), completionReason: 'all_steps_done' })
    expect(await listed('ACTIVE')).toEqual([])
    expect(await listed('COMPLETED')).toEqual([plan.planId])
  })

  test('by status and by account, what changed last first, so many and none of another tenant', async () => {
    const foreign = await aForeignAccount(db.owner)
    const { tenantId } = foreign
    const accounts = [foreign]
    for (let n = 0; n < 3; n++) accounts.push({ ...(await anAccount(db.owner)), tenantId })
    const ids: string[] = []
    for (const [n, each] of accounts.entries())
      ids.push((await seededPlan(db.app, each, 'ACTIVE', { updatedAt: later(n) })).planId)
    await seededPlan(db.app, foreign, 'ABORTED', { updatedAt: later(-1) })
    await seededPlan(db.app, account, 'ACTIVE', { updatedAt: later(100) })

    const all = await listPlans(db.app, { tenantId, limit: 10 })
    expect(all).toHaveLength(5)
    expect(named(await listPlans(db.app, { tenantId, status: 'ACTIVE', limit: 10 }))).toEqual(
      ids.toReversed(),
    )
    expect(named(await listPlans(db.app, { tenantId, status: 'ACTIVE', limit: 2 }))).toEqual(
      ids.toReversed().slice(0, 2),
    )
    const ofAccount = { tenantId, accountId: foreign.accountId, limit: 10 }
    expect((await listPlans(db.app, ofAccount)).map(({ planStatus }) => planStatus)).toEqual([
      'ACTIVE',
      'ABORTED',
    ])
    expect(named(await listPlans(db.app, { ...ofAccount, status: 'ACTIVE' }))).toEqual([ids[0]])
    expect(await listPlans(db.app, { ...ofAccount, planType: 'OTHER' })).toEqual([])
    expect(await listPlans(db.app, { ...ofAccount, tenantId: account.tenantId })).toEqual([])
    expect(named(await listPlans(db.app, { tenantId, after: all[2]!, limit: 10 }))).toEqual(
      named(all.slice(3)),
    )
  })

  test('existsActivePlanForAccountAndType says whether and which', async () => {
    const wanted = { ...account, planType: type }
    for (const status of planStatuses.filter((status) => status !== 'ACTIVE' && !open.includes(status)))
      await seededPlan(db.app, account, status)
    const paused = await seededPlan(db.app, account, 'PAUSED')
    expect(await existsActivePlanForAccountAndType(db.app, wanted)).toEqual({ exists: false })
    await moved(paused, 'PAUSED', 'ACTIVE', 1)
    expect(await existsActivePlanForAccountAndType(db.app, wanted)).toEqual({
      exists: true,
      planId: paused.planId,
    })
    const { tenantId } = await aForeignAccount(db.owner)
    for (const other of [
      { tenantId },
      { accountId: (await anAccount(db.owner)).accountId },
      { planType: 'OTHER' },
    ])
      expect(await existsActivePlanForAccountAndType(db.app, { ...wanted, ...other })).toEqual({
        exists: false,
      })
  })
})

describe('R100: retention of plans that have ended', () => {
  const kept = (retireAfterDays: number | null): PlanTypes => ({
    [type]: { ...renewalDefense, retireAfterDays },
  })
  const retire = (days: number | null, at: Date) => retirePlans(db.app, kept(days), at)
  const left = async (plan: RevenuePlan) => (await getPlan(db.app, plan)) !== null

  test('none unless somebody wants it', async () => {
    const ended = await seededPlan(db.app, account, 'COMPLETED')
    expect(await retire(null, days(10_000))).toBe(0)
    expect(await left(ended)).toBe(true)
  })

  test('what has ended long ago goes, what is open and what is of another type stays', async () => {
    const foreign = await seededPlan(db.app, account, 'COMPLETED', { planType: 'GONE' })
    const active = await seededPlan(db.app, account, 'ACTIVE')
    const old = await seededPlan(db.app, account, 'ABORTED')
    const fresh = await seededPlan(db.app, account, 'EXPIRED', { updatedAt: days(20) })
    const told = await aDraft(db.app, await anAccount(db.owner))
    expect(await retire(30, days(31))).toBeGreaterThanOrEqual(1)
    expect(await Promise.all([foreign, active, old, fresh, told].map(left))).toEqual([
      true,
      true,
      false,
      true,
      true,
    ])
  })

  test('D8: the ledger outlives its plan', async () => {
    const plan = await aDraft(db.app, account)
    await db.app`delete from governance.revenue_plans where plan_id = ${plan.planId}`
    expect(await toldOf(db.app, plan)).toEqual(['PLAN_CREATED'])
  })
})

describe('a step’s status', () => {
  const done = (plan: RevenuePlan, more: object = {}) => {
    const step = {
      stepId: plan.steps[1]!.stepId,
      expected: 'PENDING',
      to: 'DONE',
      at: later(5),
      ...more,
    } as const
    return db.app.begin((tx) => setStepStatus(tx, keyOf(plan), step))
  }

  test.each(['ACTIVE', 'PAUSED'] satisfies PlanStatus[])(
    'is written while the plan is %s, and nothing else is',
    async (status) => {
      const plan = await seededPlan(db.app, account, status)
      const after = await done(plan)
      const [first, second, third] = plan.steps
      expect(after).toEqual({
        ...plan,
        updatedAt: later(5),
        steps: [first, { ...second!, status: 'DONE' }, third],
      })
      expect(await getPlan(db.app, plan)).toEqual(after)
      expect(await done(plan)).toBeNull()
    },
  )

  test.each(planStatuses.filter((status) => status !== 'ACTIVE' && status !== 'PAUSED'))(
    'is not while it is %s',
    async (status) => {
      const plan = await seededPlan(db.app, account, status)
      expect(await done(plan)).toBeNull()
      expect(await getPlan(db.app, plan)).toEqual(plan)
    },
  )

  test('is not of a step that is not there, or not so', async () => {
    const plan = await seededPlan(db.app, account, 'ACTIVE')
    expect(await done(plan, { stepId: crypto.randomUUID() })).toBeNull()
    expect(await done(plan, { expected: 'DONE', to: 'SKIPPED' })).toBeNull()
  })
})
