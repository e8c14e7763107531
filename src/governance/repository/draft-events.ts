import { isDeepStrictEqual } from 'node:util'
import type { LedgerEvent } from '../ledger/ledger-events.ts'
import type { PlanActor, RevenuePlan } from '../revenue-plan/revenue-plan.ts'

/** Why a new plan exists. */
export type Trigger = Extract<LedgerEvent, { type: 'PLAN_CREATED' }>['data']['trigger']

/** What the ledger says of a new plan. */
export function createdEvent(
  { planId, planType, accountId, objective }: RevenuePlan,
  { actor, trigger }: { actor?: PlanActor | undefined; trigger?: Trigger | undefined },
): LedgerEvent {
  const what = { plan_id: planId, plan_type: planType, account_id: accountId, objective }
  return { type: 'PLAN_CREATED', data: { ...what, ...(trigger && { trigger }), ...(actor && { actor }) } }
}

/** And of one that has changed in these fields, as the wire names them. */
export function updatedEvent(
  { planId }: Pick<RevenuePlan, 'planId'>,
  changed: string[],
  { actor, reason }: { actor?: PlanActor | undefined; reason?: string | undefined },
): LedgerEvent {
  const what = { plan_id: planId, changed_fields: changed }
  return { type: 'PLAN_UPDATED', data: { ...what, ...(reason && { reason }), ...(actor && { actor }) } }
}

/** As the wire names them. */
export function changedFields(stored: RevenuePlan, plan: RevenuePlan): string[] {
  return [
    ...(stored.objective === plan.objective ? [] : ['objective']),
    ...(isDeepStrictEqual(stored.steps, plan.steps) ? [] : ['steps']),
    ...(isDeepStrictEqual(stored.constraints, plan.constraints) ? [] : ['constraints']),
    ...(stored.expiresAt.getTime() === plan.expiresAt.getTime() ? [] : ['expires_at']),
  ]
}
