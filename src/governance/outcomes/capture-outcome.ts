import type { Tx } from '../../db/types.ts'
import type { PlanKey, Step } from '../revenue-plan/revenue-plan.ts'
import type { Outcome, OutcomeSource, OutcomeType } from './outcome.ts'

export type OutcomeTold = {
  outcomeType: OutcomeType
  source: OutcomeSource
  /** The same told again, under the same key, is no second outcome. */
  idempotencyKey: string
  occurredAt: Date
  step?: Pick<Step, 'stepId' | 'actionType'> | undefined
  eventId?: string | undefined
  data?: Record<string, unknown> | undefined
}

/**
 * Writes down what came of a plan, once for each idempotency key of its tenant.
 * @returns the first outcome's id, and whether this is it
 */
export async function captureOutcome(
  tx: Tx,
  { tenantId, accountId, planId }: PlanKey,
  told: OutcomeTold,
): Promise<Pick<Outcome, 'outcomeId' | 'planId'> & { kind: 'captured' | 'repeated' }> {
  const { outcomeType, source, idempotencyKey, occurredAt, step, eventId = null, data } = told
  const [made] = await tx<{ outcomeId: string }[]>`
    insert into governance.outcomes
      (tenant_id, account_id, plan_id, step_id, action_type, outcome_type, source, idempotency_key, event_id, data, occurred_at)
    values (${tenantId}, ${accountId}, ${planId}, ${step?.stepId ?? null}, ${step?.actionType ?? null}, ${outcomeType}, ${source},
      ${idempotencyKey}, ${eventId}, ${data ? tx.json(data as never) : null}, ${occurredAt})
    on conflict (tenant_id, idempotency_key) do nothing
    returning outcome_id`
  if (made) return { kind: 'captured', outcomeId: made.outcomeId, planId }
  const [first] = await tx<{ outcomeId: string; planId: string }[]>`
    select outcome_id, plan_id from governance.outcomes
    where tenant_id = ${tenantId} and idempotency_key = ${idempotencyKey}`
  return { kind: 'repeated', ...first! }
}
