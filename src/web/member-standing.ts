import type { CatalogChoices } from '../billing/catalog-choices.ts'
import { decideFeatures, type FeatureAnswer, type Holding } from '../entitlements/check-feature.ts'
import type { Explained } from '../stripe/enrollment/explain.ts'

/** What a member sees of its own organization: names alone, and nobody else's reasons. */
export type MemberStanding = {
  name: string
  places: MemberPlace[]
  /** Beside any ladder. */
  beside: { product: string; quantity: number }[]
  /** What all of it together includes, by name. */
  includes: { feature: string; limit: FeatureAnswer['limit'] }[]
}

export type MemberPlace = {
  ladder: string
  tier: string
  /** What is wrong with paying for it; null: nothing. */
  trouble: 'due' | 'suspended' | null
  /** When something is known to become of it; null: nothing is. */
  until: { at: Date; what: 'trial_end' | 'renewal' | 'end' } | null
  /** The tier after that, where it is another; '' for none. Null where the tier goes on. */
  after: string | null
}

/** Pure. @param holdings what `check` answers from */
export function memberStanding(
  { name, ladders, subscriptions, next }: Pick<Explained, 'name' | 'ladders' | 'subscriptions' | 'next'>,
  holdings: readonly Holding[],
  { productNames, ladderNames }: Pick<CatalogChoices, 'productNames' | 'ladderNames'>,
): MemberStanding {
  const nameOf = (product: string) => productNames[product] ?? product
  const places = ladders.flatMap(({ ladder, product, status, holder }): MemberPlace[] => {
    if (product === null) return []
    const coming = next.find(
      ({ at, moves_to }) => at !== null && moves_to.some((move) => move.ladder === ladder),
    )
    const to = coming?.moves_to.find((move) => move.ladder === ladder)
    const paid = subscriptions.find(({ id }) => id === holder?.id)
    return [
      {
        ladder: ladderNames[ladder] ?? ladder,
        tier: nameOf(product),
        trouble: troubleOf(status),
        until: coming?.at ? { at: new Date(coming.at), what: 'end' } : renewalOf(paid),
        after: to ? (to.product === null ? '' : to.product === product ? null : nameOf(to.product)) : null,
      },
    ]
  })
  return {
    name: name ?? '',
    places,
    beside: holdings
      .filter(({ ladder }) => ladder === null)
      .map(({ product, quantity }) => ({ product: nameOf(product), quantity })),
    includes: [...decideFeatures(holdings)]
      .filter(([, { allowed }]) => allowed)
      .map(([feature, { limit }]) => ({ feature: labelOf(feature), limit }))
      .sort((a, b) => a.feature.localeCompare(b.feature)),
  }
}

function troubleOf(status: string | null): MemberPlace['trouble'] {
  if (status === 'unpaid' || status === 'paused') return 'suspended'
  return status === 'past_due' ? 'due' : null
}

function renewalOf(paid: Explained['subscriptions'][number] | undefined): MemberPlace['until'] {
  if (!paid) return null
  if (paid.status === 'trialing' && paid.trial_end) return { at: new Date(paid.trial_end), what: 'trial_end' }
  return paid.period_end ? { at: new Date(paid.period_end), what: 'renewal' } : null
}

/** `api_calls` as a person says it: `Api calls`. */
function labelOf(feature: string): string {
  const words = feature.replace(/[_.:-]+/g, ' ').trim()
  return words.slice(0, 1).toUpperCase() + words.slice(1)
}
