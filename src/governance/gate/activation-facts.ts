import type { Reader } from '../../db/types.ts'
import { existsActivePlanForAccountAndType } from '../repository/list-plans.ts'
import type { RevenuePlan } from '../revenue-plan/revenue-plan.ts'
import type { ActivationFacts } from './policy-gate.ts'

/** What the gate has to be told about a plan that is to become active: it looks at nothing itself. */
export async function activationFacts(
  reader: Reader,
  plan: RevenuePlan,
  at: Date,
): Promise<Required<ActivationFacts>> {
  const unmet = unmetPreconditions(plan, at)
  const { planId } = await existsActivePlanForAccountAndType(reader, plan)
  return {
    activePlanIds: planId === undefined ? [] : [planId],
    preconditionsMet: unmet.length === 0,
    unmet,
  }
}

/** What has to be so before a plan can run, and is not, as sentences. */
export function unmetPreconditions(plan: RevenuePlan, at: Date): string[] {
  const unmet: string[] = []
  if (plan.planStatus === 'DRAFT') unmet.push('The plan is a draft: it has to be approved first.')
  else if (plan.planStatus !== 'APPROVED' && plan.planStatus !== 'PAUSED')
    unmet.push(`The plan is ${plan.planStatus}: one that is approved or paused can become active.`)
  if (plan.expiresAt <= at) unmet.push(`Its deadline has passed, at ${plan.expiresAt.toISOString()}.`)
  return unmet
}
