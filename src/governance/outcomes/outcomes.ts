import type { Reader } from '../../db/types.ts'
import type { Outcome } from './outcome.ts'

/** What came of a plan, the latest first; outcomes outlive their plan. */
export async function outcomesOfPlan(
  reader: Reader,
  wanted: {
    tenantId: string
    planId: string
    accountId?: string | undefined
    /** The last one of the page before. */
    after?: Pick<Outcome, 'occurredAt' | 'outcomeId'> | null
    limit: number
  },
): Promise<Outcome[]> {
  const { tenantId, planId, accountId = null, after = null, limit } = wanted
  return reader<Outcome[]>`
    select outcome_id, tenant_id, account_id, plan_id, step_id, action_type, outcome_type, source, idempotency_key, event_id,
           data, occurred_at, recorded_at
    from governance.outcomes
    where tenant_id = ${tenantId} and plan_id = ${planId}
      and (${accountId}::uuid is null or account_id = ${accountId}::uuid)
      and (${after === null} or (occurred_at, outcome_id) <
           (${after?.occurredAt ?? null}::timestamptz, ${after?.outcomeId ?? null}::uuid))
    order by occurred_at desc, outcome_id desc
    limit ${limit}`
}

export type OutcomeSummary = {
  /** Accounts whose latest word from the subscription is that they stay, and that they are gone. */
  accounts: { saved: number; lost: number }
  /** The same, by each kind of signal that fed a plan of the account's; one with two kinds counts for both. */
  bySignal: { signalKind: string; saved: number; lost: number }[]
  /** The same, by each kind of step that was done for the account; and how often one succeeded and failed. */
  byStep: { actionType: string; succeeded: number; failed: number; saved: number; lost: number }[]
}

/**
 * Did it work? Plain counts over a tenant's outcomes: what stands beside each other need not be cause and effect.
 * @param wanted.since outcomes from then on
 */
export async function outcomeSummary(
  reader: Reader,
  { tenantId, since = new Date(0) }: { tenantId: string; since?: Date },
): Promise<OutcomeSummary> {
  const [accounts] = await reader<{ saved: number; lost: number }[]>`
    select count(*) filter (where outcome_type = 'DOWNSTREAM_WIN')::int as saved,
           count(*) filter (where outcome_type = 'DOWNSTREAM_LOSS')::int as lost
    from (${lastWords(reader, tenantId, since)}) as w`
  const bySignal = await reader<OutcomeSummary['bySignal']>`
    select s.signal_kind,
           count(distinct w.account_id) filter (where w.outcome_type = 'DOWNSTREAM_WIN')::int as saved,
           count(distinct w.account_id) filter (where w.outcome_type = 'DOWNSTREAM_LOSS')::int as lost
    from (${lastWords(reader, tenantId, since)}) as w
    join governance.risk_signals s on s.tenant_id = ${tenantId} and s.plan_id = w.plan_id and s.account_id = w.account_id
    group by s.signal_kind order by s.signal_kind`
  const byStep = await reader<OutcomeSummary['byStep']>`
    select o.action_type,
           count(distinct o.outcome_id) filter (where o.outcome_type = 'EXECUTION_SUCCESS')::int as succeeded,
           count(distinct o.outcome_id) filter (where o.outcome_type = 'EXECUTION_FAILURE')::int as failed,
           count(distinct w.account_id) filter (
             where o.outcome_type = 'EXECUTION_SUCCESS' and w.outcome_type = 'DOWNSTREAM_WIN')::int as saved,
           count(distinct w.account_id) filter (
             where o.outcome_type = 'EXECUTION_SUCCESS' and w.outcome_type = 'DOWNSTREAM_LOSS')::int as lost
    from governance.outcomes o
    left join (${lastWords(reader, tenantId, since)}) as w on w.plan_id = o.plan_id and w.account_id = o.account_id
    where o.tenant_id = ${tenantId} and o.occurred_at >= ${since}
      and o.outcome_type in ('EXECUTION_SUCCESS', 'EXECUTION_FAILURE') and o.action_type is not null
    group by o.action_type order by o.action_type`
  return { accounts: accounts!, bySignal, byStep }
}

/** The last that each account's subscription has said of a plan. */
function lastWords(reader: Reader, tenantId: string, since: Date) {
  return reader`
    select distinct on (account_id) account_id, plan_id, outcome_type
    from governance.outcomes
    where tenant_id = ${tenantId} and outcome_type in ('DOWNSTREAM_WIN', 'DOWNSTREAM_LOSS') and occurred_at >= ${since}
    order by account_id, occurred_at desc, recorded_at desc`
}
