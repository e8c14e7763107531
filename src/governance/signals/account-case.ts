import type { LedgerEvent } from '../ledger/ledger-events.ts'
import type { TransitionAsked } from '../lifecycle/transition-plan.ts'
import type { OutcomeTold } from '../outcomes/capture-outcome.ts'
import { updatedEvent } from '../repository/draft-events.ts'
import type { StoredPlan } from '../repository/stored-plan.ts'
import { keyOf, type PlanActor, type PlanFlag, type PlanKey } from '../revenue-plan/revenue-plan.ts'
import { clearedBy, endOf, type RiskSignal, type Verdict } from './decide-plan.ts'
import type { OfSubscription, RiskKind, SubscriptionSignal } from './subscription-signal.ts'

/** What stands of an account when its signals are taken up: its signals in order, all its risks, its open plans of all types. */
export type AccountFacts = {
  tenantId: string
  accountId: string
  told: readonly SubscriptionSignal[]
  /** By the time at which they were seen last. */
  risks: readonly RiskSignal[]
  open: readonly StoredPlan[]
}

/** What is to be written of an account. What is in it is as it stands after the last signal. */
export type AccountChange = {
  tenantId: string
  accountId: string
  risks: Set<RiskSignal>
  /** Those of them that feed another plan than before. */
  attached: Set<RiskSignal>
  drafted: Set<StoredPlan>
  /** Drafts that stood before, and plans of which something newer is known. */
  drafts: Set<StoredPlan>
  snapshots: Set<StoredPlan>
  /** Plans in work that end. */
  endings: TransitionAsked[]
  entries: (PlanKey & { event: LedgerEvent })[]
  outcomes: (PlanKey & OutcomeTold)[]
}

/** An account while its signals are told one after another: where it stands by now, and what has changed until then. */
export type AccountCase = {
  tenantId: string
  accountId: string
  at: Date
  risks: RiskSignal[]
  open: StoredPlan[]
  change: AccountChange
}

/** Notes a risk that does not stand yet, or not any more. @returns whether it stands newly */
export function noteRisk(it: AccountCase, signal: OfSubscription & { kind: RiskKind }): boolean {
  const { subscriptionId, kind: signalKind, eventId, state: detail, occurredAt: seenAt } = signal
  const period = signal.period?.toISOString() ?? ''
  const known = it.risks.find(
    (risk) =>
      risk.subscriptionId === subscriptionId && risk.signalKind === signalKind && risk.period === period,
  )
  if (known?.clearedAt === null) return false
  const seen = { eventId, detail, seenAt, planId: null, clearedAt: null, clearedBy: null }
  const risk = Object.assign(known ?? { subscriptionId, signalKind, period }, seen)
  if (!known) it.risks.push(risk)
  it.change.risks.add(risk)
  return true
}

export function standingRisks({ risks }: AccountCase): RiskSignal[] {
  return risks
    .filter(({ clearedAt }) => clearedAt === null)
    .sort((a, b) => a.seenAt.getTime() - b.seenAt.getTime())
}

/** Clears what a signal says is over. @returns the plans that it fed */
export function clearRisks(it: AccountCase, signal: OfSubscription): Set<string> {
  const fed = new Set<string>()
  for (const risk of standingRisks(it)) {
    const by = clearedBy(risk, signal)
    if (by === null) continue
    clearRisk(it, risk, by)
    if (risk.planId !== null) fed.add(risk.planId)
  }
  return fed
}

export function clearRisk(it: AccountCase, risk: RiskSignal, by: RiskSignal['clearedBy']): void {
  it.change.risks.add(Object.assign(risk, { clearedBy: by, clearedAt: it.at }))
}

/** What was cleared of a subscription before it ended never counts for its having stayed. @returns whether any of it had fed the plan */
export function noteEnded(it: AccountCase, { planId }: StoredPlan, subscriptionId: string): boolean {
  const counted = it.risks.filter(
    (risk) =>
      risk.planId === planId &&
      risk.subscriptionId === subscriptionId &&
      risk.clearedBy !== null &&
      risk.clearedBy !== 'subscription_deleted',
  )
  for (const risk of counted) it.change.risks.add(Object.assign(risk, { clearedBy: 'subscription_deleted' }))
  return counted.length > 0
}

/** All that stands feeds the plan that is open now, unless it feeds one that is open already. */
export function attachRisks(it: AccountCase, { planId }: StoredPlan): void {
  for (const risk of standingRisks(it)) {
    if (it.open.some((plan) => plan.planId === risk.planId)) continue
    it.change.risks.add(Object.assign(risk, { planId }))
    it.change.attached.add(risk)
  }
}

/** A draft that was changed; one that is new is written as it stands in the end. */
export function changeDraft(
  it: AccountCase,
  plan: StoredPlan,
  changed: Partial<StoredPlan>,
  event: LedgerEvent,
): void {
  const updatedAt = new Date(Math.max(it.at.getTime(), plan.updatedAt.getTime()))
  Object.assign(plan, changed, { updatedAt })
  if (!it.change.drafted.has(plan)) it.change.drafts.add(plan)
  it.change.entries.push({ ...keyOf(plan), event })
}

/**
 * Asks a person to look at a draft, or no longer (null). No reason goes into the entry: a reason is what people give, and would
 * be taken for evidence.
 */
export function flagDraft(it: AccountCase, plan: StoredPlan, flag: PlanFlag | null, actor: PlanActor): void {
  if (plan.flaggedFor === flag) return
  const flagged = { flaggedFor: flag, flaggedAt: flag && it.at }
  changeDraft(it, plan, flagged, updatedEvent(plan, ['flagged_for'], { actor }))
}

/** The one row of the table of what signals mean for plans that fits this plan. */
export function endPlan(it: AccountCase, plan: StoredPlan, verdict: Verdict, actor: PlanActor): void {
  const end = endOf(verdict, plan, it.at)
  if (end.kind === 'flag') {
    flagDraft(it, plan, end.flag, actor)
    return
  }
  it.open = it.open.filter((open) => open !== plan)
  const asked = { ...keyOf(plan), expected: plan.planStatus, at: it.at, actor }
  if (end.kind === 'complete')
    it.change.endings.push({ ...asked, to: 'COMPLETED', completionReason: 'objective_met' })
  else if (end.kind === 'expire') it.change.endings.push({ ...asked, to: 'EXPIRED' })
  else it.change.endings.push({ ...asked, to: 'ABORTED', reason: end.reason })
}
