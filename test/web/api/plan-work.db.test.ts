import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApiKey } from '../../../src/auth/api-keys.ts'
import { runOrchestrator } from '../../../src/governance/orchestrator/run-orchestrator.ts'
import type { RevenuePlan } from '../../../src/governance/revenue-plan/revenue-plan.ts'
import { aSignal, parts } from '../../governance/orchestrator/orchestrator-fixture.ts'
import { type Account, anAccount, seededPlan, toldOf } from '../../governance/plan-fixture.ts'
import { type Answer, type ApiWorld, apiWorld } from './api-for-test.ts'

let world: ApiWorld
let account: Account
let plan: RevenuePlan
let approver: string
const soon = new Date(Date.now() + 86_400_000)
beforeAll(async () => {
  world = await apiWorld()
  account = await anAccount(world.owner)
  plan = await seededPlan(world.app, account, 'APPROVED', { expiresAt: soon })
  await aSignal(world.app, plan, new Date())
  approver = (await createApiKey(world.app, { role: 'plan_approver', name: 'Ada' })).key
})
afterAll(() => world.close())

const ask = (method: string, path: string, body?: unknown): Promise<Answer> =>
  world.send(method, path, {
    headers: { authorization: `Bearer ${approver}`, ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
const at = (path: string) => `/plans/${plan.planId}${path}?account_id=${account.accountId}`

test('a budget is reserved over HTTP, once for an operation, and the ledger says so (R113)', async () => {
  const body = { tool: 'crm', cost_class: 'EXPENSIVE', operation_id: 'op-1' }
  expect(await ask('POST', at('/budget-reserve'), body)).toMatchObject({
    status: 200,
    body: { verdict: 'ALLOW', repeated: false, caps: [{ scope: 'TENANT', usage_before: 0, usage_after: 1 }] },
  })
  expect(await ask('POST', at('/budget-reserve'), body)).toMatchObject({ body: { repeated: true } })
  expect(await ask('POST', at('/budget-reserve'), { ...body, tool: 'mail' })).toMatchObject({
    status: 422,
    body: { code: 'operation_id_taken' },
  })
  expect(await toldOf(world.app, plan)).toEqual(['BUDGET_RESERVE'])
  await world.owner`update governance.budget_usage set used = 50`
  expect(await ask('POST', at('/budget-reserve'), { ...body, operation_id: 'op-2' })).toMatchObject({
    status: 409,
    body: { code: 'budget_blocked', reasons: [{ code: 'HARD_CAP_REACHED' }] },
  })
  expect(await toldOf(world.app, plan)).toEqual(['BUDGET_RESERVE', 'BUDGET_BLOCK'])
  await world.owner`update governance.budget_usage set used = 0`
  expect(await world.ask('POST', at('/budget-reserve'), body)).toMatchObject({ status: 403 })
  const ended = await seededPlan(world.app, await anAccount(world.owner), 'ABORTED')
  expect(await ask('POST', `/plans/${ended.planId}/budget-reserve`, body)).toMatchObject({
    status: 409,
    body: { code: 'plan_ended' },
  })
})

test('an operation that a person names is never the one of a step, whatever its id', async () => {
  const own = `step_${plan.steps[0]!.stepId}_1`
  const body = { tool: 'operator-task', cost_class: 'MEDIUM', operation_id: own }
  expect(await ask('POST', at('/budget-reserve'), body)).toMatchObject({
    status: 200,
    body: { operation_id: own },
  })
  const kept =
    await world.owner`select operation_id from governance.budget_reservations where tool = ${body.tool}`
  expect(kept).toEqual([{ operationId: `told:${own}` }])
})

test('what a person says came of a plan is kept once, and shown', async () => {
  const step_id = plan.steps[0]!.stepId
  const body = { outcome_type: 'SELLER_EDIT', idempotency_key: 'edit-1', step_id, note: 'shorter' }
  const first = await ask('POST', at('/outcomes'), body)
  expect(first).toMatchObject({ status: 201, body: { repeated: false } })
  const again = await ask('POST', at('/outcomes'), { ...body, note: 'longer' })
  expect(again).toMatchObject({ status: 200, body: { ...first.body, repeated: true } })
  const more = {
    outcome_type: 'ACTION_REJECTED',
    idempotency_key: 'edit-2',
    occurred_at: '2026-01-01T00:00:00Z',
  }
  await ask('POST', at('/outcomes'), more)
  const page = await ask('GET', `${at('/outcomes')}&limit=1`)
  expect(page.body.items).toMatchObject([
    {
      outcome_type: 'SELLER_EDIT',
      source: 'HUMAN',
      action_type: 'REQUEST_RENEWAL_MEETING',
      data: { note: 'shorter' },
    },
  ])
  const rest = await ask('GET', `${at('/outcomes')}&limit=1&cursor=${page.body.next_cursor}`)
  expect(rest.body).toMatchObject({ items: [{ outcome_type: 'ACTION_REJECTED' }], next_cursor: null })
  expect(await ask('POST', at('/outcomes'), { ...body, outcome_type: 'DOWNSTREAM_WIN' })).toMatchObject({
    status: 400,
  })
  expect(await ask('POST', at('/outcomes'), { ...body, step_id: crypto.randomUUID() })).toMatchObject({
    status: 404,
  })
  expect(await world.ask('POST', at('/outcomes'), body)).toMatchObject({ status: 403 })
})

test('people find their tasks and say how they ended; another tenant finds none', async () => {
  await runOrchestrator(world.app, {
    ...parts(world.app, { at: () => new Date() }),
    failed: (_, error) => {
      throw error
    },
  })
  const listed = await world.ask('GET', '/plans/tasks')
  expect(listed.body.items).toMatchObject([
    { plan_id: plan.planId, action_type: 'REQUEST_RENEWAL_MEETING', state: 'open', attempt: 1 },
  ])
  const [{ task_id }] = listed.body.items as unknown as [{ task_id: string }]
  expect((await world.askAsOther('GET', '/plans/tasks')).body.items).toEqual([])
  expect(await world.askAsOther('POST', `/plans/tasks/${task_id}/done`)).toMatchObject({ status: 404 })
  const done = await world.ask('POST', `/plans/tasks/${task_id}/done`, { note: 'they meet on Monday' })
  expect(done).toMatchObject({
    status: 200,
    body: { state: 'done', closed_by: 'Olga', note: 'they meet on Monday' },
  })
  expect(await world.ask('POST', `/plans/tasks/${task_id}/done`)).toMatchObject({ status: 200 })
  expect(await world.ask('POST', `/plans/tasks/${task_id}/failed`)).toMatchObject({
    status: 409,
    body: { code: 'task_closed' },
  })
  expect((await world.ask('GET', '/plans/tasks')).body.items).toEqual([])
  expect(
    (await world.ask('GET', `/plans/tasks?state=done&plan_id=${plan.planId}&limit=1`)).body.items,
  ).toHaveLength(1)
  const shown = await world.ask('GET', at(''))
  expect(shown.body.steps).toMatchObject([{ status: 'DONE' }, {}, {}])
  expect(await world.ask('POST', '/plans/tasks/none/done')).toMatchObject({ status: 404 })
})

test('pages of tasks go on where they ended', async () => {
  for (let n = 0; n < 2; n++)
    await world.app`
      insert into governance.operator_tasks
        (tenant_id, account_id, plan_id, step_id, attempt, idempotency_key, action_type, instruction, task_state, opened_at)
      values (${plan.tenantId}, ${plan.accountId}, 'p-1', ${plan.steps[0]!.stepId}, 1, ${`k${n}`}, 'ASK', 'Ask.', 'open', ${soon})`
  const first = await world.ask('GET', '/plans/tasks?plan_id=p-1&limit=1')
  const next = await world.ask('GET', `/plans/tasks?plan_id=p-1&limit=1&cursor=${first.body.next_cursor}`)
  expect(next.body).toMatchObject({ items: [{ action_type: 'ASK' }], next_cursor: null })
  expect(next.body.items).not.toEqual(first.body.items)
})

test('a plan that is not there, or another tenant’s, is 404; a store that fails is 500 and no answer', async () => {
  for (const [method, path, body] of [
    ['POST', '/budget-reserve', { tool: 't', cost_class: 'CHEAP', operation_id: 'x' }],
    ['GET', '/outcomes'],
    ['POST', '/outcomes', { outcome_type: 'SELLER_EDIT', idempotency_key: 'x' }],
  ] as const)
    expect(await ask(method, `/plans/none-1${path}`, body)).toMatchObject({
      status: 404,
      body: { code: 'revenue_plan_unknown' },
    })
  expect(await world.askAsOther('GET', `/plans/${plan.planId}/outcomes`)).toMatchObject({ status: 404 })
  await world.owner`alter table governance.outcomes rename to gone`
  try {
    const told = { outcome_type: 'SELLER_EDIT', idempotency_key: 'y' }
    expect(await ask('POST', at('/outcomes'), told)).toMatchObject({ status: 500 })
    expect(await ask('GET', at('/outcomes'))).toMatchObject({ status: 500 })
  } finally {
    await world.owner`alter table governance.gone rename to outcomes`
  }
})
