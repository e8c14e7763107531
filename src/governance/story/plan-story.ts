import type { Reader } from '../../db/types.ts'
import { listTasks, type OperatorTask } from '../executors/operator-tasks.ts'
import { type LedgerEntry, ledgerOfPlan } from '../ledger/ledger.ts'
import { executionsOf, type StepExecution } from '../orchestrator/step-executions.ts'
import type { Outcome } from '../outcomes/outcome.ts'
import { outcomesOfPlan } from '../outcomes/outcomes.ts'
import type { PlanKey } from '../revenue-plan/revenue-plan.ts'
import { type PlanSignal, signalsOfPlan } from './plan-signals.ts'
import { type PlanSpending, spendingOfPlan } from './plan-spending.ts'
import { type PlanVerdict, verdictsOfPlan } from './plan-verdicts.ts'

/** Everything that is known about one plan beside the plan itself, as a person reads it. */
export type PlanStory = {
  /** What the orchestrator waits for, and until when; null: nothing, it looks at its next run. */
  waits: { until: Date; for: string } | null
  /** What was last known of the account's subscription. */
  known: { snapshot: Record<string, unknown>; at: Date } | null
  signals: PlanSignal[]
  executions: StepExecution[]
  /** Those that are open. */
  tasks: OperatorTask[]
  verdicts: PlanVerdict[]
  spending: PlanSpending[]
  /** The latest first. */
  ledger: LedgerEntry[]
  outcomes: Outcome[]
}

/** @param most rows of each kind at most; one more is read, so that whoever shows them can say that there are more */
export async function planStory(reader: Reader, plan: PlanKey, most: number): Promise<PlanStory> {
  const { tenantId, planId } = plan
  const limit = most + 1
  const wanted = { tenantId, planId, limit }
  const [standing, signals, executions, tasks, verdicts, spending, ledger, outcomes] = await Promise.all([
    readStanding(reader, plan),
    signalsOfPlan(reader, wanted),
    executionsOf(reader, plan),
    listTasks(reader, { ...wanted, state: 'open' }),
    verdictsOfPlan(reader, wanted),
    spendingOfPlan(reader, wanted),
    ledgerOfPlan(reader, wanted),
    outcomesOfPlan(reader, wanted),
  ])
  return { ...standing, signals, executions, tasks, verdicts, spending, ledger, outcomes }
}

async function readStanding(
  reader: Reader,
  { tenantId, planId }: PlanKey,
): Promise<Pick<PlanStory, 'waits' | 'known'>> {
  const [row] = await reader<
    {
      lookAt: Date | null
      waitsFor: string | null
      snapshot: Record<string, unknown> | null
      snapshotAt: Date | null
    }[]
  >`
    select look_at, waits_for, snapshot, snapshot_at from governance.revenue_plans
    where tenant_id = ${tenantId} and plan_id = ${planId}`
  return {
    waits: row?.lookAt && row.waitsFor ? { until: row.lookAt, for: row.waitsFor } : null,
    known: row?.snapshot && row.snapshotAt ? { snapshot: row.snapshot, at: row.snapshotAt } : null,
  }
}
