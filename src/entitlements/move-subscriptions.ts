import type { Tx } from '../db/types.ts'
import { lockPools } from './lock-pools.ts'
import type { Actor, Cause } from './moves.ts'
import { type SettledMove, settlePools } from './settle-pools.ts'

export type SubscriptionsMoved = {
  subscriptionIds: readonly string[]
  fromPoolId: string
  toPoolId: string
  actor: Actor
  /** What the history of each of the two pools says. */
  left: { reason: string; cause: Cause }
  came: { reason: string; cause: Cause }
}

/**
 * Has subscriptions claim in another pool of the same tenant, with all that they claim: tiers and what is held beside ladders.
 * Then both pools are settled at once: the one falls to its best remaining claim, the other rises to its best.
 * Nothing is guessed: what they claim is what they claimed. In the new pool they claim since now, as anything that has just
 * come. Called under the locks of the subscriptions' rows, or with the catalog held alone; takes both pools' locks.
 */
export async function moveSubscriptions(tx: Tx, moved: SubscriptionsMoved): Promise<SettledMove[]> {
  const { fromPoolId, toPoolId, actor } = moved
  const ids = moved.subscriptionIds as string[]
  await lockPools(tx, [fromPoolId, toPoolId])
  // In the order in which they claimed before: at a tie between subscriptions the earlier has the place.
  await tx`
    with now as materialized (select clock_timestamp() as at)
    update entitlements.subscription_claims c
       set pool_id = ${toPoolId}, updated_at = now.at, claimed_at = now.at + w.n * interval '1 microsecond'
      from now, (
        select subscription_id, plan_ladder_id,
               row_number() over (order by claimed_at, subscription_id, plan_ladder_id) - 1 as n
          from entitlements.subscription_claims where subscription_id = any(${ids}::uuid[])
      ) w
     where c.subscription_id = w.subscription_id and c.plan_ladder_id = w.plan_ladder_id`
  const addons = await tx<{ provisionId: string }[]>`
    select v.provision_id,
           entitlements.attach_addon(${toPoolId}, v.product_id, 'subscription', v.subscription_id, v.quantity, v.status)
      from entitlements.pool_provisions v
     where v.subscription_id = any(${ids}::uuid[]) and v.pool_id = ${fromPoolId} and v.ended_at is null
       and not exists (select from entitlements.pool_provision_ladders a where a.provision_id = v.provision_id)`
  if (addons.length > 0) {
    await tx`
      select entitlements.detach_addon(id)
        from unnest(${addons.map(({ provisionId }) => provisionId)}::uuid[]) as gone (id)`
  }
  return settlePools(tx, [
    { poolId: fromPoolId, actor, ...moved.left },
    { poolId: toPoolId, actor, ...moved.came },
  ])
}
