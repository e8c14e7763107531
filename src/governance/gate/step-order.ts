import type { Step } from '../revenue-plan/revenue-plan.ts'

/**
 * What is wrong with the order that the steps ask for, as sentences; none: each can have its turn. The place in the list and
 * `sequence` say nothing about that: a step may stand before one that it waits for.
 */
export function stepOrderFaults(steps: readonly Step[]): string[] {
  if (steps.length === 0) return ['The plan has no step.']
  const named = new Map(steps.map((step) => [step.stepId, step]))
  const twice = steps.filter(({ stepId }, at) => steps.findIndex((other) => other.stepId === stepId) !== at)
  const dangling = steps.flatMap((step) =>
    (step.dependencies ?? [])
      .filter((id) => !named.has(id))
      .map((id) => `${shown(step)} waits for ${id}, which is no step of this plan.`),
  )
  const circular = steps
    .filter((step) => reachableFrom(step, named).has(step.stepId))
    .map((step) => `${shown(step)} waits for itself, by way of what it depends on.`)
  return [...twice.map((step) => `${shown(step)} stands there twice.`), ...dangling, ...circular]
}

/** Every step that has to be over before this one, however far back. */
function reachableFrom(step: Step, named: ReadonlyMap<string, Step>): ReadonlySet<string> {
  const seen = new Set<string>()
  const next = [...(step.dependencies ?? [])]
  for (let id = next.pop(); id !== undefined; id = next.pop()) {
    if (seen.has(id)) continue
    seen.add(id)
    next.push(...(named.get(id)?.dependencies ?? []))
  }
  return seen
}

function shown({ actionType, stepId }: Step): string {
  return `${actionType} (${stepId})`
}
