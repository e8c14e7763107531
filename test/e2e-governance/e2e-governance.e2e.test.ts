import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApiKey } from '../../src/auth/api-keys.ts'
import { connect } from '../../src/db/connect.ts'
import type { Db } from '../../src/db/types.ts'
import { testFolder } from '../support/folder.ts'
import { type Started, started } from '../support/started.ts'
import { scenarioNames } from './scenarios.ts'

let home: string
let it: Started
let owner: Db

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'stepladder-home-'))
  chmodSync(home, 0o755)
  it = await started(home)
  owner = connect(it.run.owner_database_url, { max: 1 })
})
afterAll(async () => {
  await owner.end()
  it.process.kill('SIGTERM')
  await it.ended
  rmSync(home, { recursive: true, force: true })
})

type Ended = { code: number | null; stdout: string; stderr: string }

/** As `npm run` starts it: a process of its own, with no setting but those given. */
function run(
  file: 'e2e-governance.ts' | 'deploy.ts',
  args: string[],
  env: Record<string, string>,
): Promise<Ended> {
  const child = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, file), ...args], {
    cwd: join(import.meta.dirname, '../..'),
    env: { PATH: process.env.PATH, TMPDIR: process.env.TMPDIR, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => {
    said.stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    said.stderr += chunk
  })
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...said })))
}

/** What a run leaves behind of plans with these ids, and of their accounts. */
async function leftOf(planIds: readonly string[]) {
  const [row] = await owner`
    select (select count(*)::int from governance.revenue_plans where plan_id = any(${[...planIds]})) as plans,
           (select count(*)::int from organization.organizations where organization_key = any(${[...planIds]})) as organizations,
           (select count(*)::int from organization.org_types where org_type_key = any(${[...planIds]})) as types,
           (select count(distinct plan_id)::int from governance.plan_ledger where plan_id = any(${[...planIds]})) as ledgers`
  return row
}
const plansIn = (text: string) => text.match(/e2e-ledger-\d+/g) ?? []

test('R110–R115: beside a running Stepladder all four pass without a setting; no plan stays, its ledger does', async () => {
  const { code, stdout, stderr } = await run('e2e-governance.ts', [], { STEPLADDER_HOME: home })
  expect(stderr).toBe('')
  expect(code).toBe(0)
  for (const name of scenarioNames) expect(stdout).toMatch(new RegExp(`passed +${name}`))
  const plans = plansIn(stdout)
  expect(new Set(plans).size).toBe(4)
  expect(await leftOf(plans)).toEqual({ plans: 0, organizations: 0, types: 0, ledgers: 4 })
  const [last] = await owner`
    select event_type from governance.plan_ledger where plan_id = ${plans[0]!} order by sequence desc limit 1`
  expect(last!.eventType).toBe('PLAN_ABORTED')
  const [open] = await owner`
    select count(*)::int as keys from auth.api_keys where role = 'plan_approver' and revoked_at is null`
  expect(open!.keys).toBe(0)
})

test('R116, R117: one scenario is played on the deployment that is named, and --json is one document', async () => {
  const { key } = await createApiKey(owner, { role: 'viewer', scopes: ['high-risk-approval'] })
  const named = { STEPLADDER_BASE_URL: it.run.url, STEPLADDER_API_KEY: key }
  const ended = await run('e2e-governance.ts', ['budget-reserve', '--json'], {
    ...named,
    DATABASE_URL: it.run.database_url,
  })
  expect(ended.code).toBe(0)
  expect(JSON.parse(ended.stdout)).toMatchObject({
    url: it.run.url,
    scenarios: [{ scenario: 'budget-reserve', passed: true }],
  })
})

test('R114: outcomes that cannot be reached are a failure, never skipped, and nothing is left behind', async () => {
  await owner`alter table governance.outcomes rename to outcomes_away`
  try {
    const ended = await run('e2e-governance.ts', ['outcomes-capture'], { STEPLADDER_HOME: home })
    expect(ended.code).toBe(1)
    expect(ended.stdout).toMatch(/FAILED +outcomes-capture/)
    expect(ended.stdout).toContain('governance.outcomes')
    expect(await leftOf(plansIn(ended.stdout))).toEqual({ plans: 0, organizations: 0, types: 0, ledgers: 0 })
  } finally {
    await owner`alter table governance.outcomes_away rename to outcomes`
  }
})

test('who may not resume fails with what to do, and the plan is cleared away all the same', async () => {
  const { key } = await createApiKey(owner, { role: 'operator' })
  const env = { STEPLADDER_HOME: home, STEPLADDER_URL: it.run.url, STEPLADDER_API_KEY: key }
  const ended = await run('e2e-governance.ts', ['plan-ledger'], env)
  expect(ended.code).toBe(1)
  expect(ended.stdout).toContain('403')
  expect(ended.stdout).toContain('Next: ')
  expect(await leftOf(plansIn(ended.stdout))).toMatchObject({ plans: 0, organizations: 0 })
})

test('R116: a missing setting, a strange key and an unknown scenario end it before anything is seeded', async () => {
  const seeded = async () => (await owner`select count(*)::int as n from governance.plan_ledger`)[0]!.n
  const before = await seeded()
  const half = await run('e2e-governance.ts', [], { STEPLADDER_HOME: home, STEPLADDER_URL: it.run.url })
  expect([half.code, half.stderr]).toEqual([2, expect.stringContaining('STEPLADDER_API_KEY')])
  const strange = { STEPLADDER_HOME: home, STEPLADDER_URL: it.run.url, STEPLADDER_API_KEY: 'sl_unknown' }
  const refused = await run('e2e-governance.ts', [], strange)
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('STEPLADDER_API_KEY')])
  const odd = await run('e2e-governance.ts', ['resume'], { STEPLADDER_HOME: home })
  expect([odd.code, odd.stderr]).toEqual([2, expect.stringContaining('plan-ledger')])
  expect(await seeded()).toBe(before)
})

test('R117: deploy migrates and then plays them, unless it is told not to', async () => {
  const env = { STEPLADDER_HOME: home }
  const whole = await run('deploy.ts', [], env)
  expect([whole.code, whole.stderr]).toEqual([0, ''])
  for (const name of scenarioNames) expect(whole.stdout).toMatch(new RegExp(`passed +${name}`))
  for (const skip of ['--skip-governance-e2e', '--no-test']) {
    const ended = await run('deploy.ts', [skip], env)
    expect([ended.code, ended.stderr], skip).toEqual([0, ''])
    expect(ended.stdout, skip).not.toContain('plan-ledger')
  }
  const nowhere = await run('deploy.ts', [], { STEPLADDER_HOME: testFolder() })
  expect([nowhere.code, nowhere.stdout]).toEqual([2, ''])
  expect(nowhere.stderr).toContain('STEPLADDER_URL')
})
