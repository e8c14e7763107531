import type { Tx } from '../../db/types.ts'
import { StepladderError } from '../../errors.ts'
import { appendEntries } from '../ledger/append-entries.ts'
import type { LedgerEntry } from '../ledger/ledger.ts'
import type { LedgerEvent } from '../ledger/ledger-events.ts'
import { captureOutcome } from '../outcomes/capture-outcome.ts'
import type { OutcomeType } from '../outcomes/outcome.ts'
import { getPlan } from '../repository/get-plan.ts'
import { updatePlanStatus } from '../repository/update-plan-status.ts'
import type {
  CompletionReason,
  PlanActor,
  PlanKey,
  PlanStatus,
  RevenuePlan,
} from '../revenue-plan/revenue-plan.ts'
import { decideTransition, type TransitionDecision, type TransitionRefusal } from './lifecycle.ts'

/** What a way to a status needs besides: to abort needs a reason, to complete says what completed it. */
export type TransitionAsked = PlanKey & {
  to: PlanStatus | null
  at: Date
  /** The status on which the caller's own decision stands; another one by now is a lost race. */
  expected?: PlanStatus
  actor?: PlanActor
  reason?: string
  completionReason?: CompletionReason
}

export type TransitionOutcome =
  | { kind: 'done'; plan: RevenuePlan; entry: LedgerEntry }
  | { kind: 'refused'; code: TransitionRefusal; message: string }
  /** Somebody else moved it between the look and the write; `status` is where it stands now, null: it is gone. */
  | { kind: 'lost_race'; status: PlanStatus | null }

/**
 * The only way in which a plan's status changes. Status, timestamps and ledger entry commit together (R83), and the status is
 * written only if it still is what was looked at (R82). It never asks the gate: who activates or resumes has done so (R84).
 * @throws StepladderError `transition_incomplete` when the reason that the target needs is missing.
 */
export async function transitionPlan(tx: Tx, asked: TransitionAsked): Promise<TransitionOutcome> {
  const found = await getPlan(tx, { tenantId: asked.tenantId, planId: asked.planId })
  if (asked.expected && found?.planStatus !== asked.expected)
    return { kind: 'lost_race', status: found?.planStatus ?? null }
  const decision = decideTransition(found, asked, asked.to)
  if (decision.kind === 'refused') return decision
  const event = eventOf(decision, asked)
  const plan = await updatePlanStatus(tx, {
    tenantId: asked.tenantId,
    accountId: asked.accountId,
    planId: asked.planId,
    expected: decision.from,
    to: decision.to,
    at: asked.at,
    approvedBy: asked.actor?.id ?? null,
    completionReason: decision.to === 'COMPLETED' ? asked.completionReason! : null,
  })
  if (!plan) {
    const now = await getPlan(tx, { tenantId: asked.tenantId, planId: asked.planId })
    return { kind: 'lost_race', status: now?.planStatus ?? null }
  }
  const [entry] = await appendEntries(tx, asked, asked.at, [event])
  await captureWhatItMeans(tx, asked, decision.to)
  return { kind: 'done', plan, entry: entry! }
}

/** What a status says of what came of the plan; others say nothing. */
const outcomeOf: Partial<Record<PlanStatus, OutcomeType>> = {
  APPROVED: 'ACTION_APPROVED',
  COMPLETED: 'PLAN_COMPLETED',
  ABORTED: 'PLAN_ABORTED',
  EXPIRED: 'PLAN_EXPIRED',
}
const sourceOf = { operator: 'HUMAN', orchestrator: 'ORCHESTRATOR', signal: 'DOWNSTREAM' } as const

async function captureWhatItMeans(tx: Tx, asked: TransitionAsked, to: PlanStatus): Promise<void> {
  const outcomeType = outcomeOf[to]
  if (!outcomeType) return
  const { planId, at, actor, reason, completionReason } = asked
  const why = reason ?? completionReason
  await captureOutcome(tx, asked, {
    outcomeType,
    source: sourceOf[actor?.type ?? 'orchestrator'],
    idempotencyKey: `plan:${planId}:${to}`,
    occurredAt: at,
    ...(why && { data: { reason: why } }),
  })
}

function eventOf(
  { event, to }: Extract<TransitionDecision, { kind: 'allowed' }>,
  { planId: plan_id, at, actor, reason, completionReason }: TransitionAsked,
): LedgerEvent {
  const now = at.toISOString()
  const by = actor && { actor }
  const missing = (what: string) =>
    new StepladderError('transition_incomplete', `A plan becomes ${to} with ${what} alone.`, `Say ${what}.`)
  switch (event) {
    case 'PLAN_APPROVED':
      return {
        type: event,
        data: { plan_id, ...(actor?.id && { approved_by: actor.id }), approved_at: now, ...by },
      }
    case 'PLAN_PAUSED':
      return { type: event, data: { plan_id, ...(reason && { reason }), ...by } }
    case 'PLAN_ABORTED':
      if (!reason) throw missing('a reason')
      return { type: event, data: { plan_id, reason, aborted_at: now, ...by } }
    case 'PLAN_COMPLETED':
      if (!completionReason) throw missing('a completion reason')
      return {
        type: event,
        data: { plan_id, completion_reason: completionReason, completed_at: now, ...by },
      }
    case 'PLAN_EXPIRED':
      return { type: event, data: { plan_id, expired_at: now, ...by } }
    default:
      return { type: event, data: { plan_id, ...by } }
  }
}
