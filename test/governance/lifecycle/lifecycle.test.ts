import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { decideTransition, lifecycle } from '../../../src/governance/lifecycle/lifecycle.ts'
import {
  isOpen,
  type PlanStatus,
  planStatuses,
  stepStatuses,
} from '../../../src/governance/revenue-plan/revenue-plan.ts'
import { somePlan } from '../plan-fixture.ts'

/** R79, written down a second time: what the table has to say. */
const nine: Record<string, string> = {
  'DRAFT APPROVED': 'PLAN_APPROVED',
  'APPROVED ACTIVE': 'PLAN_ACTIVATED',
  'APPROVED ABORTED': 'PLAN_ABORTED',
  'ACTIVE PAUSED': 'PLAN_PAUSED',
  'ACTIVE COMPLETED': 'PLAN_COMPLETED',
  'ACTIVE ABORTED': 'PLAN_ABORTED',
  'ACTIVE EXPIRED': 'PLAN_EXPIRED',
  'PAUSED ACTIVE': 'PLAN_RESUMED',
  'PAUSED ABORTED': 'PLAN_ABORTED',
}
const cells = planStatuses.flatMap((from) => planStatuses.map((to) => ({ from, to })))

test('R74, R75: the statuses of plans and steps are these', () => {
  expect(planStatuses).toEqual(['DRAFT', 'APPROVED', 'ACTIVE', 'PAUSED', 'COMPLETED', 'ABORTED', 'EXPIRED'])
  expect(stepStatuses).toEqual(['PENDING', 'PENDING_APPROVAL', 'AUTO_EXECUTED', 'DONE', 'SKIPPED', 'FAILED'])
})

describe('R79, R80: of 49 ways nine are open', () => {
  test('there are 49 cells', () => expect(cells).toHaveLength(49))

  test.each(cells)('$from → $to', ({ from, to }) => {
    const plan = somePlan({ planStatus: from })
    const decided = decideTransition(plan, plan, to)
    const event = nine[`${from} ${to}`]
    if (event) return expect(decided).toEqual({ kind: 'allowed', from, to, event })
    expect(decided).toMatchObject({
      kind: 'refused',
      code: from === to ? 'SAME_STATUS' : 'INVALID_TRANSITION',
      message: expect.stringContaining(from),
    })
  })

  test('three statuses are ends, and nothing leads back to a draft (R80)', () => {
    const ends = planStatuses.filter((status) => Object.keys(lifecycle[status]).length === 0)
    expect(ends).toEqual(['COMPLETED', 'ABORTED', 'EXPIRED'])
    expect(planStatuses.filter((planStatus) => !isOpen({ planStatus }))).toEqual(ends)
    const reached = new Set(Object.values(lifecycle).flatMap((ways) => Object.keys(ways)))
    expect(planStatuses.filter((status) => !reached.has(status))).toEqual(['DRAFT'])
  })
})

describe('R81: told before the table is asked', () => {
  const plan = somePlan({ planStatus: 'ACTIVE' })
  const key = { tenantId: plan.tenantId, accountId: plan.accountId, planId: plan.planId }
  const other = '6f9619ff-8b86-4011-b42d-00cf4fc964ff'
  const codeOf = (...asked: Parameters<typeof decideTransition>) => {
    const decided = decideTransition(...asked)
    return decided.kind === 'refused' ? decided.code : decided.kind
  }

  test('the same status', () => expect(codeOf(plan, key, 'ACTIVE')).toBe('SAME_STATUS'))
  test('no target', () => expect(codeOf(plan, key, null)).toBe('TARGET_MISSING'))
  test('no such plan, whatever else is wrong', () => {
    expect(codeOf(null, key, 'PAUSED')).toBe('PLAN_NOT_FOUND')
    expect(codeOf(null, key, null)).toBe('PLAN_NOT_FOUND')
  })
  test.each(['tenantId', 'accountId', 'planId'])('another %s, although the way would be open', (name) => {
    expect(codeOf(plan, { ...key, [name]: other }, 'PAUSED')).toBe('PLAN_MISMATCH')
    expect(codeOf(plan, { ...key, [name]: other }, 'ACTIVE')).toBe('PLAN_MISMATCH')
  })
  test.each(['COMPLETED', 'ABORTED', 'EXPIRED'] satisfies PlanStatus[])(
    'an end says that it is one: %s',
    (end) => {
      const decided = decideTransition({ ...plan, planStatus: end }, key, 'ACTIVE')
      expect(decided).toMatchObject({
        message: `A plan that is ${end} cannot become ACTIVE: ${end} is an end.`,
      })
    },
  )
})

const governance = resolve(import.meta.dirname, '../../../src/governance')
const textsOf = (folder: string) =>
  readdirSync(join(governance, folder)).map((name) => readFileSync(join(governance, folder, name), 'utf8'))

test('R84: the lifecycle knows no gate, and no route activates', () => {
  for (const text of textsOf('lifecycle')) expect(text).not.toMatch(/from '\.\.\/(gate|validators)\//)
  const routes = readFileSync(resolve(governance, '../web/routes-and-roles.ts'), 'utf8')
  expect(routes).not.toMatch(/\/activate/)
})

test('R87: the gate itself imports nothing that could read', () => {
  for (const name of ['policy-gate.ts', 'step-order.ts'])
    expect(readFileSync(join(governance, 'gate', name), 'utf8')).not.toMatch(/from '\.\.\/\.\.\/db|node:/)
})

test('R108: what the core does, it does to rows: it imports no executor', () => {
  for (const folder of ['revenue-plan', 'plan-types', 'lifecycle', 'gate', 'ledger', 'repository', 'verbs'])
    for (const text of textsOf(folder)) expect(text).not.toMatch(/from '.*(executor|orchestrator)/)
})
