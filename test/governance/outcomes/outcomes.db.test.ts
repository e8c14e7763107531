import { afterAll, beforeAll, expect, test } from 'vitest'
import { transitionPlan } from '../../../src/governance/lifecycle/transition-plan.ts'
import { captureOutcome, type OutcomeTold } from '../../../src/governance/outcomes/capture-outcome.ts'
import { outcomeSummary, outcomesOfPlan } from '../../../src/governance/outcomes/outcomes.ts'
import { keyOf, type PlanKey } from '../../../src/governance/revenue-plan/revenue-plan.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { aSignal } from '../orchestrator/orchestrator-fixture.ts'
import { aDraft, aForeignAccount, anAccount, days, later, noon, olga, seededPlan } from '../plan-fixture.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db.close())

const tell = (plan: PlanKey, more: Partial<OutcomeTold> & Pick<OutcomeTold, 'idempotencyKey'>) =>
  db.app.begin((tx) =>
    captureOutcome(tx, plan, {
      outcomeType: 'SELLER_EDIT',
      source: 'HUMAN',
      occurredAt: noon,
      ...more,
    }),
  )

test('an idempotency key repeated answers the first outcome’s id, at once or later', async () => {
  const plan = await seededPlan(db.app, await anAccount(db.owner), 'ACTIVE')
  const told = await Promise.all(
    Array.from({ length: 8 }, () => tell(plan, { idempotencyKey: 'once', data: { a: 1 } })),
  )
  expect(new Set(told.map(({ outcomeId }) => outcomeId)).size).toBe(1)
  expect(told.filter(({ kind }) => kind === 'captured')).toHaveLength(1)
  expect(await tell(plan, { idempotencyKey: 'once', outcomeType: 'EXECUTION_FAILURE' })).toMatchObject({
    kind: 'repeated',
    outcomeId: told[0]!.outcomeId,
  })
  expect(await outcomesOfPlan(db.app, { ...plan, limit: 9 })).toMatchObject([
    { outcomeType: 'SELLER_EDIT', source: 'HUMAN', data: { a: 1 }, occurredAt: noon },
  ])
})

test('another tenant’s key is another one, and its outcomes are its own', async () => {
  const ours = await seededPlan(db.app, await anAccount(db.owner), 'ACTIVE')
  const foreign = await seededPlan(db.app, await aForeignAccount(db.owner), 'ACTIVE')
  await tell(ours, { idempotencyKey: 'shared' })
  expect(await tell(foreign, { idempotencyKey: 'shared' })).toMatchObject({ kind: 'captured' })
  expect(await outcomesOfPlan(db.app, { ...foreign, planId: ours.planId, limit: 9 })).toEqual([])
})

test('nobody changes an outcome, the owner of the schema included', async () => {
  for (const change of [
    db.owner`update governance.outcomes set data = null`,
    db.owner`delete from governance.outcomes`,
    db.owner`truncate governance.outcomes`,
  ])
    await expect(change).rejects.toThrow('append-only')
  await expect(db.app`update governance.outcomes set data = null`).rejects.toThrow()
})

test('an approval and an end are outcomes, with who told them, and commit with the status or not at all', async () => {
  const plan = await aDraft(db.app, await anAccount(db.owner))
  const to = (status: 'APPROVED' | 'ABORTED', reason?: string) =>
    db.app.begin((tx) =>
      transitionPlan(tx, { ...keyOf(plan), to: status, at: noon, actor: olga, ...(reason && { reason }) }),
    )
  await db.owner`alter table governance.outcomes rename to gone`
  await expect(to('APPROVED')).rejects.toThrow()
  await db.owner`alter table governance.gone rename to outcomes`
  expect(await outcomesOfPlan(db.app, { ...plan, limit: 9 })).toEqual([])
  expect(await to('APPROVED')).toMatchObject({ kind: 'done' })
  await to('ABORTED', 'they left')
  const told = await outcomesOfPlan(db.app, { ...plan, limit: 9 })
  expect(told.map(({ outcomeType, source, data }) => [outcomeType, source, data]).sort()).toEqual([
    ['ACTION_APPROVED', 'HUMAN', null],
    ['PLAN_ABORTED', 'HUMAN', { reason: 'they left' }],
  ])
})

test('did it work? accounts by the last that their subscription said, by signal and by step', async () => {
  const own = await aForeignAccount(db.owner)
  const saved = await seededPlan(db.app, own, 'ACTIVE')
  const second = await anAccount(db.owner)
  const lost = await seededPlan(db.app, { ...second, tenantId: own.tenantId }, 'ACTIVE')
  await aSignal(db.app, saved)
  await aSignal(db.app, saved, noon, 'payment_failed')
  await aSignal(db.app, lost)
  const step = { stepId: saved.steps[0]!.stepId, actionType: 'ASK' }
  await tell(saved, { idempotencyKey: '1', outcomeType: 'DOWNSTREAM_LOSS', source: 'DOWNSTREAM' })
  await tell(saved, {
    ...{ idempotencyKey: '2', outcomeType: 'DOWNSTREAM_WIN', source: 'DOWNSTREAM', occurredAt: later(1) },
  })
  await tell(lost, { idempotencyKey: '3', outcomeType: 'DOWNSTREAM_LOSS', source: 'DOWNSTREAM' })
  await tell(saved, { idempotencyKey: '4', outcomeType: 'EXECUTION_FAILURE', source: 'CONNECTOR', step })
  await tell(saved, { idempotencyKey: '5', outcomeType: 'EXECUTION_SUCCESS', source: 'CONNECTOR', step })
  await tell(lost, { idempotencyKey: '6', outcomeType: 'EXECUTION_SUCCESS', source: 'HUMAN', step })
  expect(await outcomeSummary(db.app, own)).toEqual({
    accounts: { saved: 1, lost: 1 },
    bySignal: [
      { signalKind: 'past_due', saved: 1, lost: 1 },
      { signalKind: 'payment_failed', saved: 1, lost: 0 },
    ],
    byStep: [{ actionType: 'ASK', succeeded: 2, failed: 1, saved: 1, lost: 1 }],
  })
  const none = { accounts: { saved: 0, lost: 0 }, bySignal: [], byStep: [] }
  expect(await outcomeSummary(db.app, { ...own, since: days(1) })).toEqual(none)
})

test('outcomes come page by page, the latest first, and by account if one is named', async () => {
  const plan = await seededPlan(db.app, await anAccount(db.owner), 'ACTIVE')
  for (let n = 0; n < 3; n++) await tell(plan, { idempotencyKey: `page-${n}`, occurredAt: later(n) })
  const [first, ...rest] = await outcomesOfPlan(db.app, { ...plan, limit: 9 })
  expect(first).toMatchObject({ occurredAt: later(2) })
  expect(await outcomesOfPlan(db.app, { ...plan, after: first!, limit: 9 })).toEqual(rest)
  const elsewhere = { ...plan, accountId: crypto.randomUUID() }
  expect(await outcomesOfPlan(db.app, { ...elsewhere, limit: 9 })).toEqual([])
})
