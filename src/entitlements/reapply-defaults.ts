import type { Tx } from '../db/types.ts'
import { lockPools } from './lock-pools.ts'
import { type Cause, type Move, type Moved, writeMoves } from './moves.ts'

/** What made it necessary: it is told in the history beside the actor `system`. */
export type ReapplyWhy = { reason: string; cause: Cause }

/**
 * Puts a pool on rank 0 of its organization type's default ladder, by a default grant: for a new organization (R38) and
 * after the last claim on a ladder has left (R25). The ladder and its rank 0 are looked up now, at use (R33). An org type
 * without a default gives nothing (R35), and a ladder with a live attachment is left as it is.
 */
export async function reapplyDefaultsForPool(tx: Tx, poolId: string, why: ReapplyWhy): Promise<Moved[]> {
  return reapplyDefaults(tx, new Map([[poolId, why]]))
}

/** The same for many pools, under their locks, in two statements. */
export async function reapplyDefaults(tx: Tx, pools: ReadonlyMap<string, ReapplyWhy>): Promise<Moved[]> {
  if (pools.size === 0) return []
  const poolIds = [...pools.keys()]
  const asked = [...pools].map(([poolId, why]) => ({ pool_id: poolId, reason: why.reason }))
  // The lock is a statement of its own: in one statement the snapshot would predate it.
  const [, given] = await Promise.all([
    lockPools(tx, poolIds),
    tx<{ grantId: string; poolId: string; productId: string; planLadderId: string }[]>`
      with missing as (
        select p.tenant_id, p.organization_id, p.pool_id, t.product_id, t.plan_ladder_id, asked.reason
          from jsonb_to_recordset(${tx.json(asked)}) as asked (pool_id uuid, reason text)
          join entitlements.resource_pools p on p.pool_id = asked.pool_id
          join organization.organizations o on o.organization_id = p.organization_id
          join organization.org_types y on y.org_type_id = o.org_type_id
          join billing.plan_ladder_tiers t on t.plan_ladder_id = y.default_plan_ladder_id and t.rank = 0
         where p.pool_id = any(${poolIds}::uuid[]) and not exists (
           select from entitlements.pool_provision_ladders a
            where a.pool_id = p.pool_id and a.plan_ladder_id = t.plan_ladder_id and a.ended_at is null
         )
      ), given as (
        insert into entitlements.grants (tenant_id, organization_id, pool_id, product_id, grant_reason, reason, actor_type)
        select tenant_id, organization_id, pool_id, product_id, 'default', reason, 'system' from missing
        returning grant_id, pool_id, product_id
      )
      select given.grant_id, given.pool_id, given.product_id, missing.plan_ladder_id
        from given join missing using (pool_id)
       order by given.pool_id`,
  ])
  const moves = given.map(({ grantId, poolId, productId, planLadderId }): Move => {
    const { reason, cause } = pools.get(poolId)!
    const target = { productId, source: { kind: 'grant', id: grantId } } as const
    return { poolId, planLadderId, target, actor: { type: 'system' }, reason, cause }
  })
  return writeMoves(tx, moves)
}
