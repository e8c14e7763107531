import type { Tx } from '../../db/types.ts'
import { keyOf, type PlanKey, type Step } from '../revenue-plan/revenue-plan.ts'
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
  plan: PlanKey,
  told: OutcomeTold,
): Promise<Pick<Outcome, 'outcomeId' | 'planId'> & { kind: 'captured' | 'repeated' }> {
  const [made] = await captureOutcomes(tx, [{ ...keyOf(plan), ...told }])
  if (made) return { kind: 'captured', ...made }
  const [first] = await tx<{ outcomeId: string; planId: string }[]>`
    select outcome_id, plan_id from governance.outcomes
    where tenant_id = ${plan.tenantId} and idempotency_key = ${told.idempotencyKey}`
  return { kind: 'repeated', ...first! }
}

/**
 * The same of any number of plans, in this order.
 * @returns those that nobody had told before
 */
export async function captureOutcomes(
  tx: Tx,
  told: readonly (PlanKey & OutcomeTold)[],
): Promise<Pick<Outcome, 'outcomeId' | 'planId'>[]> {
  const rows = told.map(({ step, ...outcome }) => ({ ...outcome, ...step }))
  return tx<Pick<Outcome, 'outcomeId' | 'planId'>[]>`
    insert into governance.outcomes
      (tenant_id, account_id, plan_id, step_id, action_type, outcome_type, source, idempotency_key, event_id, data, occurred_at)
    select o."tenantId", o."accountId", o."planId", o."stepId", o."actionType", o."outcomeType", o.source, o."idempotencyKey",
           o."eventId", o.data, o."occurredAt"
    from rows from (jsonb_to_recordset(${tx.json(rows as never)}) as (
        "tenantId" uuid, "accountId" uuid, "planId" text, "stepId" uuid, "actionType" text, "outcomeType" text, source text,
        "idempotencyKey" text, "eventId" text, data jsonb, "occurredAt" timestamptz)) with ordinality as o
    order by o.ordinality
    on conflict (tenant_id, idempotency_key) do nothing
    returning outcome_id, plan_id`
}
