import type { Tx } from '../../db/types.ts'
import { activationFacts } from '../gate/activation-facts.ts'
import { evaluateCanActivate } from '../gate/policy-gate.ts'
import { appendEntries } from '../ledger/append-entries.ts'
import { type TransitionOutcome, transitionPlan } from '../lifecycle/transition-plan.ts'
import { keyOf, type RevenuePlan } from '../revenue-plan/revenue-plan.ts'
import { orchestrator } from './end-plan.ts'
import { waitUntil } from './wait.ts'

const hour = 3_600_000

/**
 * APPROVED → ACTIVE, if the gate lets it (R84): the only place that does. What the gate says is written down, and asked again in
 * an hour. The caller holds the plan, which is APPROVED.
 * @returns the active plan, or null
 */
export async function activatePlan(tx: Tx, plan: RevenuePlan, at: Date): Promise<RevenuePlan | null> {
  const gate = evaluateCanActivate(plan, await activationFacts(tx, plan, at))
  if (!gate.canActivate) {
    const data = { plan_id: plan.planId, reasons: gate.reasons, actor: orchestrator }
    await appendEntries(tx, plan, at, [{ type: 'PLAN_ACTIVATION_REJECTED', data }])
    const why = gate.reasons.map(({ message }) => message).join(' ')
    await waitUntil(tx, plan, new Date(at.getTime() + hour), why)
    return null
  }
  // Held as it is, nobody comes between.
  const moved = await transitionPlan(tx, { ...keyOf(plan), to: 'ACTIVE', at, actor: orchestrator })
  return (moved as Extract<TransitionOutcome, { kind: 'done' }>).plan
}
