import type { PlanKey } from '../../src/governance/revenue-plan/revenue-plan.ts'
import type { Target } from './open-target.ts'
import { planApi } from './plan-api.ts'
import { pathOf, type ScenarioName, scenarios } from './scenarios.ts'
import { clearSeededPlan, seedPausedPlan } from './seeded-plan.ts'

export type Played = { scenario: ScenarioName; plan: string; error: unknown; seconds: number }

/**
 * Seeds a plan, acts, verifies, and clears away (R115): of the plan nothing stays but what cannot be taken back, its ledger above all,
 * which says that it was stopped. A failure of any of the four is the scenario's.
 */
export async function playScenario(
  target: Target,
  scenario: ScenarioName,
  stop: AbortSignal,
): Promise<Played> {
  const began = performance.now()
  const plan = uniqueName()
  let seeded: PlanKey | null = null
  let error: unknown = null
  try {
    stop.throwIfAborted()
    seeded = await seedPausedPlan(target.db, target.tenantId, plan)
    const api = planApi(target, stop)
    await scenarios[scenario](api, seeded)
    await api.post(pathOf(seeded, '/abort'), { reason: 'The end-to-end suite is done with it.' })
  } catch (failure) {
    error = failure
  }
  try {
    if (seeded) await clearSeededPlan(target.db, seeded)
  } catch (failure) {
    error ??= failure
  }
  return { scenario, plan, error, seconds: (performance.now() - began) / 1000 }
}

let last = 0

/** Milliseconds, and never the same twice in one run. */
function uniqueName(): string {
  last = Math.max(Date.now(), last + 1)
  return `e2e-ledger-${last}`
}
