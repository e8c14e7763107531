import type { Tx } from '../../db/types.ts'
import type { Cause } from '../../entitlements/moves.ts'
import type { SubscriptionState } from '../event/subscription-event.ts'
import { paymentTypes } from '../inbox/inbox-rows.ts'
import type { UnhandledEvent } from '../inbox/unhandled-events.ts'
import type { Resolution } from '../trail/resolution.ts'
import type { Owner } from './owners.ts'
import { withPaymentAtRisk } from './payments.ts'
import { signalsOf } from './signals-of.ts'
import type { ToTell } from './tell-signals.ts'

/** As much of a subscription in a batch as there is to tell of it. */
type Resolved = {
  owner: Extract<Owner, { kind: 'owned' }>
  resolution: Exclude<Resolution, { kind: 'nothing' }>
  state: SubscriptionState | null
}

/** What the batch's invoices tell of payments, by subscription: of those alone whose payment is at risk. */
export async function paymentsIn(tx: Tx, events: readonly UnhandledEvent[]): Promise<Map<string, string[]>> {
  const told = events.flatMap(({ type, subscription, event }) =>
    paymentTypes.has(type) && subscription !== null ? [{ subscription, event }] : [],
  )
  if (told.length === 0) return new Map()
  const atRisk = await withPaymentAtRisk(
    tx,
    told.map(({ subscription }) => subscription),
  )
  const payments = new Map<string, string[]>()
  for (const { subscription, event } of told)
    if (atRisk.has(subscription)) payments.set(subscription, [...(payments.get(subscription) ?? []), event])
  return payments
}

/** What the case says to whoever works to keep the account; behind a hole nothing but that something was paid. */
export function toTell(
  { owner, resolution, state }: Resolved,
  events: readonly UnhandledEvent[],
  cause: Cause,
  payments: ReadonlyMap<string, string[]>,
): ToTell[] {
  const { subscription, resolvedState: before } = owner.held
  const settled = resolution.kind === 'hole' ? null : state
  const standing = settled ?? before
  if (standing === null) return []
  const trialWillEnd = events.some(
    (event) => event.subscription === subscription && event.type === 'customer.subscription.trial_will_end',
  )
  const change = {
    before,
    after: standing,
    ended: resolution.kind === 'ended',
    endedBefore: before !== null && before.endedAt !== null,
    trialWillEnd,
  }
  return [
    {
      subscription,
      subscriptionId: owner.subscriptionId,
      tenantId: owner.tenantId,
      accountId: owner.accountId,
      state: standing,
      signals: settled ? signalsOf(change) : [],
      // A look without an event of its own shows what the newest one told.
      cause: cause.kind === 'event' || cause.kind === 'fetch' ? cause.id : resolution.newest.by,
      occurredAt: resolution.newest.created,
      payments: payments.get(subscription) ?? [],
    },
  ]
}
