import type { Reader } from '../db/types.ts'

export type Tier = {
  planLadderId: string
  ladderKey: string
  productId: string
  productKey: string
  rank: number
}

export type Pool = { poolId: string; tenantId: string; organizationId: string }

/** Something that a pool holds now. `planLadderId` and `rank` are null for what stands on no ladder. */
export type LiveProvision = {
  provisionId: string
  productId: string
  productKey: string
  quantity: number
  status: string
  activatedAt: Date
  grantId: string | null
  subscriptionId: string | null
  planLadderId: string | null
  rank: number | null
}

/** The tier that stands at a rank now: rank 0 is what a default means at the moment of its use (R33, R37). */
export async function getTierByLadderRank(
  reader: Reader,
  planLadderId: string,
  rank: number,
): Promise<Tier | null> {
  const [tier] = await reader<Tier[]>`
    select l.plan_ladder_id, l.ladder_key, p.product_id, p.product_key, t.rank
      from billing.plan_ladder_tiers t
      join billing.plan_ladders l on l.plan_ladder_id = t.plan_ladder_id
      join billing.products p on p.product_id = t.product_id
     where t.plan_ladder_id = ${planLadderId} and t.rank = ${rank}`
  return tier ?? null
}

/** The pool on which an organization's tiers stand, or null for an organization that is not known. */
export async function getDefaultPool(reader: Reader, organizationId: string): Promise<Pool | null> {
  const [pool] = await reader<Pool[]>`
    select pool_id, tenant_id, organization_id from entitlements.resource_pools
     where organization_id = ${organizationId} and is_default`
  return pool ?? null
}

/** What a pool holds now, plans and add-ons alike, oldest first. */
export async function getLiveProvisions(reader: Reader, poolId: string): Promise<LiveProvision[]> {
  return reader<LiveProvision[]>`
    select v.provision_id, v.product_id, p.product_key, v.quantity, v.status, v.activated_at, v.grant_id, v.subscription_id,
           a.plan_ladder_id, t.rank
      from entitlements.pool_provisions v
      join billing.products p on p.product_id = v.product_id
      left join entitlements.pool_provision_ladders a on a.provision_id = v.provision_id
      left join billing.plan_ladder_tiers t on t.plan_ladder_id = a.plan_ladder_id and t.product_id = v.product_id
     where v.pool_id = ${poolId} and v.ended_at is null
     order by v.activated_at, v.provision_id`
}
