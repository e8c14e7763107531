import type { Tx } from '../../db/types.ts'
import type { SubscriptionState } from '../event/subscription-event.ts'

/** How far a subscription's trail is resolved, as its row in schema stripe keeps it. */
export type Checkpoint = {
  subscription: string
  customer: string | null
  /** Null where nothing new was settled: what was known stays. */
  state: SubscriptionState | null
  by: string | null
  unresolved: string | null
  holeSeenAt: Date | null
  resolveAt: Date | null
  /** The same subscription as billing knows it, without Stripe's ids; null where nothing new was settled. */
  inBilling: { id: string; ended: boolean } | null
}

/** Writes the checkpoints of subscriptions whose rows the caller holds, and what billing keeps of them. */
export async function saveCheckpoints(tx: Tx, checkpoints: readonly Checkpoint[]): Promise<void> {
  if (checkpoints.length === 0) return
  const rows = checkpoints.map(({ inBilling, ...checkpoint }) => ({
    ...checkpoint,
    ...(inBilling && checkpoint.state && billingRow(inBilling, checkpoint.state)),
  }))
  await tx`
    with c as (
      select * from jsonb_to_recordset(${tx.json(rows as never)}) as c (
        subscription text, customer text, state jsonb, by text, unresolved text, "holeSeenAt" timestamptz, "resolveAt" timestamptz,
        id uuid, status text, "cancelAt" float8, pause jsonb, "trialEnd" float8, "periodEnd" float8, "endedAt" float8)
    ), in_billing as (
      update billing.subscriptions b
      set
        status = c.status, cancel_at = to_timestamp(c."cancelAt"), pause_collection = nullif(c.pause, 'null'::jsonb),
        trial_end = to_timestamp(c."trialEnd"), period_end = to_timestamp(c."periodEnd"), ended_at = to_timestamp(c."endedAt"),
        updated_at = clock_timestamp()
      from c where b.subscription_id = c.id
    )
    update stripe.subscriptions s
    set
      stripe_customer_id = coalesce(s.stripe_customer_id, c.customer),
      resolved_state = coalesce(nullif(c.state, 'null'::jsonb), s.resolved_state),
      resolved_by = coalesce(c.by, s.resolved_by),
      resolved_at = case when c.by is null then s.resolved_at else clock_timestamp() end,
      unresolved = c.unresolved,
      hole_seen_at = c."holeSeenAt",
      resolve_at = c."resolveAt",
      updated_at = clock_timestamp()
    from c where s.stripe_subscription_id = c.subscription
  `
}

function billingRow({ id, ended }: { id: string; ended: boolean }, state: SubscriptionState) {
  return {
    id,
    status: ended && !state.status.startsWith('incomplete') ? 'canceled' : state.status,
    cancelAt: state.cancelAt,
    pause: state.pause,
    trialEnd: state.trialEnd,
    periodEnd: state.periodEnd,
    endedAt: ended ? state.endedAt : null,
  }
}
