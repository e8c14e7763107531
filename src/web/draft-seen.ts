import type { RevenuePlan } from '../governance/revenue-plan/revenue-plan.ts'

/** What an editor has seen of a draft, and what another one may have changed. */
export function draftSeen({ objective, expiresAt, steps, planStatus }: RevenuePlan): unknown {
  return { objective, expiresAt, steps, planStatus }
}
