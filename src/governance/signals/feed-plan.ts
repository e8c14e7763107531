import type { Tx } from '../../db/types.ts'
import { transitionPlan } from '../lifecycle/transition-plan.ts'
import { captureOutcome } from '../outcomes/capture-outcome.ts'
import { renewalDefense } from '../plan-types/renewal-defense.ts'
import { proposalOf } from '../proposal/proposal-of.ts'
import { lockPlan } from '../repository/get-plan.ts'
import { openPlan } from '../repository/list-plans.ts'
import { flagDraft, refreshSnapshot } from '../repository/mark-plan.ts'
import { createPlan, putPlan } from '../repository/put-plan.ts'
import {
  isOpen,
  isStale,
  keyOf,
  type PlanActor,
  type PlanKey,
  type RevenuePlan,
} from '../revenue-plan/revenue-plan.ts'
import { draftOf } from '../verbs/draft-of.ts'
import { clearedBy, deadlineOf, endOf, type Verdict, verdictOf } from './decide-plan.ts'
import { attachRisks, clearRisks, noteEnded, noteRisk, risksOfPlan, standingRisks } from './risk-signals.ts'
import { isRisk, type OfSubscription } from './subscription-signal.ts'

/** What signals feed. */
const planType = renewalDefense

/**
 * What one signal of a subscription does to its account's plans. The caller holds the account, and tells its signals in the order
 * in which they happened: then the same signals end in the same plan, however often and in whatever portions they are told.
 */
export async function feedPlan(tx: Tx, signal: OfSubscription, at: Date): Promise<void> {
  const { subscriptionId } = signal
  const risen = isRisk(signal) && (await noteRisk(tx, signal, at))
  const cleared = (await standingRisks(tx, signal)).flatMap((risk) => {
    const by = clearedBy(risk, signal)
    return by ? [{ ...risk, clearedBy: by }] : []
  })
  await clearRisks(tx, cleared, at)
  let plan = await heldOpenPlan(tx, signal)
  if (risen) plan = plan ? await fed(tx, plan, signal, at) : await drafted(tx, signal, at)
  const touched = new Set(cleared.map(({ planId }) => planId).filter((planId) => planId !== null))
  if (plan) {
    await refreshSnapshot(tx, plan, {
      subscription: subscriptionId,
      known: signal.state,
      at: signal.occurredAt,
    })
    if (signal.kind === 'ended' && (await noteEnded(tx, plan, subscriptionId)) > 0) touched.add(plan.planId)
    // A plan that a person proposed, and no signal feeds, still ends with what it was for.
    if (signal.kind === 'ended' && (await risksOfPlan(tx, plan)).length === 0) touched.add(plan.planId)
  }
  for (const planId of touched) await conclude(tx, keyOf({ ...signal, planId }), plan, signal, at)
}

async function heldOpenPlan(tx: Tx, { tenantId, accountId }: OfSubscription): Promise<RevenuePlan | null> {
  const open = await openPlan(tx, { tenantId, accountId, planType: planType.planType })
  const held = open && (await lockPlan(tx, open))
  // It may have ended between the look and the lock; then there is none.
  return held && isOpen(held) ? held : null
}

async function drafted(tx: Tx, signal: OfSubscription, at: Date): Promise<RevenuePlan | null> {
  const { tenantId, accountId, kind, eventId } = signal
  const draft = draftOf({ tenantId, accountId, planType, ...proposalOf(signal.state, at) }, at)
  const trigger = { kind, ...(eventId && { id: eventId }) }
  const made = await createPlan(tx, draft, { at, actor: actorOf(signal), trigger })
  if (made.kind !== 'created') {
    // Somebody has just proposed one: the signal feeds that.
    const proposed = await heldOpenPlan(tx, signal)
    return proposed && fed(tx, proposed, signal, at)
  }
  await attachRisks(tx, made.plan)
  return made.plan
}

/** A draft that was flagged, or whose deadline has passed, is one to look at again. */
async function fed(tx: Tx, plan: RevenuePlan, signal: OfSubscription, at: Date): Promise<RevenuePlan> {
  const actor = actorOf(signal)
  await attachRisks(tx, plan)
  if (plan.planStatus !== 'DRAFT') return plan
  await flagDraft(tx, plan, { flag: null, at, actor })
  if (!isStale(plan, at)) return { ...plan, flaggedFor: null }
  const { expiresAt } = draftOf({ ...plan, planType, expiresAt: deadlineOf(signal.state, at) }, at)
  const { constraints } = proposalOf(signal.state, at)
  const renewed = {
    ...plan,
    expiresAt,
    constraints: { ...plan.constraints, ...constraints },
    flaggedFor: null,
  }
  // It is held and a draft, and its steps are what they were: nothing refuses it.
  await putPlan(tx, renewed, { at, actor })
  return renewed
}

/** Ends a plan that nothing feeds any more, if it is open, and writes down what came of it in any case. */
async function conclude(
  tx: Tx,
  key: PlanKey,
  open: RevenuePlan | null,
  signal: OfSubscription,
  at: Date,
): Promise<void> {
  const risks = await risksOfPlan(tx, key)
  const gone = risks.flatMap(({ subscriptionId, clearedBy }) =>
    clearedBy === null ? [] : [{ subscriptionId, clearedBy }],
  )
  if (gone.length < risks.length) return
  const verdict = risks.length === 0 ? 'lost' : verdictOf(gone)
  if (open?.planId === key.planId) await endPlanFor(tx, open, verdict, { at, actor: actorOf(signal) })
  if (verdict === 'transferred') return
  await captureOutcome(tx, key, {
    outcomeType: verdict === 'won' ? 'DOWNSTREAM_WIN' : 'DOWNSTREAM_LOSS',
    source: 'DOWNSTREAM',
    idempotencyKey: `downstream:${key.planId}:${verdict}:${signal.cause}`,
    occurredAt: signal.occurredAt,
    eventId: signal.eventId ?? undefined,
    data: { signal: signal.kind },
  })
}

/** The one row of the table of what signals mean for plans that fits this plan. The caller holds it. */
export async function endPlanFor(
  tx: Tx,
  plan: RevenuePlan,
  verdict: Verdict,
  { at, actor }: { at: Date; actor: PlanActor },
): Promise<void> {
  const end = endOf(verdict, plan, at)
  if (end.kind === 'flag') return flagDraft(tx, plan, { flag: end.flag, at, actor })
  const asked = { ...keyOf(plan), expected: plan.planStatus, at, actor }
  if (end.kind === 'complete')
    await transitionPlan(tx, { ...asked, to: 'COMPLETED', completionReason: 'objective_met' })
  else if (end.kind === 'expire') await transitionPlan(tx, { ...asked, to: 'EXPIRED' })
  else await transitionPlan(tx, { ...asked, to: 'ABORTED', reason: end.reason })
}

function actorOf({ cause }: OfSubscription): PlanActor {
  return { type: 'signal', id: cause }
}
