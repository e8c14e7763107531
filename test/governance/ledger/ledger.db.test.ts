import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { appendEntries } from '../../../src/governance/ledger/append-entries.ts'
import { ledgerEntryV1Of, ledgerOfPlan, ledgerOfTenant } from '../../../src/governance/ledger/ledger.ts'
import type { LedgerEvent } from '../../../src/governance/ledger/ledger-events.ts'
import type { PlanKey } from '../../../src/governance/revenue-plan/revenue-plan.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { aForeignAccount, anAccount, later, noon } from '../plan-fixture.ts'
import { planEvents } from './planned-events.ts'

let db: TestDatabase
let key: PlanKey
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db.close())
beforeEach(async () => {
  key = { ...(await anAccount(db.owner)), planId: `e2e-ledger-${crypto.randomUUID()}` }
})

const write = (events: readonly LedgerEvent[], at = noon, of = key) =>
  db.app.begin((tx) => appendEntries(tx, of, at, events))
const paused = (reason: string, planId = key.planId): LedgerEvent => ({
  type: 'PLAN_PAUSED',
  data: { plan_id: planId, reason },
})
const reasons = (entries: { data: Record<string, unknown> }[]) => entries.map(({ data }) => data.reason)

test.each(planEvents)('R89, R92: $type is written and read back as it was told', async (event) => {
  const data = { ...event.data, plan_id: key.planId }
  const [written] = await write([{ ...event, data } as LedgerEvent])
  const [read] = await ledgerOfPlan(db.app, { ...key, limit: 1 })
  expect(read).toEqual(written)
  expect(read).toMatchObject({ ...key, eventType: event.type, recordedAt: noon, data })
})

test('R90: an entry goes out with these names, its id and time made when it is written', async () => {
  const [entry] = await write([paused('x')])
  expect(ledgerEntryV1Of(entry!)).toEqual({
    entry_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    plan_id: key.planId,
    tenant_id: key.tenantId,
    account_id: key.accountId,
    event_type: 'PLAN_PAUSED',
    timestamp: noon.toISOString(),
    data: { plan_id: key.planId, reason: 'x' },
  })
})

describe('what is not of its form is not written', () => {
  test.each([
    ['a field missing', { type: 'PLAN_ABORTED', data: { plan_id: '' } }],
    ['a field too many', { type: 'PLAN_RESUMED', data: { plan_id: 'p', mood: 'good' } }],
    ['another plan', { type: 'PLAN_RESUMED', data: { plan_id: 'another' } }],
  ] as [string, unknown][])('%s', async (_, event) => {
    await expect(write([paused('fine'), event as LedgerEvent])).rejects.toMatchObject({
      code: 'ledger_entry_invalid',
    })
    expect(await ledgerOfPlan(db.app, { ...key, limit: 10 })).toEqual([])
  })
})

describe('R94: append-only, in the database', () => {
  beforeEach(() => write([paused('x')]))

  test('the application may not even ask', async () => {
    for (const table of ['plan_ledger', 'outcomes']) {
      const name = db.app(`governance.${table}`)
      await expect(db.app`update ${name} set data = '{}'`).rejects.toMatchObject({ code: '42501' })
      await expect(db.app`delete from ${name}`).rejects.toMatchObject({ code: '42501' })
      await expect(db.app`truncate ${name}`).rejects.toMatchObject({ code: '42501' })
    }
  })

  test('the owner is refused too', async () => {
    await db.owner`
      insert into governance.outcomes (tenant_id, account_id, plan_id, outcome_type, source, idempotency_key, occurred_at)
      values (${key.tenantId}, ${key.accountId}, ${key.planId}, 'DOWNSTREAM_WIN', 'DOWNSTREAM', ${key.planId}, ${noon})`
    for (const table of ['plan_ledger', 'outcomes']) {
      const name = db.owner(`governance.${table}`)
      const refused = { code: '42501', message: expect.stringContaining('append-only') }
      await expect(db.owner`update ${name} set plan_id = 'x'`).rejects.toMatchObject(refused)
      await expect(db.owner`delete from ${name}`).rejects.toMatchObject(refused)
      await expect(db.owner`truncate ${name}`).rejects.toMatchObject(refused)
    }
  })

  test('the same entry of the same plan and time is not written twice', async () => {
    const again = db.owner`
      insert into governance.plan_ledger (entry_id, tenant_id, account_id, plan_id, event_type, recorded_at, data)
      select entry_id, tenant_id, account_id, plan_id, event_type, recorded_at, data
      from governance.plan_ledger where plan_id = ${key.planId}`
    await expect(again).rejects.toMatchObject({ code: '23505' })
  })
})

describe('R95, D6: asked by plan', () => {
  test('the latest first, and of one moment the one that was written last', async () => {
    await write([paused('1'), paused('2')])
    await write([paused('3')], later(1))
    await write([paused('4')], later(1))
    const entries = await ledgerOfPlan(db.app, { ...key, limit: 10 })
    expect(reasons(entries)).toEqual(['4', '3', '2', '1'])
    expect(reasons(await ledgerOfPlan(db.app, { ...key, limit: 3 }))).toEqual(['4', '3', '2'])
  })

  test('page by page nothing is left out and nothing told twice', async () => {
    await write(['1', '2', '3', '4', '5'].map((reason) => paused(reason)))
    await write([paused('6')], later(1))
    const told: unknown[] = []
    let after: Awaited<ReturnType<typeof ledgerOfPlan>>[number] | null = null
    for (;;) {
      const page = await ledgerOfPlan(db.app, { ...key, after, limit: 4 })
      if (page.length === 0) break
      told.push(...reasons(page))
      after = page.at(-1)!
    }
    expect(told).toEqual(['6', '5', '4', '3', '2', '1'])
  })

  test('a clock that has gone back does not hide the latest', async () => {
    await write([paused('before')], later(10))
    await write([paused('after')], later(5))
    const [latest] = await ledgerOfPlan(db.app, { ...key, limit: 1 })
    expect(latest).toMatchObject({ recordedAt: later(10), data: { reason: 'after' } })
  })

  test('nothing of another tenant, and with an account nothing of another one', async () => {
    const foreign = { ...(await aForeignAccount(db.owner)), planId: key.planId }
    await write([paused('ours')])
    await write([paused('theirs')], later(1), foreign)
    expect(reasons(await ledgerOfPlan(db.app, { ...key, limit: 10 }))).toEqual(['ours'])
    expect(reasons(await ledgerOfPlan(db.app, { ...foreign, limit: 10 }))).toEqual(['theirs'])
    const other = { ...key, accountId: foreign.accountId }
    expect(await ledgerOfPlan(db.app, { ...other, limit: 10 })).toEqual([])
  })

  test('an index answers, and not the whole ledger', async () => {
    await db.owner`
      insert into governance.plan_ledger (tenant_id, account_id, plan_id, event_type, recorded_at, data)
      select ${key.tenantId}, ${key.accountId}, 'plan_' || n % 500, 'PLAN_RESUMED', ${noon}::timestamptz + n * interval '1 second', '{}'
      from generate_series(1, 20000) n`
    await db.owner`analyze governance.plan_ledger`
    const plan = async (rows: Promise<Record<string, string>[]>) =>
      (await rows).map((row) => Object.values(row)[0]).join('\n')
    const byPlan = await plan(db.owner`
      explain select * from governance.plan_ledger where tenant_id = ${key.tenantId} and plan_id = 'plan_7'
      order by recorded_at desc, sequence desc limit 50`)
    const byTenant = await plan(db.owner`
      explain select * from governance.plan_ledger where tenant_id = ${key.tenantId}
      order by recorded_at desc, sequence desc limit 50`)
    expect(byPlan).toMatch(/plan_ledger_(by_plan|tenant_id_plan_id)/)
    expect(byTenant).toContain('plan_ledger_by_tenant')
    expect(byPlan + byTenant).not.toContain('Seq Scan')
  })
})

test('R95: a tenant’s ledger is all its plans’, the latest first, so many and none of others', async () => {
  const foreign = { ...(await aForeignAccount(db.owner)), planId: key.planId }
  const second = { ...foreign, planId: 'e2e-ledger-2' }
  await write([paused('1')], noon, foreign)
  await write([paused('2', second.planId)], later(1), second)
  await write([paused('not theirs')], later(2))
  expect(reasons(await ledgerOfTenant(db.app, { tenantId: foreign.tenantId, limit: 10 }))).toEqual(['2', '1'])
  expect(reasons(await ledgerOfTenant(db.app, { tenantId: foreign.tenantId, limit: 1 }))).toEqual(['2'])
})
