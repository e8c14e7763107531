import type { Caller } from '../../auth/api-keys.ts'
import type { Reader } from '../../db/types.ts'
import { getPlan } from '../../governance/repository/get-plan.ts'
import type { RevenuePlan } from '../../governance/revenue-plan/revenue-plan.ts'
import type { VerbAsked } from '../../governance/verbs/verb-outcome.ts'
import { unknown } from './fields.ts'

export type PlanParams = Readonly<Record<string, string>>
export type PlanQuery = { account_id?: string | undefined }

/** Which plan a request is about, and who asks: the tenant is always the caller's own. */
export function askedOf(params: PlanParams, query: PlanQuery, caller: Caller, at: Date): VerbAsked {
  return {
    tenantId: caller.tenantId,
    accountId: query.account_id,
    planId: params.planId!,
    at,
    actor: planActorOf(caller),
  }
}

/** Who asks, as the ledger will say for ever. */
export function planActorOf({ id, name }: Caller) {
  return { type: 'operator' as const, id, ...(name && { name }) }
}

/** @throws Refused `revenue_plan_unknown` (404), for another tenant's or account's too */
export async function foundPlan(reader: Reader, wanted: VerbAsked): Promise<RevenuePlan> {
  const plan = await getPlan(reader, wanted)
  if (!plan) throw unknown('revenue_plan')
  return plan
}
