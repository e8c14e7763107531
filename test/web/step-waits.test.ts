import { expect, test } from 'vitest'
import type { StepExecution } from '../../src/governance/orchestrator/step-executions.ts'
import type { RevenuePlan } from '../../src/governance/revenue-plan/revenue-plan.ts'
import { stepWaits } from '../../src/web/step-waits.ts'
import { noon, somePlan } from '../governance/plan-fixture.ts'

const active = somePlan({ planStatus: 'ACTIVE' })
const [meeting, brief] = active.steps as [RevenuePlan['steps'][0], RevenuePlan['steps'][0]]
const inFlight = (executor: string): StepExecution => ({
  stepId: meeting.stepId,
  attempt: 2,
  actionType: meeting.actionType,
  executor,
  idempotencyKey: 'key',
  state: 'sent',
  claimedAt: noon,
  claimedUntil: noon,
})

test('a step says what it waits for: its plan, another step, a person, an answer, or its turn', () => {
  const waits = (
    step = meeting,
    plan: RevenuePlan = active,
    executions: StepExecution[] = [],
    why: string | null = null,
  ) => stepWaits(step, plan, executions, why)
  expect(waits()).toBe('Its turn, at the next run.')
  expect(waits(meeting, active, [], 'The budget is used up.')).toBe('The budget is used up.')
  expect(waits(meeting, active, [inFlight('operator-task')])).toBe('A person: its task is open.')
  expect(waits(meeting, active, [inFlight('outbound-webhook')])).toBe('An answer: try 2 is under way.')
  const after = { ...brief, dependencies: [meeting.stepId] }
  expect(waits(after)).toBe('Request renewal meeting: not done yet.')
  const done = { ...active, steps: [{ ...meeting, status: 'DONE' as const }, after] }
  expect(waits(after, done)).toBe('Its turn, at the next run.')
  expect(waits({ ...meeting, status: 'PENDING_APPROVAL' })).toBe('A person who approves the step.')
  expect(waits(meeting, { ...active, planStatus: 'DRAFT' })).toBe('Approval of the plan.')
  expect(waits(meeting, { ...active, planStatus: 'APPROVED' })).toBe('The plan, which is not active yet.')
  expect(waits(meeting, { ...active, planStatus: 'PAUSED' })).toBe('The plan, which is paused.')
  expect(waits(meeting, { ...active, planStatus: 'ABORTED' })).toBe('Nothing: the plan has ended.')
  expect(waits({ ...meeting, status: 'FAILED' })).toBe('Nothing: no try is left.')
  expect(waits({ ...meeting, status: 'DONE' })).toBeNull()
})
