import type { Tx } from '../../db/types.ts'
import { appendEntries } from '../ledger/append-entries.ts'
import type { PlanActor, PlanStatus, RevenuePlan } from '../revenue-plan/revenue-plan.ts'
import { stepV1Of } from '../revenue-plan/revenue-plan-v1.ts'
import { changedFields, createdEvent, type Trigger, updatedEvent } from './draft-events.ts'
import { lockPlan } from './get-plan.ts'
import { insertPlans } from './insert-plans.ts'
import { openPlan } from './list-plans.ts'
import { type KnownSnapshot, keptSnapshot } from './stored-plan.ts'

/** What the ledger says beside the plan itself. */
export type PutAsked = {
  at: Date
  actor?: PlanActor
  /** Why a new plan exists. */
  trigger?: Trigger | undefined
  /** Why it is changed. */
  reason?: string | undefined
  /** What is known of the subscription that a new plan is about. */
  snapshot?: KnownSnapshot | undefined
}

export type PutOutcome =
  | { kind: 'created' | 'updated' | 'unchanged'; plan: RevenuePlan }
  | { kind: 'refused'; code: 'STORED_NOT_DRAFT'; status: PlanStatus }
  | { kind: 'refused'; code: 'NEW_NOT_DRAFT' | 'ACCOUNT_UNKNOWN' | 'STEPS_REPLACED' | 'PLAN_ID_TAKEN' }
  /** Another plan of this type stands on the account and has not ended. */
  | { kind: 'refused'; code: 'OPEN_PLAN_EXISTS'; planId: string }

/**
 * Writes a draft with its ledger entry: PLAN_CREATED for a new one (which cannot begin in another status, D7), PLAN_UPDATED
 * naming what has changed for one that is replaced, and nothing where nothing has. A stored plan that is no draft any more is
 * never replaced (R91, R97, R107); nor does a plan change its account, its type, or what one of its steps is (R76).
 */
export async function putPlan(tx: Tx, plan: RevenuePlan, asked: PutAsked): Promise<PutOutcome> {
  if (plan.planStatus !== 'DRAFT') return { kind: 'refused', code: 'NEW_NOT_DRAFT' }
  const stored = await lockPlan(tx, { tenantId: plan.tenantId, planId: plan.planId })
  return stored ? replace(tx, stored, plan, asked) : createPlan(tx, plan, asked)
}

/** The same for a plan that has to be new. An account has one open plan of a type, however many ask for one at a time. */
export async function createPlan(
  tx: Tx,
  plan: RevenuePlan,
  { at, actor, trigger, snapshot }: PutAsked,
): Promise<PutOutcome> {
  if (plan.planStatus !== 'DRAFT') return { kind: 'refused', code: 'NEW_NOT_DRAFT' }
  const made: RevenuePlan = { ...plan, createdAt: at, updatedAt: at, flaggedFor: null, flaggedAt: null }
  const [account] = await tx`
    select from billing.accounts where account_id = ${plan.accountId} and tenant_id = ${plan.tenantId}`
  if (!account) return { kind: 'refused', code: 'ACCOUNT_UNKNOWN' }
  const count = await insertPlans(tx, [{ ...made, ...keptSnapshot(snapshot) }])
  if (count === 0) {
    const open = await openPlan(tx, plan)
    if (!open || open.planId === plan.planId) return { kind: 'refused', code: 'PLAN_ID_TAKEN' }
    return { kind: 'refused', code: 'OPEN_PLAN_EXISTS', planId: open.planId }
  }
  await appendEntries(tx, made, at, [createdEvent(made, { actor, trigger })])
  return { kind: 'created', plan: made }
}

async function replace(
  tx: Tx,
  stored: RevenuePlan,
  plan: RevenuePlan,
  { at, actor, reason }: PutAsked,
): Promise<PutOutcome> {
  if (stored.accountId !== plan.accountId || stored.planType !== plan.planType)
    return { kind: 'refused', code: 'PLAN_ID_TAKEN' }
  if (stored.planStatus !== 'DRAFT')
    return { kind: 'refused', code: 'STORED_NOT_DRAFT', status: stored.planStatus }
  const actionOf = new Map(stored.steps.map(({ stepId, actionType }) => [stepId, actionType]))
  if (plan.steps.some(({ stepId, actionType }) => (actionOf.get(stepId) ?? actionType) !== actionType))
    return { kind: 'refused', code: 'STEPS_REPLACED' }
  const changed = changedFields(stored, plan)
  if (changed.length === 0) return { kind: 'unchanged', plan: stored }
  const updatedAt = at > stored.updatedAt ? at : stored.updatedAt
  await tx`
    update governance.revenue_plans
    set objective = ${plan.objective}, steps = ${tx.json(plan.steps.map(stepV1Of) as never)},
        constraints = ${constraintsOf(tx, plan)}, expires_at = ${plan.expiresAt}, updated_at = ${updatedAt}
    where tenant_id = ${stored.tenantId} and plan_id = ${stored.planId}`
  await appendEntries(tx, stored, at, [updatedEvent(stored, changed, { actor, reason })])
  const { objective, steps, constraints, expiresAt } = plan
  return { kind: 'updated', plan: { ...stored, objective, steps, constraints, expiresAt, updatedAt } }
}

function constraintsOf(tx: Tx, { constraints }: RevenuePlan) {
  return constraints === null ? null : tx.json(constraints)
}
