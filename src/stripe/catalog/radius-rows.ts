import type { Reader } from '../../db/types.ts'
import type { LadderClaims } from '../../entitlements/pool-claims.ts'
import type { SettledMove } from '../../entitlements/settle-pools.ts'

/** One move that an apply would lead to; products by their keys, null for none. */
export type ToldMove = {
  organization: string
  ladder: string
  type: SettledMove['type']
  from: string | null
  fromRank: number | null
  to: string | null
  toRank: number | null
}

/** A claim that changes while its organization stays where it stands, and what keeps it there. */
export type Held = {
  organization: string
  ladder: string
  subscription: string
  /** The product that the subscription would claim; null: it would claim nothing there any more. */
  claims: string | null
  /** Null: nothing stands there, and nothing would. */
  by: { kind: 'subscription' | 'grant' | 'default' | 'ceiling'; product: string } | null
}

/** What a subscription claims on one ladder. */
export type LadderClaim = {
  subscription: string
  poolId: string
  planLadderId: string
  productId: string
  rank: number
}

export async function readClaims(reader: Reader, subscriptions: readonly string[]): Promise<LadderClaim[]> {
  if (subscriptions.length === 0) return []
  return reader<LadderClaim[]>`
    select s.stripe_subscription_id as subscription, c.pool_id, c.plan_ladder_id, c.product_id, t.rank
    from stripe.subscriptions s
    join entitlements.subscription_claims c using (subscription_id)
    join billing.plan_ladder_tiers t on t.plan_ladder_id = c.plan_ladder_id and t.product_id = c.product_id
    where s.stripe_subscription_id = any(${subscriptions as string[]})
  `
}

/** Moves as a person reads them, in the order in which they were made. */
export async function tellMoves(reader: Reader, moves: readonly SettledMove[]): Promise<ToldMove[]> {
  const ids = moves.flatMap(({ transitionId }) => transitionId ?? [])
  if (ids.length === 0) return []
  return reader<ToldMove[]>`
    select
      r.organization_id as organization, l.ladder_key as ladder, t.transition_type as type, f.product_key as "from", t.from_rank,
      p.product_key as "to", t.to_rank
    from unnest(${ids}::uuid[]) with ordinality as made (transition_id, n)
    join entitlements.pool_provision_transitions t using (transition_id)
    join entitlements.resource_pools r on r.pool_id = t.pool_id
    join billing.plan_ladders l on l.plan_ladder_id = t.plan_ladder_id
    left join billing.products f on f.product_id = t.from_product_id
    left join billing.products p on p.product_id = t.to_product_id
    order by made.n
  `
}

/**
 * The claims that differ although their pool did not move on that ladder, with what holds it there now: `ladders` is
 * what stands after. A holder that is the very claim is no holding back: then only its status or quantity differs.
 */
export async function heldBack(
  reader: Reader,
  before: readonly LadderClaim[],
  after: readonly LadderClaim[],
  moves: readonly SettledMove[],
  ladders: readonly LadderClaims[],
): Promise<Held[]> {
  const keyOf = (claim: LadderClaim) => `${claim.subscription} ${claim.planLadderId}`
  const was = new Map(before.map((claim) => [keyOf(claim), claim]))
  const is = new Map(after.map((claim) => [keyOf(claim), claim]))
  const changed = [...new Set([...was.keys(), ...is.keys()])].filter(
    (key) => was.get(key)?.productId !== is.get(key)?.productId,
  )
  const found = changed.flatMap((key) => {
    const claim = is.get(key) ?? was.get(key)!
    const { poolId, planLadderId, subscription } = claim
    const at = (place: { poolId: string; planLadderId: string }) =>
      place.poolId === poolId && place.planLadderId === planLadderId
    if (moves.some(at)) return []
    const place = ladders.find(at)
    const ceiling = is.has(key) && place?.ceiling && claim.rank > place.ceiling.rank ? place.ceiling : null
    const holder = place?.holder ?? null
    return [
      {
        poolId,
        planLadderId,
        subscription,
        claimed: is.get(key)?.productId ?? null,
        kind: ceiling ? ('ceiling' as const) : (holder?.kind ?? null),
        heldBy: holder?.productId ?? null,
      },
    ]
  })
  if (found.length === 0) return []
  const rows = await reader<(Omit<Held, 'by'> & { kind: string | null; heldBy: string | null })[]>`
    select r.organization_id as organization, l.ladder_key as ladder, f.subscription, c.product_key as claims, f.kind,
      h.product_key as held_by
    from jsonb_to_recordset(${reader.json(found)}) as f
      ("poolId" uuid, "planLadderId" uuid, subscription text, claimed uuid, kind text, "heldBy" uuid)
    join entitlements.resource_pools r on r.pool_id = f."poolId"
    join billing.plan_ladders l on l.plan_ladder_id = f."planLadderId"
    left join billing.products c on c.product_id = f.claimed
    left join billing.products h on h.product_id = f."heldBy"
    order by r.organization_id, l.ladder_key, f.subscription
  `
  return rows.map(({ kind, heldBy, ...held }) => ({
    ...held,
    by: kind === null || heldBy === null ? null : ({ kind, product: heldBy } as Held['by']),
  }))
}
