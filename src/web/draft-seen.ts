import type { RevenuePlan } from '../governance/revenue-plan/revenue-plan.ts'

/** What somebody who edits or approves a draft has seen of it, and what another one may have changed. */
export function draftSeen({ objective, expiresAt, steps, constraints, planStatus }: RevenuePlan): unknown {
  return { objective, expiresAt, steps, constraints, planStatus }
}
