import type { StepExecution } from '../governance/orchestrator/step-executions.ts'
import type { RevenuePlan, Step, StepStatus } from '../governance/revenue-plan/revenue-plan.ts'
import { inWords } from './in-words.ts'

const over: ReadonlySet<StepStatus> = new Set(['DONE', 'AUTO_EXECUTED', 'SKIPPED'])

/** What a step waits for, as a sentence; null: for nothing any more. Pure. */
export function stepWaits(
  step: Step,
  plan: Pick<RevenuePlan, 'planStatus' | 'steps'>,
  executions: readonly StepExecution[],
  waitsFor: string | null,
): string | null {
  if (over.has(step.status)) return null
  if (step.status === 'FAILED') return 'Nothing: no try is left.'
  if (step.status === 'PENDING_APPROVAL') return 'A person who approves the step.'
  const inFlight = executions.find(
    ({ stepId, state }) => stepId === step.stepId && (state === 'claimed' || state === 'sent'),
  )
  if (inFlight)
    return inFlight.executor === 'operator-task'
      ? 'A person: its task is open.'
      : `An answer: try ${inFlight.attempt} is under way.`
  const before = plan.steps.filter(
    ({ stepId, status }) => step.dependencies?.includes(stepId) && !over.has(status),
  )
  if (before.length > 0)
    return `${before.map(({ actionType }) => inWords(actionType)).join(' and ')}: not done yet.`
  switch (plan.planStatus) {
    case 'DRAFT':
      return 'Approval of the plan.'
    case 'APPROVED':
      return 'The plan, which is not active yet.'
    case 'PAUSED':
      return 'The plan, which is paused.'
    case 'ACTIVE':
      return waitsFor ?? 'Its turn, at the next run.'
    default:
      return 'Nothing: the plan has ended.'
  }
}
