import type { Reader } from '../../db/types.ts'

/** What puts an account at risk, as governance.risk_signals keeps it. */
export const riskKinds = [
  'payment_failed',
  'past_due',
  'unpaid',
  'paused',
  'cancellation_scheduled',
  'trial_ending',
] as const
export type RiskKind = (typeof riskKinds)[number]

/** Where a subscription stands; times in ISO 8601. Names as in a plan's constraints, which are compared with it. */
export type Snapshot = {
  status: string
  price: string | null
  quantity: number | null
  period_end: string | null
  cancel_at: string | null
  trial_end: string | null
}

/** One thing that was told of an account's subscription: a row of stripe.subscription_signals. */
export type SubscriptionSignal = {
  sequence: number
  tenantId: string
  accountId: string
  /** What is at risk ends then; null where nothing is at risk, or nobody knows. */
  period: Date | null
  paidUntil: Date | null
  cause: string
  eventId: string | null
  occurredAt: Date
} & (
  | {
      kind: RiskKind | 'cancellation_withdrawn' | 'recovered' | 'paid' | 'price_changed' | 'ended'
      subscriptionId: string
      state: Snapshot
    }
  | { kind: 'account_transferred'; subscriptionId: null; state: { subscriptions: string[] } }
)

export type OfSubscription = Exclude<SubscriptionSignal, { kind: 'account_transferred' }>

export function isRisk(signal: SubscriptionSignal): signal is OfSubscription & { kind: RiskKind } {
  return riskKinds.some((kind) => kind === signal.kind)
}

/** The accounts of which something was told that nobody has taken up, those that wait longest first. */
export async function accountsTold(
  reader: Reader,
  most: number,
): Promise<{ tenantId: string; accountId: string }[]> {
  return reader<{ tenantId: string; accountId: string }[]>`
    select tenant_id, account_id from (
      select tenant_id, account_id, sequence from stripe.subscription_signals
      where taken_at is null order by sequence limit ${most}
    ) s
    group by tenant_id, account_id order by min(sequence)`
}

/** What was told of an account and not taken up yet, in the order in which it happened. */
export async function signalsTold(reader: Reader, accountId: string): Promise<SubscriptionSignal[]> {
  return reader<SubscriptionSignal[]>`
    select sequence, tenant_id, account_id, subscription_id, kind, period, paid_until, cause, event_id, state, occurred_at
    from stripe.subscription_signals
    where account_id = ${accountId} and taken_at is null
    order by sequence`
}
