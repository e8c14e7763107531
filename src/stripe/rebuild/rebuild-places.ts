import type { Reader, Tx } from '../../db/types.ts'
import { bestClaim, type Claim } from '../../entitlements/claims.ts'
import { type LadderClaims, poolClaims, suspendedStatuses } from '../../entitlements/pool-claims.ts'
import { grouped } from './grouped.ts'

type Place = { poolId: string; planLadderId: string } & Pick<Claim, 'id' | 'kind' | 'productId' | 'status'>

/**
 * Rebuilds the places of these pools into the shadow: who has each by the rebuilt claims of subscriptions, the grants and the
 * ceilings, decided by the function that decides it in truth. What stands has one say: at a tie of claims for one tier memory
 * names the holder, so there the present one is taken.
 */
export async function rebuildPlaces(tx: Tx, poolIds: readonly string[]): Promise<void> {
  const pools = poolIds as string[]
  const [standing, claims, defaults, changes] = await Promise.all([
    poolClaims(tx, pools),
    rebuiltClaims(tx, pools),
    liveDefaults(tx, pools),
    rankChanges(tx),
  ])
  const ladders = new Map(standing.map((ladder) => [keyOf(ladder), withoutResults(ladder)]))
  for (const { poolId, planLadderId, ...claim } of [...claims, ...defaults]) {
    const key = keyOf({ poolId, planLadderId })
    const ladder = ladders.get(key) ?? {
      poolId,
      planLadderId,
      holder: null,
      claims: [],
      ceiling: null,
      lapsedCeiling: null,
    }
    ladder.claims.push({ ...claim, suspended: isSuspended(claim) })
    ladders.set(key, ladder)
  }
  const all = [...ladders.values()].map((ladder) => ({ ladder, winner: rebuiltHolder(ladder) }))
  const since = changes.size === 0 ? new Map<string, number>() : await heldSince(tx, pools)
  const places = all.flatMap(({ ladder, winner }): Place[] => {
    const { poolId, planLadderId, holder } = ladder
    const changedAt = changes.get(planLadderId)
    const older =
      changedAt !== undefined && changedAt > (since.get(keyOf(ladder)) ?? Number.POSITIVE_INFINITY)
    if (older && holder && winner && claimsStill(ladder)) {
      const claim = ladder.claims.find(({ id }) => id === holder.id)!
      return [{ poolId, planLadderId, ...claim, productId: holder.productId }]
    }
    return winner ? [{ poolId, planLadderId, ...winner }] : []
  })
  await tx`delete from rebuild.places where pool_id = any(${pools}::uuid[])`
  await tx`
    insert into rebuild.places (pool_id, plan_ladder_id, product_id, status, holder_kind, holder_id)
    select "poolId", "planLadderId", "productId", status, kind, id
    from jsonb_to_recordset(${tx.json(places)})
      as r ("poolId" uuid, "planLadderId" uuid, "productId" uuid, status text, kind text, id uuid)`
}

/** Grants and ceilings are the record; the claims of subscriptions and the places of defaults are results, and are left out. */
function withoutResults(ladder: LadderClaims): LadderClaims {
  return { ...ladder, claims: ladder.claims.filter(({ kind }) => kind === 'grant') }
}

/** When a subscription came to claim is not kept for ever: between it and a grant for the same tier either may have come later. */
function rebuiltHolder({ claims, holder, ceiling }: LadderClaims): Claim | null {
  const givenAt = holder?.kind === 'subscription' ? Number.MAX_SAFE_INTEGER : 0
  const remembered = claims.map((claim) => (claim.kind === 'subscription' ? { ...claim, givenAt } : claim))
  return bestClaim(remembered, holder, ceiling)
}

/** Whether the holder still claims the tier on which it stands, though by the ranks of today another may claim more. */
function claimsStill({ claims, holder, ceiling }: LadderClaims): boolean {
  return claims.some(
    ({ id, productId, kind }) =>
      id === holder!.id &&
      kind !== 'default' &&
      (productId === holder!.productId || ceiling?.productId === holder!.productId),
  )
}

function isSuspended({ kind, status }: Pick<Claim, 'kind' | 'status'>): boolean {
  return kind === 'subscription' && suspendedStatuses.has(status)
}

type ClaimRow = Omit<Claim, 'suspended'> & { poolId: string; planLadderId: string }

async function rebuiltClaims(reader: Reader, pools: string[]): Promise<ClaimRow[]> {
  return reader<ClaimRow[]>`
    select 'subscription' as kind, c.subscription_id as id, c.pool_id, c.plan_ladder_id, c.product_id, t.rank, c.status, 0 as given_at
    from rebuild.claims c join billing.plan_ladder_tiers t using (plan_ladder_id, product_id)
    where c.pool_id = any(${pools}::uuid[]) and c.subscription_id is not null`
}

/** A default claims on the ladder on which it was given; where that is not known any more, on every ladder of its product. */
async function liveDefaults(reader: Reader, pools: string[]): Promise<ClaimRow[]> {
  const rows = await reader<(ClaimRow & { given: boolean })[]>`
    select 'default' as kind, g.grant_id as id, g.pool_id, t.plan_ladder_id, g.product_id, t.rank, 'active' as status,
           (extract(epoch from g.granted_at) * 1000000)::bigint as given_at,
           exists (
             select from entitlements.pool_provisions v join entitlements.pool_provision_ladders a using (provision_id)
             where v.grant_id = g.grant_id and a.plan_ladder_id = t.plan_ladder_id) as given
    from entitlements.grants g join billing.plan_ladder_tiers t using (product_id)
    where g.pool_id = any(${pools}::uuid[]) and g.grant_reason = 'default' and g.closed_at is null
      and (g.valid_until is null or g.valid_until > clock_timestamp())`
  return [...grouped(rows, ({ id }) => id).values()].flatMap((group) => {
    const given = group.filter((row) => row.given)
    return given.length > 0 ? given : group
  })
}

/** When the ranks of a ladder were changed last, in milliseconds since 1970; a ladder whose ranks never were is not in it. */
async function rankChanges(reader: Reader): Promise<Map<string, number>> {
  const rows = await reader<{ planLadderId: string; at: Date }[]>`
    select plan_ladder_id, max(updated_at) as at from billing.plan_ladder_tiers where updated_at > created_at group by 1`
  return new Map(rows.map(({ planLadderId, at }) => [planLadderId, at.getTime()]))
}

async function heldSince(reader: Reader, pools: string[]): Promise<Map<string, number>> {
  const rows = await reader<{ poolId: string; planLadderId: string; at: Date }[]>`
    select pool_id, plan_ladder_id, activated_at as at from entitlements.pool_provision_ladders
    where pool_id = any(${pools}::uuid[]) and ended_at is null`
  return new Map(rows.map((row) => [keyOf(row), row.at.getTime()]))
}

function keyOf({ poolId, planLadderId }: { poolId: string; planLadderId: string }): string {
  return `${poolId} ${planLadderId}`
}
