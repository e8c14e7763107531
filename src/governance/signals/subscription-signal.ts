import type { Db, Reader, Tx } from '../../db/types.ts'

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

/**
 * Takes up at once what means nothing to anybody: most accounts have no plan and no risk, and that one of them buys more is told
 * all the same. What comes after a risk that nobody has taken up stays for its turn.
 */
export async function passOverIdle(db: Db, { at, most }: { at: Date; most: number }): Promise<number> {
  const { count } = await db`
    with told as materialized (
      select sequence, tenant_id, account_id, kind from stripe.subscription_signals
      where taken_at is null order by sequence limit ${most}
    )
    update stripe.subscription_signals s set taken_at = ${at}
    from told t
    where s.sequence = t.sequence and s.taken_at is null
      and t.kind in ('price_changed', 'recovered', 'paid', 'cancellation_withdrawn', 'ended')
      and not exists (
        select from governance.risk_signals r
        where r.tenant_id = t.tenant_id and r.account_id = t.account_id and r.cleared_at is null)
      and not exists (
        select from governance.revenue_plans p
        where p.tenant_id = t.tenant_id and p.account_id = t.account_id
          and p.plan_status in ('DRAFT', 'APPROVED', 'ACTIVE', 'PAUSED'))
      and not exists (
        select from stripe.subscription_signals e
        where e.account_id = t.account_id and e.taken_at is null and e.sequence < t.sequence
          and e.kind not in ('price_changed', 'recovered', 'paid', 'cancellation_withdrawn', 'ended'))`
  return count
}

export type AccountTold = { tenantId: string; accountId: string }

/** The accounts of which something was told that nobody has taken up, those that wait longest first. */
export async function accountsTold(reader: Reader, most: number): Promise<AccountTold[]> {
  return reader<AccountTold[]>`
    select tenant_id, account_id from (
      select tenant_id, account_id, sequence from stripe.subscription_signals
      where taken_at is null order by sequence limit ${most}
    ) s
    group by tenant_id, account_id order by min(sequence)`
}

/** What was told of accounts and not taken up yet, in the order in which it happened. */
export async function signalsTold(
  reader: Reader,
  accountIds: readonly string[],
): Promise<SubscriptionSignal[]> {
  return reader<SubscriptionSignal[]>`
    select s.sequence, s.tenant_id, s.account_id, s.subscription_id, s.kind, s.period, s.paid_until, s.cause, s.event_id, s.state,
           s.occurred_at
    from unnest(${accountIds as string[]}::uuid[]) as a (account_id)
    join stripe.subscription_signals s on s.account_id = a.account_id and s.taken_at is null
    order by s.sequence`
}

export async function markTaken(tx: Tx, told: readonly SubscriptionSignal[], at: Date): Promise<void> {
  await tx`
    update stripe.subscription_signals set taken_at = ${at}
    where sequence = any(${told.map(({ sequence }) => sequence)}::bigint[])`
}
