/** What came of a plan or of one of its steps. */
export const outcomeTypes = [
  'ACTION_APPROVED',
  'ACTION_REJECTED',
  'SELLER_EDIT',
  'EXECUTION_SUCCESS',
  'EXECUTION_FAILURE',
  'PLAN_COMPLETED',
  'PLAN_ABORTED',
  'PLAN_EXPIRED',
  'DOWNSTREAM_WIN',
  'DOWNSTREAM_LOSS',
] as const
export type OutcomeType = (typeof outcomeTypes)[number]

/** Who tells it. */
export type OutcomeSource = 'HUMAN' | 'POLICY' | 'ORCHESTRATOR' | 'CONNECTOR' | 'DOWNSTREAM'

/** What a person may tell. How a plan ended is the lifecycle's to say, and who stayed is the subscription's. */
export const toldByPeople = [
  'ACTION_APPROVED',
  'ACTION_REJECTED',
  'SELLER_EDIT',
  'EXECUTION_SUCCESS',
  'EXECUTION_FAILURE',
] as const satisfies readonly OutcomeType[]

export type Outcome = {
  outcomeId: string
  tenantId: string
  accountId: string
  planId: string
  stepId: string | null
  actionType: string | null
  outcomeType: OutcomeType
  source: OutcomeSource
  idempotencyKey: string
  /** The event of Stripe's that told it, where one did. */
  eventId: string | null
  data: Record<string, unknown> | null
  occurredAt: Date
  recordedAt: Date
}

/** As it goes out. */
export function outcomeV1Of(outcome: Outcome) {
  return {
    outcome_id: outcome.outcomeId,
    plan_id: outcome.planId,
    account_id: outcome.accountId,
    step_id: outcome.stepId,
    action_type: outcome.actionType,
    outcome_type: outcome.outcomeType,
    source: outcome.source,
    event_id: outcome.eventId,
    data: outcome.data,
    occurred_at: outcome.occurredAt.toISOString(),
    recorded_at: outcome.recordedAt.toISOString(),
  }
}
