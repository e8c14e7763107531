import type { LedgerEventType } from '../ledger/ledger-events.ts'
import type { PlanKey, PlanStatus, RevenuePlan } from '../revenue-plan/revenue-plan.ts'

/** The nine ways, and what the ledger calls each (R79, D1). All others are refused; the last three statuses are ends. */
export const lifecycle = {
  DRAFT: { APPROVED: 'PLAN_APPROVED' },
  APPROVED: { ACTIVE: 'PLAN_ACTIVATED', ABORTED: 'PLAN_ABORTED' },
  ACTIVE: {
    PAUSED: 'PLAN_PAUSED',
    COMPLETED: 'PLAN_COMPLETED',
    ABORTED: 'PLAN_ABORTED',
    EXPIRED: 'PLAN_EXPIRED',
  },
  PAUSED: { ACTIVE: 'PLAN_RESUMED', ABORTED: 'PLAN_ABORTED' },
  COMPLETED: {},
  ABORTED: {},
  EXPIRED: {},
} as const satisfies Record<PlanStatus, Partial<Record<PlanStatus, LedgerEventType>>>

type StatusEvent =
  | 'PLAN_APPROVED'
  | 'PLAN_ACTIVATED'
  | 'PLAN_PAUSED'
  | 'PLAN_RESUMED'
  | 'PLAN_ABORTED'
  | 'PLAN_COMPLETED'
  | 'PLAN_EXPIRED'

export type TransitionRefusal =
  | 'PLAN_NOT_FOUND'
  | 'PLAN_MISMATCH'
  | 'TARGET_MISSING'
  | 'SAME_STATUS'
  | 'INVALID_TRANSITION'

export type TransitionDecision =
  | { kind: 'allowed'; from: PlanStatus; to: PlanStatus; event: StatusEvent }
  | { kind: 'refused'; code: TransitionRefusal; message: string }

/** Whether a plan may go to a status, and what that is called. The four cases of R81 are told before the table is asked. */
export function decideTransition(
  plan: RevenuePlan | null,
  key: PlanKey,
  to: PlanStatus | null,
): TransitionDecision {
  const refused = (code: TransitionRefusal, message: string) => ({ kind: 'refused', code, message }) as const
  if (plan === null) return refused('PLAN_NOT_FOUND', `There is no plan ${key.planId}.`)
  if (plan.tenantId !== key.tenantId || plan.accountId !== key.accountId || plan.planId !== key.planId)
    return refused('PLAN_MISMATCH', `Plan ${key.planId} is not of this tenant and account.`)
  if (to === null) return refused('TARGET_MISSING', 'No status was named to which the plan should go.')
  const from = plan.planStatus
  if (from === to) return refused('SAME_STATUS', `The plan is ${to} already.`)
  const ways: Partial<Record<PlanStatus, StatusEvent>> = lifecycle[from]
  const event = ways[to]
  if (event) return { kind: 'allowed', from, to, event }
  const open = Object.keys(ways)
  const instead = open.length === 0 ? `${from} is an end` : `from there it goes to ${open.join(' or ')}`
  return refused('INVALID_TRANSITION', `A plan that is ${from} cannot become ${to}: ${instead}.`)
}
