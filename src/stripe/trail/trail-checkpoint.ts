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
}

/** Writes the checkpoints of subscriptions whose rows the caller holds. */
export async function saveCheckpoints(tx: Tx, checkpoints: readonly Checkpoint[]): Promise<void> {
  if (checkpoints.length === 0) return
  await tx`
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
    from jsonb_to_recordset(${tx.json(checkpoints as never)}) as c
      (subscription text, customer text, state jsonb, by text, unresolved text, "holeSeenAt" timestamptz, "resolveAt" timestamptz)
    where s.stripe_subscription_id = c.subscription
  `
}

/** The same subscriptions as billing knows them, without Stripe's ids. */
export async function saveSubscriptions(
  tx: Tx,
  subscriptions: readonly { id: string; state: SubscriptionState; ended: boolean }[],
): Promise<void> {
  if (subscriptions.length === 0) return
  const rows = subscriptions.map(({ id, state, ended }) => ({
    id,
    status: ended && !state.status.startsWith('incomplete') ? 'canceled' : state.status,
    cancelAt: state.cancelAt,
    pause: state.pause,
    trialEnd: state.trialEnd,
    periodEnd: state.periodEnd,
    endedAt: ended ? state.endedAt : null,
  }))
  await tx`
    update billing.subscriptions s
    set
      status = r.status, cancel_at = to_timestamp(r."cancelAt"), pause_collection = nullif(r.pause, 'null'::jsonb),
      trial_end = to_timestamp(r."trialEnd"), period_end = to_timestamp(r."periodEnd"), ended_at = to_timestamp(r."endedAt"),
      updated_at = clock_timestamp()
    from jsonb_to_recordset(${tx.json(rows)}) as r
      (id uuid, status text, "cancelAt" float8, pause jsonb, "trialEnd" float8, "periodEnd" float8, "endedAt" float8)
    where s.subscription_id = r.id
  `
}
