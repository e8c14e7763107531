import type { Reader } from '../db/types.ts'
import { bestClaim, type Claim, whyClaim } from './claims.ts'
import { type Enrollment, listEnrollments } from './enrollments.ts'
import { type HistoryEntry, organizationHistory } from './history.ts'
import { type LadderCeiling, poolClaims } from './pool-claims.ts'
import { getDefaultPool } from './tiers.ts'

export type ClaimExplained = {
  kind: Claim['kind']
  /** Stripe's id for a subscription where it has one. */
  id: string
  product: string
  rank: number
  suspended: boolean
  wins: boolean
  /** In words. */
  why: string
}

export type LadderExplained = {
  ladder: string
  product: string | null
  rank: number | null
  status: string | null
  since: string | null
  holder: Enrollment['holder'] | null
  claims: ClaimExplained[]
  /** Only where an operator said "at most". */
  ceiling?: { id: string; product: string; rank: number }
  history: Omit<HistoryEntry, 'ladder'>[]
}

export type OrganizationExplained = {
  organization: string
  name: string
  customers: string[]
  ladders: LadderExplained[]
}

/**
 * Why an organization stands where it does: on each ladder on which it stands, stood or claims anything, the place, every
 * claim with the reason why it wins or not, and the history. Null for an organization that is not known. What is still
 * waiting belongs to the inbox and is added by whoever asks.
 */
export async function explainOrganization(
  reader: Reader,
  organizationId: string,
): Promise<OrganizationExplained | null> {
  const pool = await getDefaultPool(reader, organizationId)
  if (!pool) return null
  const [[about], places, claims, history] = await Promise.all([
    reader<{ name: string; customers: string[] }[]>`
      select o.name, array(
               select stripe_customer_id from stripe.customers
                where organization_id = o.organization_id order by linked_at, stripe_customer_id) as customers
        from organization.organizations o where o.organization_id = ${organizationId}`,
    listEnrollments(reader, { organization: organizationId, limit: 1000 }),
    poolClaims(reader, [pool.poolId]),
    organizationHistory(reader, organizationId),
  ])
  const names = await namesOf(reader, claims)
  const ladderKeys = new Set([
    ...places.items.map(({ ladder }) => ladder),
    ...claims.map(({ planLadderId }) => names.get(planLadderId)!),
    ...history.map(({ ladder }) => ladder),
  ])
  const ladders = [...ladderKeys].sort().map((ladder): LadderExplained => {
    const place = places.items.find((item) => item.ladder === ladder)
    const here = claims.find(({ planLadderId }) => names.get(planLadderId) === ladder)
    return {
      ladder,
      product: place?.product ?? null,
      rank: place?.rank ?? null,
      status: place?.status ?? null,
      since: place?.since ?? null,
      holder: place?.holder ?? null,
      claims: here ? explained(here, names) : [],
      ...(here?.ceiling && { ceiling: ceilingExplained(here.ceiling, names) }),
      history: history.filter((entry) => entry.ladder === ladder).map(({ ladder: _, ...entry }) => entry),
    }
  })
  return { organization: organizationId, name: about!.name, customers: about!.customers, ladders }
}

function ceilingExplained({ ceilingId, productId, rank }: LadderCeiling, names: ReadonlyMap<string, string>) {
  return { id: ceilingId, product: names.get(productId)!, rank }
}

function explained(
  { claims, holder, ceiling }: Awaited<ReturnType<typeof poolClaims>>[number],
  names: ReadonlyMap<string, string>,
): ClaimExplained[] {
  const winner = bestClaim(claims, holder, ceiling)
  return claims
    .map((claim) => ({
      kind: claim.kind,
      id: names.get(claim.id) ?? claim.id,
      product: names.get(claim.productId)!,
      rank: claim.rank,
      suspended: claim.suspended,
      wins: claim.id === winner?.id,
      why: winner ? whyClaim(claim, winner) : '',
    }))
    .sort((a, b) => Number(b.wins) - Number(a.wins) || b.rank - a.rank || (a.id < b.id ? -1 : 1))
}

/** Keys of ladders and products, and Stripe's ids of subscriptions, by our own ids. */
async function namesOf(
  reader: Reader,
  claims: Awaited<ReturnType<typeof poolClaims>>,
): Promise<Map<string, string>> {
  const ids = claims.flatMap((ladder) => [
    ladder.planLadderId,
    ...(ladder.ceiling ? [ladder.ceiling.productId] : []),
    ...ladder.claims.flatMap((claim) => [claim.id, claim.productId]),
  ])
  const rows = await reader<{ id: string; name: string }[]>`
    select plan_ladder_id as id, ladder_key as name from billing.plan_ladders where plan_ladder_id = any(${ids}::uuid[])
    union all select product_id, product_key from billing.products where product_id = any(${ids}::uuid[])
    union all select subscription_id, stripe_subscription_id from stripe.subscriptions where subscription_id = any(${ids}::uuid[])`
  return new Map(rows.map(({ id, name }) => [id, name]))
}
