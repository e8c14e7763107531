import type { Tx } from '../../db/types.ts'
import { paidUntil, readPayments } from '../enrollment/payments.ts'
import { signalsOf, snapshotOf } from '../enrollment/signals-of.ts'
import { putSignals } from '../enrollment/tell-signals.ts'
import type { SubscriptionState } from '../event/subscription-event.ts'

/**
 * Tells the old account that these subscriptions are another's, and the new one in what risk they stand. In the transfer's
 * transaction, whose locks hold them.
 */
export async function tellTransfer(
  tx: Tx,
  transfer: {
    tenantId: string
    fromAccountId: string
    toAccountId: string
    subscriptions: readonly { subscription: string; subscriptionId: string }[]
  },
): Promise<void> {
  const { tenantId, fromAccountId, toAccountId, subscriptions } = transfer
  const ids = subscriptions.map(({ subscription }) => subscription)
  const [now] = await tx<{ now: number }[]>`select extract(epoch from clock_timestamp())::float8 as now`
  const states = await tx<{ subscription: string; state: SubscriptionState }[]>`
    select stripe_subscription_id as subscription, resolved_state as state from stripe.subscriptions
    where stripe_subscription_id = any(${ids}) and resolved_state is not null
    order by stripe_subscription_id`
  const payments = await readPayments(tx, ids)
  // One subscription may be transferred to and fro: each time is a cause of its own.
  const told = {
    tenantId,
    cause: `transfer_${crypto.randomUUID()}`,
    eventId: null,
    occurredAt: now!.now,
    paidUntil: null,
  }
  const left = { subscriptions: subscriptions.map(({ subscriptionId }) => subscriptionId) }
  await putSignals(tx, [
    {
      ...told,
      accountId: fromAccountId,
      subscriptionId: null,
      kind: 'account_transferred',
      period: null,
      state: left,
    },
    ...states.flatMap(({ subscription, state }) => {
      const ended = state.endedAt !== null
      const stands = { before: null, after: state, ended, endedBefore: ended, trialWillEnd: false }
      const own = payments.filter((payment) => payment.subscription === subscription)
      return signalsOf(stands).map((signal) => ({
        ...told,
        ...signal,
        accountId: toAccountId,
        subscriptionId: subscriptions.find((it) => it.subscription === subscription)!.subscriptionId,
        paidUntil: paidUntil(own, state.periodEnd),
        state: snapshotOf(state),
      }))
    }),
  ])
}
