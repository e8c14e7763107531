/**
 * Who decides the tier. Everything that can put a pool on a tier of one ladder is a claim; this is the pure decision over them:
 *
 *   The place on a ladder belongs to the best live claim by (not suspended, rank). At a tie the present holder stays,
 *   except that a subscription takes over from a grant, and an operator's newest grant or extension takes over.
 *
 * Between a subscription and a grant at a tie the later one has taken over from the earlier, so the two exceptions cannot
 * answer each other for ever: only between subscriptions does memory (the holder) decide.
 */
export type Claim = {
  /** `default`: the grant that an org type gives; it counts only when no other claim lives. */
  kind: 'subscription' | 'grant' | 'default'
  /** subscription_id or grant_id. */
  id: string
  productId: string
  rank: number
  /** Unpaid or paused: the tier stands, but whoever pays comes first. */
  suspended: boolean
  /** Stripe's word for a subscription, `active` for a grant: what is written beside the place. */
  status: string
  /** Since when it claims this tier, in microseconds since 1970, by the database's clock under the pool's lock. */
  givenAt: number
}

export type Holder = {
  kind: Claim['kind']
  id: string
  productId: string
}

/** An operator's "at most": whoever claims more stands on this tier instead. */
export type Ceiling = { productId: string; rank: number }

export type Decision = { kind: 'keep' } | { kind: 'move'; to: Claim } | { kind: 'leave' }

/** What follows from the claims on one ladder of one pool, given who holds the place now. Deciding again changes nothing. */
export function decide(
  claims: readonly Claim[],
  holder: Holder | null,
  ceiling: Ceiling | null = null,
): Decision {
  const winner = bestClaim(claims, holder, ceiling)
  if (!winner) return holder ? { kind: 'leave' } : { kind: 'keep' }
  const stands = holder !== null && holder.id === winner.id && holder.productId === winner.productId
  return stands ? { kind: 'keep' } : { kind: 'move', to: winner }
}

/** The claim to which the place belongs, lowered to the ceiling where there is one; null when nothing claims. */
export function bestClaim(
  claims: readonly Claim[],
  holder: Holder | null,
  ceiling: Ceiling | null = null,
): Claim | null {
  const living = claims.some((claim) => claim.kind !== 'default')
    ? claims.filter((claim) => claim.kind !== 'default')
    : claims
  const capped = ceiling ? living.map((claim) => lowered(claim, ceiling)) : living
  const [first] = capped
  if (!first) return null
  const top = capped.reduce((best, claim) => (compareStrength(claim, best) > 0 ? claim : best), first)
  return atTie(
    capped.filter((claim) => compareStrength(claim, top) === 0),
    holder,
  )
}

/** Positive when `a` is the stronger claim, 0 at a tie. */
function compareStrength(a: Claim, b: Claim): number {
  return Number(!a.suspended) - Number(!b.suspended) || a.rank - b.rank
}

function atTie(tied: readonly Claim[], holder: Holder | null): Claim | null {
  const grants = tied.filter((claim) => claim.kind === 'grant').sort(byAge)
  const newestGrant = grants.at(-1)
  // Subscriptions older than the newest grant have lost the place to it.
  const subscriptions = tied
    .filter(
      (claim) => claim.kind === 'subscription' && (!newestGrant || claim.givenAt >= newestGrant.givenAt),
    )
    .sort(byAge)
  const present = subscriptions.find((claim) => claim.id === holder?.id)
  return present ?? subscriptions[0] ?? newestGrant ?? [...tied].sort(byAge)[0] ?? null
}

function byAge(a: Claim, b: Claim): number {
  return a.givenAt - b.givenAt || (a.id < b.id ? -1 : 1)
}

function lowered(claim: Claim, ceiling: Ceiling): Claim {
  return claim.rank > ceiling.rank ? { ...claim, rank: ceiling.rank, productId: ceiling.productId } : claim
}
