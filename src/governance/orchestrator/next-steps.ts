import { isOver, type RevenuePlan, type Step } from '../revenue-plan/revenue-plan.ts'

/** Whether nothing is left to do. */
export function isAllDone({ steps }: Pick<RevenuePlan, 'steps'>): boolean {
  return steps.length > 0 && steps.every(isOver)
}

/** The steps whose turn it is, in the order of the list: PENDING, nobody at it, and over what they depend on. */
export function nextSteps({ steps }: Pick<RevenuePlan, 'steps'>, inFlight: ReadonlySet<string>): Step[] {
  const done = new Set(steps.filter(isOver).map(({ stepId }) => stepId))
  return steps.filter(
    ({ stepId, status, dependencies = [] }) =>
      status === 'PENDING' && !inFlight.has(stepId) && dependencies.every((id) => done.has(id)),
  )
}
