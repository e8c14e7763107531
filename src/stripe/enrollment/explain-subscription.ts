import type { Reader } from '../../db/types.ts'
import { meaningsOfPrices } from '../catalog/catalog-mappings.ts'
import type { SubscriptionState } from '../event/subscription-event.ts'
import { isTerminalStatus } from '../event/vertex.ts'
import { type Evidence, readEvidence } from './explain-cause.ts'
import type { Subject } from './explain-subject.ts'

/** A subscription as the inbox has resolved it. Times are ISO 8601. */
export type SubscriptionExplained = {
  id: string
  customer: string | null
  /** Stripe's word; null until a first state was resolved. */
  status: string | null
  /** The event or fetch whose state stands. */
  resolved_by: string | null
  /** That event or fetch. */
  known_from: Evidence | null
  /** What it is for, and what each price means in the catalog now: the key of a product, or null for none. */
  items: { item: string; price: string; quantity: number | null; product: string | null }[]
  /** Why the state is not settled; null when it is. */
  unresolved: string | null
  /** When it is looked at again by itself. */
  resolve_at: string | null
  cancel_at: string | null
  trial_end: string | null
  period_end: string | null
  ended_at: string | null
  /** Why it claims no tier anywhere, in words; null when it does. */
  claims_nothing: string | null
}

/** The subscriptions of a subject and how far the trail of each is resolved, in the order in which they were first seen. */
export async function explainSubscriptions(
  reader: Reader,
  subject: Subject,
): Promise<SubscriptionExplained[]> {
  const rows = await reader<
    {
      id: string
      customer: string | null
      status: string | null
      state: SubscriptionState | null
      resolvedBy: string | null
      unresolved: string | null
      resolveAt: Date | null
      cancelAt: Date | null
      trialEnd: Date | null
      periodEnd: Date | null
      endedAt: Date | null
      claims: boolean
    }[]
  >`
    select
      s.stripe_subscription_id as id, s.stripe_customer_id as customer, b.status, s.resolved_state as state, s.resolved_by,
      s.unresolved, s.resolve_at, b.cancel_at, b.trial_end, b.period_end, b.ended_at,
      exists (select from entitlements.subscription_claims c where c.subscription_id = s.subscription_id) as claims
    from stripe.subscriptions s
    left join billing.subscriptions b using (subscription_id)
    where s.stripe_customer_id = any(${subject.customers}) or s.stripe_subscription_id = any(${subject.subscriptions})
    order by s.created_at, s.stripe_subscription_id`
  const [meaningOf, evidence] = await Promise.all([
    meaningsOfPrices(
      reader,
      rows.flatMap(({ state }) => state?.items ?? []),
    ),
    readEvidence(
      reader,
      rows.flatMap(({ resolvedBy }) => resolvedBy ?? []),
    ),
  ])
  return rows.map((row) => ({
    id: row.id,
    customer: row.customer,
    status: row.status,
    resolved_by: row.resolvedBy,
    known_from: row.resolvedBy === null ? null : (evidence.get(row.resolvedBy) ?? null),
    items: (row.state?.items ?? []).map(({ item, price, product, quantity }) => ({
      item,
      price,
      quantity,
      product: meaningOf(price, product)?.productKey ?? null,
    })),
    unresolved: row.unresolved,
    resolve_at: iso(row.resolveAt),
    cancel_at: iso(row.cancelAt),
    trial_end: iso(row.trialEnd),
    period_end: iso(row.periodEnd),
    ended_at: iso(row.endedAt),
    claims_nothing: row.claims ? null : whyNoClaim(row),
  }))
}

/** Why a subscription without a claim has none. Pure. */
function whyNoClaim({
  status,
  endedAt,
  unresolved,
}: {
  status: string | null
  endedAt: Date | null
  unresolved: string | null
}): string {
  if (endedAt) return 'it has ended'
  if (unresolved) return `not settled: ${unresolved.replaceAll('_', ' ')}`
  if (status === null) return 'no state is known yet'
  if (status === 'incomplete') return 'it was never paid for yet'
  if (isTerminalStatus(status)) return 'it has ended'
  return 'none of its prices, in a quantity above 0, is a tier'
}

function iso(date: Date | null): string | null {
  return date?.toISOString() ?? null
}
