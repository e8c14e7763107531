import type { SubscriptionState } from '../event/subscription-event.ts'

/** What may put an account at risk. */
export const riskKinds = [
  'payment_failed',
  'past_due',
  'unpaid',
  'paused',
  'cancellation_scheduled',
  'trial_ending',
] as const
export type RiskKind = (typeof riskKinds)[number]

export type SignalKind =
  | RiskKind
  | 'cancellation_withdrawn'
  | 'recovered'
  | 'paid'
  | 'price_changed'
  | 'ended'
  | 'account_transferred'

/** What changed for whoever works to keep the account. `period` in Unix seconds: what is at risk, null where nothing is. */
export type Signal = { kind: SignalKind; period: number | null }

/** The statuses that stand for a payment that is owed, each a risk by its own name. */
const OWING: Readonly<Record<string, RiskKind>> = { past_due: 'past_due', unpaid: 'unpaid', paused: 'paused' }

/** The risk that a status is by itself, or null. */
export function riskOfStatus(status: string): RiskKind | null {
  return OWING[status] ?? null
}

/**
 * What the step from one resolved state to the next says of the account's risk. Pure; a renewal says nothing.
 * @param change.before what was resolved before now; null: nothing was
 * @param change.trialWillEnd whether Stripe said so just now: no state shows it
 */
export function signalsOf(change: {
  before: SubscriptionState | null
  after: SubscriptionState
  ended: boolean
  endedBefore: boolean
  trialWillEnd: boolean
}): Signal[] {
  const { before, after, ended, endedBefore, trialWillEnd } = change
  // One that never began cannot leave.
  if (ended)
    return endedBefore || after.status.startsWith('incomplete') ? [] : [{ kind: 'ended', period: null }]
  const signals: Signal[] = []
  const risk = riskOfStatus(after.status)
  if (risk && before?.status !== after.status) signals.push({ kind: risk, period: after.periodEnd })
  if (after.cancelAt !== null && before?.cancelAt !== after.cancelAt)
    signals.push({ kind: 'cancellation_scheduled', period: after.cancelAt })
  if (trialWillEnd && after.status === 'trialing' && after.trialEnd !== null)
    signals.push({ kind: 'trial_ending', period: after.trialEnd })
  if (before === null) return signals
  if (before.cancelAt !== null && after.cancelAt === null)
    signals.push({ kind: 'cancellation_withdrawn', period: null })
  if (after.status === 'active' && (riskOfStatus(before.status) || before.status === 'trialing'))
    signals.push({ kind: 'recovered', period: null })
  if (boughtOf(before) !== boughtOf(after)) signals.push({ kind: 'price_changed', period: null })
  return signals
}

/** What is bought, whatever its items are called. */
function boughtOf({ items }: SubscriptionState): string {
  return JSON.stringify(items.map(({ price, quantity }) => [price, quantity]).sort())
}

/** A state as others than Stripe's friends read it; times in ISO 8601. */
export function snapshotOf(state: SubscriptionState) {
  const counted = state.items.filter(({ quantity }) => quantity !== null)
  return {
    status: state.status,
    price:
      state.items
        .map(({ price }) => price)
        .sort()
        .join(', ') || null,
    quantity: counted.length === 0 ? null : counted.reduce((sum, { quantity }) => sum + quantity!, 0),
    period_end: isoOf(state.periodEnd),
    cancel_at: isoOf(state.cancelAt),
    trial_end: isoOf(state.trialEnd),
  }
}

function isoOf(seconds: number | null): string | null {
  return seconds === null ? null : new Date(seconds * 1000).toISOString()
}
