import { randomUUID } from 'node:crypto'
import { Writable } from 'node:stream'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Tx } from '../../../src/db/types.ts'
import { appendEntries } from '../../../src/governance/ledger/append-entries.ts'
import { renewalDefense } from '../../../src/governance/plan-types/renewal-defense.ts'
import { getPlan } from '../../../src/governance/repository/get-plan.ts'
import { planStatuses, type RevenuePlan } from '../../../src/governance/revenue-plan/revenue-plan.ts'
import { runValidators } from '../../../src/governance/validators/run-validators.ts'
import type { RunValidators, Verdict } from '../../../src/governance/validators/validator-run.ts'
import { approvePlan } from '../../../src/governance/verbs/approve-plan.ts'
import { draftOf } from '../../../src/governance/verbs/draft-of.ts'
import { editPlan, type PlanEdit } from '../../../src/governance/verbs/edit-plan.ts'
import { resumePlan } from '../../../src/governance/verbs/resume-plan.ts'
import { abortPlan, pausePlan } from '../../../src/governance/verbs/stop-plan.ts'
import { createLog } from '../../../src/log.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import {
  type Account,
  aDraft,
  anAccount,
  days,
  later,
  noon,
  olga,
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

type Asked = { at?: Date; accountId?: string | undefined; planId?: string }
const askedOf = (plan: RevenuePlan, more: Asked = {}) => ({
  tenantId: plan.tenantId,
  accountId: plan.accountId,
  planId: plan.planId,
  at: later(5),
  actor: olga,
  ...more,
})
const inTx = <T>(work: (tx: Tx) => Promise<T>) => db.app.begin(work) as Promise<T>

/** Validators that say this, write what they have said, and remember what they were asked. */
function saying(verdict: Verdict, asked: Parameters<RunValidators>[1][] = []): RunValidators {
  return async (tx, run) => {
    asked.push(run)
    const reasons =
      verdict === 'ALLOW' ? [] : [{ code: 'STALE_DATA', message: 'What is known is 15 days old.' }]
    const data = {
      plan_id: run.plan.planId,
      run_id: randomUUID(),
      point: run.point,
      verdict,
      reasons,
      evaluated_at: run.at.toISOString(),
    }
    await appendEntries(tx, run.plan, run.at, [{ type: 'VALIDATOR_RUN_SUMMARY', data }])
    return { runId: data.run_id, verdict, reasons }
  }
}
const approve = (
  plan: RevenuePlan,
  more: Asked & { highRiskAuthority?: boolean } = {},
  validators = saying('ALLOW'),
) => inTx((tx) => approvePlan(tx, { highRiskAuthority: true, ...askedOf(plan, more), ...more }, validators))
const resume = (plan: RevenuePlan, more: Asked = {}, validators = saying('ALLOW')) =>
  inTx((tx) => resumePlan(tx, askedOf(plan, more), validators))
const pause = (plan: RevenuePlan, reason?: string, more: Asked = {}) =>
  inTx((tx) => pausePlan(tx, { ...askedOf(plan, more), reason }))
const abort = (plan: RevenuePlan, more: Asked = {}) =>
  inTx((tx) => abortPlan(tx, { ...askedOf(plan, more), reason: 'they have left' }))

describe('R101: approve', () => {
  test('a draft is approved, after the validators were asked at the right moment', async () => {
    const draft = await aDraft(db.app, account)
    const asked: Parameters<RunValidators>[1][] = []
    expect(await approve(draft, {}, saying('WARN', asked))).toMatchObject({
      kind: 'done',
      plan: { planStatus: 'APPROVED', approvedAt: later(5), approvedBy: olga.id },
    })
    expect(asked).toEqual([{ plan: draft, point: 'BEFORE_PLAN_APPROVAL', at: later(5) }])
    expect(await toldOf(db.app, draft)).toEqual(['PLAN_CREATED', 'VALIDATOR_RUN_SUMMARY', 'PLAN_APPROVED'])
  })

  test('without the authority, by a rule, in a circle: every reason at once, and it stays a draft', async () => {
    const stepId = randomUUID()
    const steps = [
      { stepId, actionType: 'REQUEST_RENEWAL_MEETING', status: 'PENDING' as const, dependencies: [stepId] },
    ]
    const draft = await aDraft(db.app, account, { steps })
    const outcome = await inTx((tx) =>
      approvePlan(
        tx,
        { ...askedOf(draft), actor: { type: 'signal' }, highRiskAuthority: false },
        saying('ALLOW'),
      ),
    )
    if (outcome.kind !== 'blocked') throw new Error(outcome.kind)
    expect(outcome.by).toBe('gate')
    expect(outcome.reasons.map(({ code }) => code)).toEqual([
      'STEP_ORDER_VIOLATION',
      'RISK_ELEVATED',
      'HUMAN_TOUCH_REQUIRED',
    ])
    expect(await getPlan(db.app, draft)).toEqual(draft)
    expect(await toldOf(db.app, draft)).not.toContain('PLAN_APPROVED')
  })

  test('D2: a stale draft cannot be approved', async () => {
    const draft = await aDraft(db.app, account)
    expect(await approve(draft, { at: days(30) })).toEqual({
      kind: 'blocked',
      by: 'gate',
      reasons: [
        {
          code: 'DEADLINE_PASSED',
          message: 'Its deadline has passed, at 2027-03-31T12:00:00.000Z: give it another one first.',
        },
      ],
    })
  })

  test('a validator blocks, and the ledger keeps what it has said', async () => {
    const draft = await aDraft(db.app, account)
    expect(await approve(draft, { at: days(31) }, saying('BLOCK'))).toMatchObject({
      by: 'validator',
      reasons: [{ code: 'DEADLINE_PASSED' }, { code: 'STALE_DATA' }],
    })
    expect(await toldOf(db.app, draft)).toEqual(['PLAN_CREATED', 'VALIDATOR_RUN_SUMMARY'])
  })

  test.each(planStatuses.filter((status) => status !== 'DRAFT'))('not one that is %s', async (status) => {
    const plan = await seededPlan(db.app, account, status)
    expect(await approve(plan)).toMatchObject({ kind: 'wrong_status', status })
    expect(await toldOf(db.app, plan)).toEqual([])
  })
})

describe('R102: pause', () => {
  test('an active one, with a reason or without', async () => {
    const plan = await seededPlan(db.app, account, 'ACTIVE')
    expect(await pause(plan, 'holidays')).toMatchObject({ kind: 'done', plan: { planStatus: 'PAUSED' } })
    await resume(plan)
    expect(await pause(plan)).toMatchObject({ kind: 'done' })
    const reasons = await db.app`
      select data ->> 'reason' as reason from governance.plan_ledger
      where plan_id = ${plan.planId} and event_type = 'PLAN_PAUSED' order by sequence`
    expect(reasons.map(({ reason }) => reason)).toEqual(['holidays', null])
  })

  test.each(planStatuses.filter((status) => status !== 'ACTIVE'))('not one that is %s', async (status) => {
    const plan = await seededPlan(db.app, account, status)
    expect(await pause(plan)).toMatchObject({ kind: 'wrong_status', status })
  })
})

describe('R103: resume', () => {
  test('R112: the validators are asked before the plan goes on', async () => {
    const plan = await seededPlan(db.app, account, 'PAUSED')
    const asked: Parameters<RunValidators>[1][] = []
    expect(await resume(plan, {}, saying('WARN', asked))).toMatchObject({
      kind: 'done',
      plan: { planStatus: 'ACTIVE' },
    })
    expect(asked).toEqual([{ plan, point: 'BEFORE_STEP_EXECUTION', at: later(5) }])
    expect(await toldOf(db.app, plan)).toEqual(['VALIDATOR_RUN_SUMMARY', 'PLAN_RESUMED'])
  })

  test('the gate blocks: past the deadline, of a type that is gone', async () => {
    const late = await seededPlan(db.app, account, 'PAUSED', { planType: 'GONE' })
    const outcome = await resume(late, { at: days(31) })
    expect(outcome).toMatchObject({ kind: 'blocked', by: 'gate' })
    expect((outcome as { reasons: { code: string }[] }).reasons.map(({ code }) => code)).toEqual([
      'INVALID_PLAN_TYPE',
      'PRECONDITIONS_UNMET',
    ])
    expect((await getPlan(db.app, late))!.planStatus).toBe('PAUSED')
  })

  test('a validator blocks: nothing moves, and what was said stays', async () => {
    const plan = await seededPlan(db.app, account, 'PAUSED')
    expect(await resume(plan, {}, saying('BLOCK'))).toEqual({
      kind: 'blocked',
      by: 'validator',
      reasons: [{ code: 'STALE_DATA', message: 'What is known is 15 days old.' }],
    })
    expect((await getPlan(db.app, plan))!.planStatus).toBe('PAUSED')
    expect(await toldOf(db.app, plan)).toEqual(['VALIDATOR_RUN_SUMMARY'])
  })

  test.each(planStatuses.filter((status) => status !== 'PAUSED'))(
    'not one that is %s, and nobody is asked',
    async (status) => {
      const plan = await seededPlan(db.app, account, status)
      const asked: Parameters<RunValidators>[1][] = []
      expect(await resume(plan, {}, saying('ALLOW', asked))).toMatchObject({ kind: 'wrong_status', status })
      expect(asked).toEqual([])
    },
  )
})

describe('R104: abort', () => {
  test.each(['APPROVED', 'ACTIVE', 'PAUSED'] as const)('one that is %s, with the reason', async (status) => {
    const plan = await seededPlan(db.app, account, status)
    expect(await abort(plan)).toMatchObject({
      kind: 'done',
      plan: { planStatus: 'ABORTED', abortedAt: later(5) },
    })
    const [entry] = await db.app<{ data: object }[]>`
      select data from governance.plan_ledger where plan_id = ${plan.planId}`
    expect(entry!.data).toMatchObject({ reason: 'they have left', aborted_at: later(5).toISOString() })
  })

  test.each(['DRAFT', 'COMPLETED', 'ABORTED', 'EXPIRED'] as const)('not one that is %s', async (status) => {
    const plan = await seededPlan(db.app, account, status)
    expect(await abort(plan)).toMatchObject({ kind: 'wrong_status', status })
  })
})

test('another account’s plan, or none, is not found; without an account it is the tenant’s', async () => {
  const plan = await seededPlan(db.app, account, 'ACTIVE')
  for (const other of [{ accountId: randomUUID() }, { planId: 'plan_0' }]) {
    expect(await approve(plan, other)).toEqual({ kind: 'not_found' })
    expect(await pause(plan, 'x', other)).toEqual({ kind: 'not_found' })
    expect(await resume(plan, other)).toEqual({ kind: 'not_found' })
    expect(await abort(plan, other)).toEqual({ kind: 'not_found' })
    expect(await edit(plan, { objective: 'x' }, other)).toEqual({ kind: 'not_found' })
  }
  expect(await pause(plan, 'x', { accountId: undefined })).toMatchObject({ kind: 'done' })
})

/** Until one of this database's connections waits for a lock. */
async function somebodyWaits(): Promise<void> {
  const waiting = () => db.app`
    select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
  await expect.poll(async () => (await waiting()).length, { timeout: 20_000 }).toBeGreaterThan(0)
}

/** Runs `verb` while somebody else's `change` is written and not yet committed: it has to wait for it. */
async function whileChanging<T>(change: (tx: Tx) => Promise<unknown>, verb: () => Promise<T>): Promise<T> {
  const began = await inTx(async (tx) => {
    await change(tx)
    const outcome = verb()
    await somebodyWaits()
    return { outcome }
  })
  return began.outcome
}

test('a draft that somebody changes while it is approved is judged as it is then', async () => {
  const draft = await aDraft(db.app, account)
  const asked: Parameters<RunValidators>[1][] = []
  const changed = (tx: Tx) => editPlan(tx, { ...askedOf(draft), edit: { objective: 'Another one' } })
  expect(await whileChanging(changed, () => approve(draft, {}, saying('ALLOW', asked)))).toMatchObject({
    kind: 'done',
    plan: { objective: 'Another one', planStatus: 'APPROVED' },
  })
  expect(asked).toMatchObject([{ plan: { objective: 'Another one', planStatus: 'DRAFT' } }])
})

test('while a plan is judged, nobody changes it', async () => {
  const draft = await aDraft(db.app, account)
  let late: ReturnType<typeof edit> | undefined
  const judging: RunValidators = async (tx, run) => {
    late = edit(draft, { objective: 'Slipped in' })
    await somebodyWaits()
    return saying('ALLOW')(tx, run)
  }
  expect(await approve(draft, {}, judging)).toMatchObject({ kind: 'done' })
  expect(await late).toEqual({ kind: 'refused', code: 'STORED_NOT_DRAFT', status: 'APPROVED' })
  expect((await getPlan(db.app, draft))!.objective).toBe(draft.objective)
})

test('somebody else was quicker: it is judged as it stands after them, and nobody is asked', async () => {
  const plan = await seededPlan(db.app, account, 'PAUSED')
  const aborting = (tx: Tx) => abortPlan(tx, { ...askedOf(plan), reason: 'they have left' })
  const asked: Parameters<RunValidators>[1][] = []
  expect(await whileChanging(aborting, () => resume(plan, {}, saying('ALLOW', asked)))).toMatchObject({
    kind: 'wrong_status',
    status: 'ABORTED',
  })
  expect(asked).toEqual([])
  expect((await getPlan(db.app, plan))!.planStatus).toBe('ABORTED')

  const other = await seededPlan(db.app, account, 'PAUSED')
  const deleting = (tx: Tx) => tx`delete from governance.revenue_plans where plan_id = ${other.planId}`
  expect(await whileChanging(deleting, () => resume(other))).toEqual({ kind: 'not_found' })
})

const edit = (plan: RevenuePlan, changes: PlanEdit, more: Asked = {}) =>
  inTx((tx) => editPlan(tx, { ...askedOf(plan, more), edit: changes }))

describe('R76, R91, R107: editing a draft', () => {
  test('what is not named stays', async () => {
    const draft = await aDraft(db.app, account, { constraints: { discount: 5 } })
    expect(await edit(draft, { objective: 'Keep them' })).toMatchObject({
      kind: 'updated',
      plan: {
        objective: 'Keep them',
        constraints: { discount: 5 },
        steps: draft.steps,
        expiresAt: draft.expiresAt,
      },
    })
    expect(await edit(draft, { constraints: null, expiresAt: days(3) })).toMatchObject({
      plan: { objective: 'Keep them', constraints: null, expiresAt: days(3) },
    })
    expect(await edit(draft, {})).toMatchObject({ kind: 'unchanged' })
  })

  test('steps are put in another order, left out and added, and keep their ids', async () => {
    const draft = await aDraft(db.app, account)
    const [first, , third] = draft.steps as [RevenuePlan['steps'][0], unknown, RevenuePlan['steps'][0]]
    const changed = await edit(draft, {
      steps: [
        { stepId: third.stepId, actionType: third.actionType, dependencies: [first.stepId] },
        { stepId: first.stepId, actionType: first.actionType, sequence: 2 },
        { actionType: 'PREP_RENEWAL_BRIEF', constraints: { pages: 2 } },
      ],
    })
    if (changed.kind !== 'updated') throw new Error(changed.kind)
    expect(changed.plan.steps).toEqual([
      { stepId: third.stepId, actionType: third.actionType, status: 'PENDING', dependencies: [first.stepId] },
      { stepId: first.stepId, actionType: first.actionType, status: 'PENDING', sequence: 2 },
      {
        stepId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        actionType: 'PREP_RENEWAL_BRIEF',
        status: 'PENDING',
        constraints: { pages: 2 },
      },
    ])
    expect(await getPlan(db.app, draft)).toEqual(changed.plan)
  })

  test('a step that the plan has not is refused, and so is another action under its id', async () => {
    const draft = await aDraft(db.app, account)
    const stepId = randomUUID()
    const strange = [{ stepId, actionType: 'PREP_RENEWAL_BRIEF' }]
    expect(await edit(draft, { steps: strange })).toEqual({ kind: 'unknown_step', stepId })
    const other = [{ stepId: draft.steps[0]!.stepId, actionType: 'PREP_RENEWAL_BRIEF' }]
    expect(await edit(draft, { steps: other })).toEqual({ kind: 'refused', code: 'STEPS_REPLACED' })
    expect(await getPlan(db.app, draft)).toEqual(draft)
  })

  test('its deadline stays ahead, and within the days of its type as long as that is configured', async () => {
    const draft = await aDraft(db.app, account)
    expect(await edit(draft, { expiresAt: later(5) })).toEqual({ kind: 'refused', code: 'DEADLINE_PAST' })
    const latest = new Date(days(30).getTime() + 5 * 60_000)
    const tooLate = { kind: 'refused', code: 'DEADLINE_TOO_LATE', latest }
    expect(await edit(draft, { expiresAt: days(31) })).toEqual(tooLate)
    expect(await getPlan(db.app, draft)).toEqual(draft)
    expect(await edit(draft, { expiresAt: latest })).toMatchObject({ kind: 'updated' })
    const gone = await aDraft(db.app, account, { planType: 'GONE' })
    expect(await edit(gone, { expiresAt: days(99) })).toMatchObject({ kind: 'updated' })
  })

  test.each(planStatuses.filter((status) => status !== 'DRAFT'))('not once it is %s', async (status) => {
    const plan = await seededPlan(db.app, account, status)
    expect(await edit(plan, { objective: 'x' })).toEqual({
      kind: 'refused',
      code: 'STORED_NOT_DRAFT',
      status,
    })
    expect(await getPlan(db.app, plan)).toEqual(plan)
  })
})

test('R74: a draft ends with the account’s own dates when they are earlier than its type’s days', () => {
  const asked = { ...account, planType: renewalDefense }
  expect(draftOf({ ...asked, expiresAt: days(10) }, noon).expiresAt).toEqual(days(10))
  expect(draftOf({ ...asked, expiresAt: days(40) }, noon).expiresAt).toEqual(days(30))
  expect(draftOf(asked, noon)).toMatchObject({
    expiresAt: days(30),
    constraints: null,
    objective: renewalDefense.objective,
  })
  const named = draftOf({ ...asked, planId: 'e2e-1', objective: 'Stay', constraints: { a: 1 } }, noon)
  expect(named).toMatchObject({ planId: 'e2e-1', objective: 'Stay', constraints: { a: 1 } })
  const ids = [...named.steps, ...draftOf(asked, noon).steps].map(({ stepId }) => stepId)
  expect(new Set(ids).size).toBe(6)
})

test('R112: the gateway writes into the ledger that it was asked, for a plan and for a step', async () => {
  const plan = await seededPlan(db.app, account, 'ACTIVE')
  const stepId = plan.steps[0]!.stepId
  const run = await inTx((tx) =>
    runValidators(tx, { plan, point: 'BEFORE_STEP_EXECUTION', at: noon, stepId }),
  )
  await inTx((tx) => runValidators(tx, { plan, point: 'BEFORE_PLAN_APPROVAL', at: noon }))
  const entries = await db.app<{ data: object }[]>`
    select data from governance.plan_ledger
    where plan_id = ${plan.planId} and event_type = 'VALIDATOR_RUN_SUMMARY' order by sequence`
  expect(entries.map(({ data }) => data)).toMatchObject([
    { run_id: run.runId, point: 'BEFORE_STEP_EXECUTION', step_id: stepId, evaluated_at: noon.toISOString() },
    { point: 'BEFORE_PLAN_APPROVAL' },
  ])
})

test('what cannot be written lets nothing through; why it cannot is in the log, and told to nobody who asks', async () => {
  const draft = await aDraft(db.app, account)
  const lines: string[] = []
  const to = new Writable({ write: (line, _, done) => done(void lines.push(String(line))) })
  const log = createLog({ level: 'error', to })
  await db.owner`alter table governance.validator_runs add constraint full_up check (verdict = '') not valid`
  try {
    const outcome = await approve(draft, {}, (tx, asked) => runValidators(tx, asked, log))
    if (outcome.kind !== 'blocked') throw new Error(outcome.kind)
    expect(outcome.reasons).toEqual([
      { code: 'LEDGER_WRITE_FAILED', message: 'What the validators said could not be written.' },
    ])
  } finally {
    await db.owner`alter table governance.validator_runs drop constraint full_up`
  }
  expect((await getPlan(db.app, draft))!.planStatus).toBe('DRAFT')
  expect(JSON.parse(lines[0]!)).toMatchObject({ name: draft.planId, error: { code: '23514' } })
})
