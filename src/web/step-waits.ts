import { isInFlight, type StepExecution } from '../governance/orchestrator/step-executions.ts'
import { isOver, type RevenuePlan, type Step } from '../governance/revenue-plan/revenue-plan.ts'
import { inWords } from './in-words.ts'

/** What a step waits for, as a sentence; null: for nothing any more. Pure. */
export function stepWaits(
  step: Step,
  plan: Pick<RevenuePlan, 'planStatus' | 'steps'>,
  executions: readonly StepExecution[],
  waitsFor: string | null,
): string | null {
  if (isOver(step)) return null
  if (step.status === 'FAILED') return 'Nothing: no try is left.'
  if (step.status === 'PENDING_APPROVAL') return 'A person who approves the step.'
  const inFlight = executions.find((one) => one.stepId === step.stepId && isInFlight(one))
  if (inFlight)
    return inFlight.executor === 'operator-task'
      ? 'A person: its task is open.'
      : `An answer: try ${inFlight.attempt} is under way.`
  const before = plan.steps.filter((other) => step.dependencies?.includes(other.stepId) && !isOver(other))
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
