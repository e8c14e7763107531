import type { Tx } from '../../db/types.ts'
import { StepladderError } from '../../errors.ts'
import { appendToldEntries } from '../ledger/append-entries.ts'
import { transitionPlan } from '../lifecycle/transition-plan.ts'
import { captureOutcomes } from '../outcomes/capture-outcome.ts'
import { insertPlans } from '../repository/insert-plans.ts'
import { keepSnapshots, markDrafts } from '../repository/mark-plans.ts'
import type { AccountChange } from './account-case.ts'
import { putRisks, type RiskOfAccount } from './risk-signals.ts'

/**
 * Writes what signals mean for accounts that are held: one statement for each kind of row, sent together. Plans in work that end
 * do so one by one before, by the only way in which a status changes.
 * @throws StepladderError `plan_proposed_meanwhile` when somebody was quicker with a plan for one of the accounts.
 */
export async function writeChanges(tx: Tx, changes: readonly AccountChange[], at: Date): Promise<void> {
  for (const { endings } of changes) for (const ending of endings) await transitionPlan(tx, ending)
  const drafted = changes.flatMap((change) => [...change.drafted])
  const [written] = await Promise.all([
    drafted.length > 0 ? insertPlans(tx, drafted) : 0,
    writeAll(changes.flatMap(risksToPut), (risks) => putRisks(tx, risks, at)),
    writeAll(
      changes.flatMap(({ drafts }) => [...drafts]),
      (drafts) => markDrafts(tx, drafts),
    ),
    writeAll(
      changes.flatMap(({ snapshots }) => [...snapshots]),
      (plans) => keepSnapshots(tx, plans),
    ),
    writeAll(
      changes.flatMap(({ entries }) => entries),
      (entries) => appendToldEntries(tx, at, entries),
    ),
    writeAll(
      changes.flatMap(({ outcomes }) => outcomes),
      (outcomes) => captureOutcomes(tx, outcomes),
    ),
  ])
  if (written < drafted.length)
    throw new StepladderError(
      'plan_proposed_meanwhile',
      'Somebody has just proposed a plan for an account whose signals ask for one.',
      'Nothing has to be done: its signals are taken up again, and feed that plan.',
    )
}

/** A risk that feeds the plan that it fed before says nothing of it. */
function risksToPut({ tenantId, accountId, risks, attached }: AccountChange): RiskOfAccount[] {
  return [...risks].map((risk) => ({
    ...risk,
    tenantId,
    accountId,
    planId: attached.has(risk) ? risk.planId : null,
  }))
}

async function writeAll<Row>(rows: readonly Row[], write: (rows: readonly Row[]) => Promise<unknown>) {
  if (rows.length > 0) await write(rows)
}
