import { randomUUID } from 'node:crypto'
import { appendEntries } from '../ledger/append-entries.ts'
import type { RunValidators } from './validator-run.ts'

/** The validators' gateway: what every way to an action goes through. The ledger says that it was asked, and what came of it. */
export const runValidators: RunValidators = async (tx, { plan, point, at, stepId }) => {
  const runId = randomUUID()
  const data = {
    plan_id: plan.planId,
    run_id: runId,
    point,
    verdict: 'ALLOW' as const,
    reasons: [],
    ...(stepId && { step_id: stepId }),
    evaluated_at: at.toISOString(),
  }
  await appendEntries(tx, plan, at, [{ type: 'VALIDATOR_RUN_SUMMARY', data }])
  return { runId, verdict: 'ALLOW', reasons: [] }
}
