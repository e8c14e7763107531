import type { Tx } from '../../db/types.ts'
import { transitionPlan } from '../lifecycle/transition-plan.ts'
import { keyOf, type PlanActor, type RevenuePlan } from '../revenue-plan/revenue-plan.ts'

export const orchestrator: PlanActor = { type: 'orchestrator' }

/** Ends a plan past its deadline: an active one expires, and what cannot expire is aborted (D2). */
export async function endOverdue(tx: Tx, plan: RevenuePlan, at: Date): Promise<void> {
  const asked = { ...keyOf(plan), at, actor: orchestrator }
  if (plan.planStatus === 'ACTIVE') await transitionPlan(tx, { ...asked, to: 'EXPIRED' })
  else await transitionPlan(tx, { ...asked, to: 'ABORTED', reason: 'deadline_passed' })
}

export async function completePlan(tx: Tx, plan: RevenuePlan, at: Date): Promise<void> {
  const completionReason = 'all_steps_done'
  await transitionPlan(tx, { ...keyOf(plan), to: 'COMPLETED', at, actor: orchestrator, completionReason })
}
