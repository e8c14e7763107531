import type { PlanFlag, PlanStatus } from '../revenue-plan/revenue-plan.ts'
import type { OfSubscription, RiskKind, Snapshot } from './subscription-signal.ts'

/** Why a risk stands no longer. `superseded`: another one has taken its place. */
export type Cleared = 'risk_cleared' | 'superseded' | 'subscription_deleted' | 'account_transferred'

/** What was seen of a subscription that puts its account at risk: once for each kind and period, however often it is told. */
export type RiskSignal = {
  subscriptionId: string
  signalKind: RiskKind
  /** As an ISO time; '' where nobody knows. */
  period: string
  /** Stripe's event that showed it last; null: a fetch did. */
  eventId: string | null
  detail: Snapshot | null
  seenAt: Date
  planId: string | null
  /** Null: it stands. */
  clearedAt: Date | null
  clearedBy: Cleared | null
}

/**
 * What a signal says of a risk that stands: why it stands no longer, or null. A payment's risk is over when what was at risk is
 * paid for, the subscription is active and nobody has cancelled it: a trial that ends is active before it is collected.
 */
export function clearedBy(
  risk: Pick<RiskSignal, 'subscriptionId' | 'signalKind' | 'period'>,
  signal: OfSubscription,
): Cleared | null {
  if (risk.subscriptionId !== signal.subscriptionId) return null
  if (signal.kind === 'ended') return 'subscription_deleted'
  const { state, paidUntil } = signal
  if (state.cancel_at !== null)
    return risk.signalKind === 'cancellation_scheduled' && risk.period !== state.cancel_at
      ? 'superseded'
      : null
  if (risk.signalKind === 'cancellation_scheduled') return stays(state) ? 'risk_cleared' : null
  if (state.status !== 'active' || paidUntil === null) return null
  const owed = risk.period === '' ? 0 : Date.parse(risk.period)
  const paid = risk.signalKind === 'trial_ending' ? paidUntil.getTime() > owed : paidUntil.getTime() >= owed
  return paid ? 'risk_cleared' : null
}

/** Whether a subscription stands as one that goes on, were it not cancelled. */
function stays({ status }: Snapshot): boolean {
  return status === 'active' || status === 'trialing'
}

/** What has become of the account, once nothing that fed its plan stands any more. */
export type Verdict = 'won' | 'lost' | 'transferred'

/**
 * From all that ever fed a plan, none of which stands any more. One subscription that stays is enough: the account has stayed.
 * One that has ended never stays, whatever was cleared before.
 */
export function verdictOf(fed: readonly { subscriptionId: string; clearedBy: Cleared }[]): Verdict {
  const ended = new Set(
    fed.flatMap((it) => (it.clearedBy === 'subscription_deleted' ? [it.subscriptionId] : [])),
  )
  if (fed.some((it) => it.clearedBy === 'risk_cleared' && !ended.has(it.subscriptionId))) return 'won'
  return ended.size > 0 ? 'lost' : 'transferred'
}

/** What an open plan does then. */
export type PlanEnd =
  | { kind: 'complete' }
  | { kind: 'expire' }
  | { kind: 'abort'; reason: PlanFlag }
  | { kind: 'flag'; flag: PlanFlag }

const reasons = {
  won: 'risk_cleared',
  lost: 'subscription_deleted',
  transferred: 'account_transferred',
} as const satisfies Record<Verdict, PlanFlag>

/** Only a person throws a draft away; whatever else is open ends. */
export function endOf(
  verdict: Verdict,
  plan: { planStatus: PlanStatus; expiresAt: Date },
  at: Date,
): PlanEnd {
  const reason = reasons[verdict]
  if (plan.planStatus === 'DRAFT') return { kind: 'flag', flag: reason }
  if (plan.planStatus === 'ACTIVE' && verdict === 'won') return { kind: 'complete' }
  if (plan.planStatus === 'ACTIVE' && verdict === 'lost' && plan.expiresAt <= at) return { kind: 'expire' }
  return { kind: 'abort', reason }
}

/**
 * By when a plan has to have helped: the end of the period, or the day of a cancellation before it, if that is still ahead;
 * else as long as its type allows (`draftOf` sees to that).
 */
export function deadlineOf({ period_end, cancel_at }: Snapshot, at: Date): Date | undefined {
  const ends = [period_end, cancel_at].flatMap((time) => (time === null ? [] : [Date.parse(time)]))
  const end = Math.min(...ends)
  return ends.length > 0 && end > at.getTime() ? new Date(end) : undefined
}
