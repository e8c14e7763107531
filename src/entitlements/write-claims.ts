import type { Tx } from '../db/types.ts'
import type { ClaimWrites } from './subscription-claims.ts'

/**
 * Writes what subscriptions claim. Nobody is moved here: `settlePools` does that, after this. Called under the locks of the
 * subscriptions' rows and of their pools, which come before anything is written that references a pool.
 */
export async function writeClaims(tx: Tx, writes: ClaimWrites): Promise<void> {
  const { withdraw, put, detach, attach, statuses } = writes
  await Promise.all([
    withdraw.length > 0 && withdrawClaims(tx, withdraw),
    put.length > 0 && putClaims(tx, put),
    detach.length > 0 && detachAddons(tx, detach),
    attach.length > 0 && attachAddons(tx, attach),
    statuses.length > 0 && setStatuses(tx, statuses),
  ])
}

async function withdrawClaims(tx: Tx, gone: ClaimWrites['withdraw']) {
  const subscriptionIds = gone.map(({ subscriptionId }) => subscriptionId)
  const planLadderIds = gone.map(({ planLadderId }) => planLadderId)
  // Said twice, for a young table: a join alone is planned as a scan of all claims while nothing is analyzed.
  await tx`
    delete from entitlements.subscription_claims c
    using unnest(${subscriptionIds}::uuid[], ${planLadderIds}::uuid[]) as gone (subscription_id, plan_ladder_id)
    where c.subscription_id = any(${subscriptionIds}::uuid[])
      and c.subscription_id = gone.subscription_id and c.plan_ladder_id = gone.plan_ladder_id`
}

/**
 * `claimed_at` is when it began to claim this tier: another product, or coming back from suspension, begins anew. At a tie
 * with an operator's grant the later of the two has the place.
 */
async function putClaims(tx: Tx, claims: ClaimWrites['put']) {
  await tx`
    insert into entitlements.subscription_claims as c (subscription_id, plan_ladder_id, pool_id, tenant_id, product_id, status)
    select "subscriptionId", "planLadderId", "poolId", "tenantId", "productId", status
      from jsonb_to_recordset(${tx.json(claims)}) as put
        ("subscriptionId" uuid, "planLadderId" uuid, "poolId" uuid, "tenantId" uuid, "productId" uuid, status text)
     order by "subscriptionId", "planLadderId"
    on conflict (subscription_id, plan_ladder_id) do update
      set pool_id = excluded.pool_id, product_id = excluded.product_id, status = excluded.status, updated_at = clock_timestamp(),
          claimed_at = case
            when c.product_id is distinct from excluded.product_id
              or (c.status in ('unpaid', 'paused') and excluded.status not in ('unpaid', 'paused'))
            then clock_timestamp() else c.claimed_at end`
}

async function detachAddons(tx: Tx, provisionIds: ClaimWrites['detach']) {
  await tx`
    select entitlements.detach_addon(id) from unnest(${provisionIds}::uuid[]) with ordinality as gone (id, n) order by n`
}

async function attachAddons(tx: Tx, addons: ClaimWrites['attach']) {
  await tx`
    select entitlements.attach_addon("poolId", "productId", 'subscription', "subscriptionId", quantity, status)
      from jsonb_to_recordset(${tx.json(addons)}) as addon
        ("poolId" uuid, "productId" uuid, "subscriptionId" uuid, quantity int, status text)`
}

async function setStatuses(tx: Tx, statuses: ClaimWrites['statuses']) {
  await tx`
    select entitlements.set_status("subscriptionId", status)
      from jsonb_to_recordset(${tx.json(statuses)}) as said ("subscriptionId" uuid, status text)`
}
