import { randomUUID } from 'node:crypto'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApiKey } from '../../src/auth/api-keys.ts'
import { operatorTask } from '../../src/governance/executors/operator-task.ts'
import { runOrchestrator } from '../../src/governance/orchestrator/run-orchestrator.ts'
import { captureOutcome } from '../../src/governance/outcomes/capture-outcome.ts'
import { getPlan } from '../../src/governance/repository/get-plan.ts'
import { createPlan } from '../../src/governance/repository/put-plan.ts'
import type { RevenuePlan } from '../../src/governance/revenue-plan/revenue-plan.ts'
import { runValidators } from '../../src/governance/validators/run-validators.ts'
import type { WebServer } from '../../src/web/server.ts'
import { planFor } from '../governance/plan-fixture.ts'
import { testBrowser } from '../support/browser.ts'
import { act } from './act.ts'
import { type ApiWorld, apiWorld } from './api/api-for-test.ts'
import { bearer, csrfOf, listeningApp, signedIn } from './app-for-test.ts'
import { axeFaults } from './axe.ts'
import { look } from './look.ts'
import { signedInPage } from './signed-in-page.ts'

let world: ApiWorld
let server: WebServer
let browser: Browser | null
let approver: string
let tenantId: string

beforeAll(async () => {
  browser = await testBrowser()
  world = await apiWorld()
  server = await listeningApp(world.app)
  approver = (await createApiKey(world.app, { role: 'plan_approver', name: 'Paula' })).key
  const [tenant] = await world.app<{ tenantId: string }[]>`
    select tenant_id from organization.tenants where tenant_key = 'default'`
  tenantId = tenant!.tenantId
})
afterAll(async () => {
  await browser?.close()
  await server.close(100)
  await world.close()
})

const open = (path: string, key = approver, options: BrowserContextOptions = {}) =>
  signedInPage(browser!, { url: server.url, key, path }, options)
const told = (page: Page, text: string | RegExp) => page.getByRole('status').getByText(text).waitFor()
const refused = (page: Page, text: string | RegExp) => page.getByRole('alert').getByText(text).waitFor()
const statusOf = async (plan: RevenuePlan) => (await getPlan(world.app, plan))!.planStatus
const at = (plan: RevenuePlan) => `/operator/plans/${plan.planId}`

/** A draft as a failed payment leaves it: with a signal, and the event that showed it. */
async function aDraftWithSignal(name = 'Acme', more: Partial<RevenuePlan> = {}): Promise<RevenuePlan> {
  const accountId = await world.organization({ name })
  const now = new Date()
  const base = planFor(
    { tenantId, accountId },
    { expiresAt: new Date(now.getTime() + 20 * 86_400_000), ...more },
  )
  const made = await world.app.begin((tx) =>
    createPlan(tx, base, {
      at: now,
      actor: { type: 'signal' },
      trigger: { kind: 'payment_failed', id: 'evt_failed' },
    }),
  )
  if (made.kind !== 'created') throw new Error(JSON.stringify(made))
  await world.owner`
    insert into governance.risk_signals (tenant_id, account_id, subscription_id, signal_kind, period, event_id, seen_at, plan_id)
    values (${tenantId}, ${accountId}, ${randomUUID()}, 'payment_failed', '2027-01-31T00:00:00.000Z', 'evt_failed', ${now}, ${base.planId})`
  return made.plan
}

/** One run of the orchestrator, in which people do every step. */
const orchestrate = () =>
  runOrchestrator(world.app, {
    executors: { 'operator-task': operatorTask(world.app) },
    runValidators,
    now: () => new Date(),
    signal: new AbortController().signal,
    failed: (_, error) => {
      throw error
    },
  })

test('a plan goes its whole way on its page: approved, active by itself, paused, resumed, aborted with a reason', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const plan = await aDraftWithSignal('Whole way')
  const { page, complaints } = await open('/operator/plans?status=draft')
  await page
    .getByRole('row', { name: /Whole way/ })
    .getByRole('link')
    .first()
    .click()
  expect(new URL(page.url()).pathname).toBe(at(plan))
  expect(await page.getByRole('link', { name: 'evt_failed' }).first().getAttribute('href')).toBe(
    '/operator/events/evt_failed',
  )
  expect(await page.getByText('Approval of the plan.').count()).toBe(3)
  await act(page, page, 'Approve…', 'Approve')
  await told(page, /The plan is approved/)
  expect(await statusOf(plan)).toBe('APPROVED')
  await orchestrate()
  expect(await statusOf(plan)).toBe('ACTIVE')
  await page.goto(server.url + at(plan))
  await page.getByText('A person: its task is open.').waitFor()
  await page
    .getByText('By the orchestrator', { exact: false })
    .or(page.getByText('by the orchestrator').first())
    .first()
    .waitFor()
  await act(page, page, 'Pause…', 'Pause', 'They asked for a week')
  await told(page, /The plan is paused/)
  await act(page, page, 'Resume…', 'Resume')
  await told(page, 'The plan goes on.')
  expect(await statusOf(plan)).toBe('ACTIVE')
  await act(page, page, 'Abort…', 'Abort', 'They have renewed by letter')
  await told(page, /aborted, for good/)
  expect(await statusOf(plan)).toBe('ABORTED')
  const ledger = page.locator('.timeline')
  await ledger.getByText('They have renewed by letter').waitFor()
  for (const entry of [
    'Plan created',
    'Plan approved',
    'Plan activated',
    'Plan paused',
    'Plan resumed',
    'Plan aborted',
  ])
    expect(await ledger.getByText(entry).count(), entry).toBeGreaterThan(0)
  expect(await page.getByRole('button', { name: /Approve|Pause|Resume|Abort/ }).count()).toBe(0)
  expect(complaints).toEqual([])
})

test('a draft is changed: objective, deadline, steps; a fault stands at its field, and who comes second is told', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const plan = await aDraftWithSignal('To be changed')
  const { page } = await open(at(plan))
  const objective = page.getByLabel('Objective')
  await objective.fill('Keep <b>them</b>')
  await page.getByLabel('Deadline (UTC)').fill('2001-01-01T00:00')
  await act(page, page, 'Change…', 'Change', 'As agreed')
  await page.getByText(/This is refused: That time has passed/).waitFor()
  expect(await objective.inputValue()).toBe('Keep <b>them</b>')
  await page
    .getByLabel('Deadline (UTC)')
    .fill(new Date(Date.now() + 5 * 86_400_000).toISOString().slice(0, 16))
  await act(page, page, 'Change…', 'Change', 'As agreed')
  await told(page, 'The draft was changed.')
  const steps = page.getByRole('table', { name: 'Steps of the plan' })
  await act(page, steps.getByRole('row', { name: /Escalate support risk/ }), 'Remove…', 'Remove')
  await told(page, /taken off/)
  await act(page, steps.getByRole('row', { name: /Prep renewal brief/ }), 'Earlier…', 'Move it up')
  await told(page, /earlier/)
  await page.getByLabel('Another step').selectOption('ESCALATE_SUPPORT_RISK')
  await page.getByLabel('Once this is done').selectOption({ label: '1. Prep renewal brief' })
  await act(page, page, 'Add the step…', 'Add the step')
  await told(page, /was added/)
  const stands = (await getPlan(world.app, plan))!
  expect(stands.objective).toBe('Keep <b>them</b>')
  expect(stands.steps.map(({ actionType, sequence }) => [actionType, sequence])).toEqual([
    ['PREP_RENEWAL_BRIEF', 1],
    ['REQUEST_RENEWAL_MEETING', 2],
    ['ESCALATE_SUPPORT_RISK', 3],
  ])
  expect(stands.steps[2]!.dependencies).toEqual([stands.steps[0]!.stepId])
  await page.getByText('Prep renewal brief: not done yet.').waitFor()
  expect(await axeFaults(page)).toEqual([])
  await look(page, 'plan-draft')

  await world.ask('PATCH', `/plans/${plan.planId}`, { objective: 'Somebody was quicker' })
  await page.getByLabel('Objective').fill('Too late')
  await act(page, page, 'Change…', 'Change')
  await refused(page, /Somebody else changed the plan/)
  expect((await getPlan(world.app, plan))!.objective).toBe('Somebody was quicker')
})

test('what is approved is what was seen: a draft that was changed meanwhile has to be looked at again', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const plan = await aDraftWithSignal('Seen')
  const { page } = await open(at(plan))
  for (const edit of [{ objective: 'Give them all of it' }, { constraints: { discount: 90 } }]) {
    await world.ask('PATCH', `/plans/${plan.planId}`, edit)
    await act(page, page, 'Approve…', 'Approve')
    await refused(page, /Somebody else changed the plan/)
    expect(await statusOf(plan)).toBe('DRAFT')
  }
  await act(page, page, 'Approve…', 'Approve')
  await told(page, /The plan is approved/)
})

test('why it cannot go on is said first; a plan without evidence is not approved, and the verdict stays', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const plan = await aDraftWithSignal('No evidence')
  await world.owner`update governance.risk_signals set cleared_at = now(), cleared_by = 'risk_cleared' where plan_id = ${plan.planId}`
  await world.owner`update governance.revenue_plans set flagged_for = 'risk_cleared', flagged_at = now() where plan_id = ${plan.planId}`
  const { page } = await open(at(plan))
  await page.getByText(/Why it was drafted is gone/).waitFor()
  await act(page, page, 'Approve…', 'Approve')
  await refused(page, /No signal feeds the plan/)
  expect(await statusOf(plan)).toBe('DRAFT')
  await page
    .getByRole('table', { name: /Verdicts of the validators/ })
    .getByText('block', { exact: true })
    .waitFor()
  await look(page, 'plan-blocked')

  // An operator without the scope is told why, and has nothing to press.
  const operator = await open(at(plan), world.key)
  await operator.page.getByText(/a plan approver has to approve it/).waitFor()
  expect(await operator.page.getByRole('button', { name: 'Approve…' }).count()).toBe(0)
})

test('tasks are done and failed by people, and the step with them', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const plan = await aDraftWithSignal('With tasks')
  const { page } = await open(at(plan))
  await act(page, page, 'Approve…', 'Approve')
  await told(page, /approved/)
  await orchestrate()
  await page.goto(`${server.url}/operator/plans/tasks`)
  const row = page.getByRole('row', { name: /With tasks/ })
  await look(page, 'plan-tasks')
  expect(await axeFaults(page)).toEqual([])
  await act(page, row, 'Done…', 'It is done', 'They come on Monday')
  await told(page, 'The task is done, and its step with it.')
  expect((await getPlan(world.app, plan))!.steps[0]!.status).toBe('DONE')
  await orchestrate()
  await page.reload()
  await act(page, row, 'Failed…', 'It failed', 'Nobody has the time')
  await told(page, /The task has failed/)
  await page.getByRole('link', { name: 'Failed' }).click()
  await page.getByText('Paula: Nobody has the time').waitFor()
})

test('did it work? Accounts saved and lost, by signal and by step, in plain counts', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  for (const [name, outcomeType] of [
    ['Saved one', 'DOWNSTREAM_WIN'],
    ['Lost one', 'DOWNSTREAM_LOSS'],
  ] as const) {
    const plan = await aDraftWithSignal(name)
    const [step] = plan.steps
    await world.app.begin(async (tx) => {
      await captureOutcome(tx, plan, {
        outcomeType: 'EXECUTION_SUCCESS',
        source: 'HUMAN',
        idempotencyKey: `done ${name}`,
        occurredAt: new Date(),
        step,
      })
      await captureOutcome(tx, plan, {
        outcomeType,
        source: 'DOWNSTREAM',
        idempotencyKey: name,
        occurredAt: new Date(),
        eventId: 'evt_later',
      })
    })
  }
  const { page } = await open('/operator/plans/outcomes')
  expect(await page.getByText('1 saved').count()).toBe(1)
  expect(await page.getByText('1 lost').count()).toBe(1)
  const signals = page.getByRole('table', { name: /by signal/ })
  expect(await signals.getByRole('row', { name: /Payment failed/ }).textContent()).toContain(
    'Payment failed11',
  )
  await look(page, 'plan-outcomes')
  expect(await axeFaults(page)).toEqual([])
  await page.getByRole('link', { name: '30 days' }).click()
  expect(await page.getByText('1 saved').count()).toBe(1)
})

test('by day and by night, on a phone, with long words: nothing runs over, and axe finds no fault', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const objective = `Keep them ${'Donaudampfschifffahrt'.repeat(8)}`
  const plan = await aDraftWithSignal(`Long ${'Rindfleischetikettierung'.repeat(4)}`, { objective })
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page } = await open('/operator/plans', approver, {
      colorScheme,
      viewport: { width: 375, height: 800 },
    })
    for (const [name, path] of [
      ['plans', '/operator/plans'],
      ['plan', at(plan)],
      ['plan-tasks', '/operator/plans/tasks'],
      ['plan-outcomes', '/operator/plans/outcomes'],
    ] as const) {
      await page.goto(server.url + path)
      const over = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
      expect(over, `${name} ${colorScheme}`).toBeLessThanOrEqual(0)
      expect(await axeFaults(page), `${name} ${colorScheme}`).toEqual([])
      await look(page, `${name}-375-${colorScheme}`)
    }
  }
})

test('by keyboard alone a plan is approved, and Escape leaves it as it is', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const plan = await aDraftWithSignal('By keyboard')
  const { page } = await open(at(plan))
  const approve = page.getByRole('button', { name: 'Approve…' })
  await approve.focus()
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
  expect(await statusOf(plan)).toBe('DRAFT')
  await approve.focus()
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').getByRole('button', { name: 'Approve', exact: true }).focus()
  await page.keyboard.press('Enter')
  await told(page, /approved/)
})

test('nothing there says what comes next; another tenant’s plan is not there, and a viewer changes nothing', async () => {
  const plan = await aDraftWithSignal('Not theirs')
  const other = await fetch(server.url + at(plan), { headers: bearer(world.otherKey) })
  expect(other.status).toBe(404)
  const empty = await fetch(`${server.url}/operator/plans`, { headers: bearer(world.otherKey) })
  expect(await empty.text()).toContain('There is no revenue plan yet')
  const viewer = (await createApiKey(world.app, { role: 'viewer' })).key
  const page = await fetch(server.url + at(plan), { headers: bearer(viewer) })
  expect(page.status).toBe(200)
  const cookie = await signedIn(server.url, viewer)
  const form = new URLSearchParams({ csrf: await csrfOf(server.url, cookie), reason: 'because' })
  for (const verb of ['approve', 'abort', 'steps'])
    expect(
      (
        await fetch(`${server.url}${at(plan)}/${verb}`, {
          method: 'POST',
          headers: { cookie, origin: server.url, 'content-type': 'application/x-www-form-urlencoded' },
          body: form,
        })
      ).status,
      verb,
    ).toBe(403)
  expect(await statusOf(plan)).toBe('DRAFT')
})
