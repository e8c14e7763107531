import type { Tx } from '../../db/types.ts'
import { StepladderError } from '../../errors.ts'
import type { PlanKey } from '../revenue-plan/revenue-plan.ts'
import type { LedgerEntry } from './ledger.ts'
import { type LedgerEvent, ledgerData } from './ledger-events.ts'

/**
 * Writes down what happened to one plan, in this order. Ids and sequences are the database's. The time is `at`, or that of the
 * plan's last entry when a clock has gone back meanwhile: the latest entry always tells the latest.
 * @throws StepladderError `ledger_entry_invalid` for data that its type's schema does not take, before anything is written.
 */
export async function appendEntries(
  tx: Tx,
  { tenantId, accountId, planId }: PlanKey,
  at: Date,
  events: readonly LedgerEvent[],
): Promise<LedgerEntry[]> {
  const entries = events.map((event) => ({ type: event.type, data: checkedData(event, planId) }))
  return tx<LedgerEntry[]>`
    insert into governance.plan_ledger (tenant_id, account_id, plan_id, event_type, recorded_at, data)
    select ${tenantId}, ${accountId}, ${planId}, told.entry ->> 'type',
           greatest(${at}::timestamptz, (select max(recorded_at) from governance.plan_ledger
                                          where tenant_id = ${tenantId} and plan_id = ${planId})),
           told.entry -> 'data'
    from jsonb_array_elements(${tx.json(entries as never)}) with ordinality as told (entry, n)
    order by told.n
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
