import { renewalDefense } from '../plan-types/renewal-defense.ts'
import { proposalOf } from '../proposal/proposal-of.ts'
import { changedFields, createdEvent, updatedEvent } from '../repository/draft-events.ts'
import { isNewer, keptSnapshot, type StoredPlan } from '../repository/stored-plan.ts'
import { isStale, keyOf, type PlanActor } from '../revenue-plan/revenue-plan.ts'
import { draftOf } from '../verbs/draft-of.ts'
import {
  type AccountCase,
  attachRisks,
  changeDraft,
  clearRisks,
  endPlan,
  flagDraft,
  noteEnded,
  noteRisk,
} from './account-case.ts'
import { deadlineOf, verdictOf } from './decide-plan.ts'
import { isRisk, type OfSubscription } from './subscription-signal.ts'

/** What signals feed. */
const planType = renewalDefense

/**
 * What one signal of a subscription does to its account's plans. An account's signals are told in the order in which they
 * happened: then the same signals end in the same plan, however often and in whatever portions they are told.
 */
export function feedPlan(it: AccountCase, signal: OfSubscription): void {
  const risen = isRisk(signal) && noteRisk(it, signal)
  const touched = clearRisks(it, signal)
  const open = it.open.find((plan) => plan.planType === planType.planType)
  if (risen && open) feed(it, open, signal)
  const plan = open ?? (risen ? draft(it, signal) : null)
  if (plan) {
    keepSnapshot(it, plan, signal)
    if (signal.kind === 'ended' && isOver(it, plan, signal.subscriptionId)) touched.add(plan.planId)
  }
  for (const planId of touched) conclude(it, planId, plan, signal)
}

function draft(it: AccountCase, signal: OfSubscription): StoredPlan {
  const { tenantId, accountId, at } = it
  const { kind, eventId, state } = signal
  const made = draftOf({ tenantId, accountId, planType, ...proposalOf(state, at) }, at)
  const plan = { ...made, ...keptSnapshot(undefined) }
  const trigger = { kind, ...(eventId && { id: eventId }) }
  it.open.push(plan)
  it.change.drafted.add(plan)
  it.change.entries.push({ ...keyOf(plan), event: createdEvent(plan, { actor: actorOf(signal), trigger }) })
  attachRisks(it, plan)
  return plan
}

/** A draft that was flagged, or whose deadline has passed, is one to look at again. */
function feed(it: AccountCase, plan: StoredPlan, signal: OfSubscription): void {
  const actor = actorOf(signal)
  attachRisks(it, plan)
  if (plan.planStatus !== 'DRAFT') return
  flagDraft(it, plan, null, actor)
  if (!isStale(plan, it.at)) return
  const { expiresAt } = draftOf({ ...plan, planType, expiresAt: deadlineOf(signal.state, it.at) }, it.at)
  const constraints = { ...plan.constraints, ...proposalOf(signal.state, it.at).constraints }
  const changed = changedFields(plan, { ...plan, expiresAt, constraints })
  changeDraft(it, plan, { expiresAt, constraints }, updatedEvent(plan, changed, { actor }))
}

function keepSnapshot(it: AccountCase, plan: StoredPlan, signal: OfSubscription): void {
  const snapshot = { subscription: signal.subscriptionId, known: signal.state, at: signal.occurredAt }
  if (!isNewer(snapshot, plan)) return
  Object.assign(plan, keptSnapshot(snapshot))
  if (!it.change.drafted.has(plan)) it.change.snapshots.add(plan)
}

/** Whether the end of a subscription may be the end of a plan: also of one that a person proposed, and that no signal feeds. */
function isOver(it: AccountCase, plan: StoredPlan, subscriptionId: string): boolean {
  return noteEnded(it, plan, subscriptionId) || it.risks.every(({ planId }) => planId !== plan.planId)
}

/** Ends a plan that nothing feeds any more, if it is open, and tells what came of it in any case. */
function conclude(it: AccountCase, planId: string, open: StoredPlan | null, signal: OfSubscription): void {
  const { tenantId, accountId } = it
  const risks = it.risks.filter((risk) => risk.planId === planId)
  const gone = risks.flatMap(({ subscriptionId, clearedBy }) =>
    clearedBy === null ? [] : [{ subscriptionId, clearedBy }],
  )
  if (gone.length < risks.length) return
  const verdict = risks.length === 0 ? 'lost' : verdictOf(gone)
  if (open?.planId === planId) endPlan(it, open, verdict, actorOf(signal))
  if (verdict === 'transferred') return
  it.change.outcomes.push({
    tenantId,
    accountId,
    planId,
    outcomeType: verdict === 'won' ? 'DOWNSTREAM_WIN' : 'DOWNSTREAM_LOSS',
    source: 'DOWNSTREAM',
    idempotencyKey: `downstream:${planId}:${verdict}:${signal.cause}`,
    occurredAt: signal.occurredAt,
    eventId: signal.eventId ?? undefined,
    data: { signal: signal.kind },
  })
}

function actorOf({ cause }: OfSubscription): PlanActor {
  return { type: 'signal', id: cause }
}
