import type { Tx } from '../../db/types.ts'
import { StepladderError } from '../../errors.ts'
import { keyOf, type PlanKey } from '../revenue-plan/revenue-plan.ts'
import type { LedgerEntry } from './ledger.ts'
import { type LedgerEvent, ledgerData } from './ledger-events.ts'

/** One thing that happened to one plan. */
export type ToldOfPlan = PlanKey & { event: LedgerEvent }

/** Writes down what happened to one plan, in this order. Otherwise as `appendToldEntries`. */
export async function appendEntries(
  tx: Tx,
  plan: PlanKey,
  at: Date,
  events: readonly LedgerEvent[],
): Promise<LedgerEntry[]> {
  return appendToldEntries(
    tx,
    at,
    events.map((event) => ({ ...keyOf(plan), event })),
  )
}

/**
 * Writes down what happened to plans, in this order. Ids and sequences are the database's. The time is `at`, or that of the
 * plan's last entry when a clock has gone back meanwhile: the latest entry of a plan always tells the latest.
 * @throws StepladderError `ledger_entry_invalid` for data that its type's schema does not take, before anything is written.
 */
export async function appendToldEntries(
  tx: Tx,
  at: Date,
  told: readonly ToldOfPlan[],
): Promise<LedgerEntry[]> {
  const entries = told.map(({ event, ...key }) => ({
    ...key,
    type: event.type,
    data: checkedData(event, key.planId),
  }))
  return tx<LedgerEntry[]>`
    insert into governance.plan_ledger (tenant_id, account_id, plan_id, event_type, recorded_at, data)
    select e."tenantId", e."accountId", e."planId", e.type,
           greatest(${at}::timestamptz, (select max(l.recorded_at) from governance.plan_ledger l
                                          where l.tenant_id = e."tenantId" and l.plan_id = e."planId")),
           e.data
    from rows from (jsonb_to_recordset(${tx.json(entries as never)}) as (
        "tenantId" uuid, "accountId" uuid, "planId" text, type text, data jsonb)) with ordinality as e
    order by e.ordinality
    returning entry_id, sequence, plan_id, tenant_id, account_id, event_type, recorded_at, data`
}

/** A mistake of the code and not of a person: nothing outside writes entries. */
function checkedData(event: LedgerEvent, planId: string): unknown {
  const read = ledgerData[event.type].safeParse(event.data)
  const wrong = !read.success
    ? read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')
    : read.data.plan_id === planId
      ? null
      : `plan_id: it names ${read.data.plan_id}`
  if (wrong === null) return read.data
  throw new StepladderError(
    'ledger_entry_invalid',
    `A ${event.type} entry of plan ${planId} is not of its form: ${wrong}.`,
    'Nothing was written. Please report this with the log.',
  )
}
