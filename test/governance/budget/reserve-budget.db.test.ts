import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { BudgetAsked } from '../../../src/governance/budget/budget-caps.ts'
import { type BudgetOutcome, reserveBudget } from '../../../src/governance/budget/reserve-budget.ts'
import { ledgerOfPlan } from '../../../src/governance/ledger/ledger.ts'
import type { RevenuePlan } from '../../../src/governance/revenue-plan/revenue-plan.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { aForeignAccount, anAccount, days, noon, seededPlan, toldOf } from '../plan-fixture.ts'

let db: TestDatabase
let plan: RevenuePlan
let operations = 0
beforeAll(async () => {
  db = await testDatabase({ max: 20 })
})
afterAll(() => db.close())
beforeEach(async () => {
  await db.owner`delete from governance.budget_usage`
  await db.owner`delete from governance.budget_configs where budget_scope <> 'TENANT' or period <> 'DAY'`
  plan = await seededPlan(db.app, await anAccount(db.owner), 'ACTIVE')
})

const reserve = (more: Partial<BudgetAsked> = {}): Promise<BudgetOutcome> => {
  const { tenantId, accountId, planId } = plan
  const asked: BudgetAsked = {
    ...{ tenantId, accountId, planId, tool: 'crm', costClass: 'EXPENSIVE', at: noon },
    operationId: `op-${++operations}`,
    ...more,
  }
  return db.app.begin((tx) => reserveBudget(tx, asked)) as Promise<BudgetOutcome>
}
const cap = (scope: string, scopeId: string, hardCap: number | null, more: object = {}) =>
  db.app`insert into governance.budget_configs ${db.app({
    tenantId: plan.tenantId,
    budgetScope: scope,
    scopeId,
    period: 'DAY',
    costClass: 'EXPENSIVE',
    hardCap,
    ...more,
  })}`
const used = async () =>
  (
    await db.app<
      { key: string; used: number }[]
    >`select budget_scope || ' ' || period as key, used from governance.budget_usage order by 1`
  ).map(({ key, used }) => `${key} ${used}`)

test('of 200 operations at once, at a cap of 50, exactly 50 pass', async () => {
  const outcomes = await Promise.all(Array.from({ length: 200 }, () => reserve()))
  expect(outcomes.filter(({ kind }) => kind === 'reserved')).toHaveLength(50)
  expect(outcomes.filter((one) => one.kind === 'reserved' && one.verdict === 'WARN')).toHaveLength(10)
  expect(await used()).toEqual(['TENANT DAY 50'])
  const told = await toldOf(db.app, plan)
  const count = (type: string) => told.filter((one) => one === type).length
  expect([count('BUDGET_RESERVE'), count('BUDGET_WARN'), count('BUDGET_BLOCK')]).toEqual([50, 10, 150])
})

test('of 40 that ask at once under one operation, one takes and all are answered the same', async () => {
  const outcomes = await Promise.all(Array.from({ length: 40 }, () => reserve({ operationId: 'the-same' })))
  expect(outcomes.filter((one) => one.kind === 'reserved' && !one.repeated)).toHaveLength(1)
  expect(outcomes.filter((one) => one.kind === 'reserved' && one.repeated)).toHaveLength(39)
  expect(await used()).toEqual(['TENANT DAY 1'])
  expect(await toldOf(db.app, plan)).toEqual(['BUDGET_RESERVE'])
})

test('an operation’s id that stands for another one is told, and takes nothing', async () => {
  const taken = { operationId: 'once' }
  expect(await reserve(taken)).toMatchObject({ kind: 'reserved', repeated: false })
  const other = await seededPlan(db.app, await anAccount(db.owner), 'ACTIVE')
  for (const more of [{ tool: 'mail' }, { costClass: 'CHEAP' as const }, { planId: other.planId }]) {
    const outcome = await reserve({ ...taken, ...more })
    const message = `The operation is known already, as one of EXPENSIVE by crm for plan ${plan.planId}.`
    expect(outcome).toEqual({ kind: 'other_operation', message })
  }
  expect(await reserve(taken)).toMatchObject({ kind: 'reserved', repeated: true })
  expect(await used()).toEqual(['TENANT DAY 1'])
})

describe('every cap that applies', () => {
  test('takes one, or none does: one without room undoes the others', async () => {
    await cap('ACCOUNT', plan.accountId, 2)
    await cap('PLAN', '*', 1)
    await cap('TOOL', '*', null, { softCap: 0, period: 'MONTH' })
    expect(await reserve()).toMatchObject({ kind: 'reserved', verdict: 'WARN' })
    expect(await used()).toEqual(['ACCOUNT DAY 1', 'PLAN DAY 1', 'TENANT DAY 1', 'TOOL MONTH 1'])
    expect(await reserve()).toMatchObject({ kind: 'blocked', reason: 'HARD_CAP_REACHED' })
    expect(await used()).toEqual(['ACCOUNT DAY 1', 'PLAN DAY 1', 'TENANT DAY 1', 'TOOL MONTH 1'])
    const [entry] = await ledgerOfPlan(db.app, { ...plan, limit: 1 })
    expect(entry).toMatchObject({
      eventType: 'BUDGET_BLOCK',
      data: {
        tool: 'crm',
        reason_code: 'HARD_CAP_REACHED',
        caps: expect.arrayContaining([
          expect.objectContaining({ scope: 'PLAN', scope_id: plan.planId, usage_before: 1, usage_after: 1 }),
        ]),
      },
    })
  })
  test('is one’s own before the one for all, and a cap of none lets nothing through', async () => {
    await cap('TOOL', '*', 0)
    expect(await reserve()).toMatchObject({ kind: 'blocked' })
    await cap('TOOL', 'crm', 1)
    expect(await reserve()).toMatchObject({ kind: 'reserved' })
    expect(await reserve()).toMatchObject({ kind: 'blocked' })
  })
  test('is of its day and its month, in UTC, and opens again with the next', async () => {
    await cap('TOOL', 'crm', 1)
    await cap('PLAN', '*', 2, { period: 'MONTH' })
    expect(await reserve()).toMatchObject({ kind: 'reserved' })
    expect(await reserve()).toMatchObject({ kind: 'blocked', until: new Date('2027-03-02T00:00:00Z') })
    expect(await reserve({ at: days(1) })).toMatchObject({ kind: 'reserved' })
    expect(await reserve({ at: days(2) })).toMatchObject({
      kind: 'blocked',
      until: new Date('2027-04-01T00:00:00Z'),
    })
    expect(await reserve({ at: days(31) })).toMatchObject({ kind: 'reserved' })
    expect(await reserve({ at: new Date('2027-03-01T23:59:59.999Z') })).toMatchObject({ kind: 'blocked' })
  })
})

test('a tenant may spend 50, 200 and 1000 a day until somebody says otherwise; the forty-first is warned of', async () => {
  const other = await seededPlan(db.app, await aForeignAccount(db.owner), 'ACTIVE')
  const { tenantId, accountId, planId } = other
  for (const [costClass, hardCap, softCap] of [
    ['EXPENSIVE', 50, 40],
    ['MEDIUM', 200, null],
    ['CHEAP', 1000, null],
  ] as const) {
    const taken = await reserve({ tenantId, accountId, planId, costClass })
    expect(taken).toMatchObject({ kind: 'reserved', caps: [{ hardCap, softCap, usageAfter: 1 }] })
  }
  await db.owner`update governance.budget_usage set used = 39`
  for (const verdict of ['ALLOW', 'WARN'])
    expect(await reserve({ tenantId, accountId, planId })).toMatchObject({ verdict })
})

test('without a budget nothing is let through, and it says so', async () => {
  const other = await seededPlan(db.app, await aForeignAccount(db.owner), 'ACTIVE')
  await db.app`delete from governance.budget_configs where tenant_id = ${other.tenantId}`
  const { tenantId, accountId, planId } = other
  expect(await reserve({ tenantId, accountId, planId })).toMatchObject({
    kind: 'blocked',
    reason: 'NO_APPLICABLE_CONFIG',
    caps: [],
  })
  expect(await toldOf(db.app, other)).toEqual(['BUDGET_BLOCK'])
})

test('what cannot be written is not let through: nothing is taken', async () => {
  await expect(reserve({ tool: 'crm', stepId: 'no uuid' })).rejects.toThrow()
  expect(await used()).toEqual([])
})
