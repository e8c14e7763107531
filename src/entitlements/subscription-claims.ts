import type { Tx } from '../db/types.ts'
import { lockPools } from './lock-pools.ts'

/** What one subscription claims once its state is resolved. Ended or incomplete: neither tiers nor add-ons. */
export type SubscriptionClaims = {
  subscriptionId: string
  poolId: string
  tenantId: string
  /** Stripe's word. */
  status: string
  /** At most one a ladder: the highest that its prices mean. */
  tiers: readonly { planLadderId: string; productId: string }[]
  addons: readonly { productId: string; quantity: number }[]
}

type Standing = {
  what: 'claim' | 'place' | 'addon'
  subscriptionId: string
  status: string
  planLadderId: string | null
  poolId: string
  productId: string
  provisionId: string | null
  quantity: number
}

/**
 * Writes what subscriptions claim: their claims on ladders, their add-ons (flat, R31), and the status beside the place they hold
 * (R32: no move). Nobody is moved here; `settlePools` does that, after this. Called under the locks of the subscriptions' rows;
 * takes the pools' locks before it writes. What stands already is not written again.
 * @returns the ids of the subscriptions for which something differed; a renewal is not among them.
 */
export async function putSubscriptionClaims(tx: Tx, rows: readonly SubscriptionClaims[]): Promise<string[]> {
  if (rows.length === 0) return []
  const standing = new Map<string, Standing[]>(rows.map(({ subscriptionId }) => [subscriptionId, []]))
  // Sent together: the reading statement's snapshot is taken after the locks.
  const [, held] = await Promise.all([
    lockPools(
      tx,
      rows.map(({ poolId }) => poolId),
    ),
    standingOf(tx, [...standing.keys()]),
  ])
  for (const it of held) standing.get(it.subscriptionId)!.push(it)
  const changed = new Set<string>()
  const put: object[] = []
  const withdraw: { subscriptionId: string; planLadderId: string }[] = []
  const attach: object[] = []
  const detach: string[] = []
  const statuses: object[] = []
  for (const row of rows) {
    const { subscriptionId, poolId, tenantId, status } = row
    const held = standing.get(subscriptionId)!
    const before = changes()
    for (const { planLadderId, productId } of row.tiers) {
      const stands = held.some(
        (it) =>
          it.what === 'claim' &&
          it.planLadderId === planLadderId &&
          it.productId === productId &&
          it.status === status &&
          it.poolId === poolId,
      )
      if (!stands) put.push({ subscriptionId, planLadderId, poolId, tenantId, productId, status })
    }
    for (const { what, planLadderId } of held) {
      if (what === 'claim' && !row.tiers.some((tier) => tier.planLadderId === planLadderId)) {
        withdraw.push({ subscriptionId, planLadderId: planLadderId! })
      }
    }
    const addons = addedUp(row.addons)
    for (const [productId, quantity] of addons) {
      const stands = held.some(
        (it) =>
          it.what === 'addon' &&
          it.productId === productId &&
          it.quantity === quantity &&
          it.status === status &&
          it.poolId === poolId,
      )
      if (!stands) attach.push({ poolId, productId, subscriptionId, quantity, status })
    }
    for (const { what, productId, provisionId, poolId: heldIn } of held) {
      if (what === 'addon' && (!addons.has(productId) || heldIn !== poolId)) detach.push(provisionId!)
    }
    // A place that is about to be left keeps its last status: only what goes on being claimed is brought up to date.
    const goesOn = (it: Standing) => row.tiers.some((tier) => tier.planLadderId === it.planLadderId)
    if (held.some((it) => it.what === 'place' && it.status !== status && goesOn(it))) {
      statuses.push({ subscriptionId, status })
    }
    if (changes() > before) changed.add(subscriptionId)
  }
  function changes() {
    return put.length + withdraw.length + attach.length + detach.length + statuses.length
  }

  await Promise.all([
    withdraw.length > 0 && withdrawClaims(tx, withdraw),
    put.length > 0 && putClaims(tx, put),
    detach.length > 0 &&
      tx`select entitlements.detach_addon(id) from unnest(${detach}::uuid[]) with ordinality as gone (id, n) order by n`,
    attach.length > 0 && attachAddons(tx, attach),
    statuses.length > 0 && setStatuses(tx, statuses),
  ])
  return [...changed]
}

async function standingOf(tx: Tx, subscriptionIds: string[]): Promise<Standing[]> {
  return tx<Standing[]>`
    select 'claim' as what, subscription_id, status, plan_ladder_id, pool_id, product_id, null::uuid as provision_id, 1 as quantity
      from entitlements.subscription_claims
     where subscription_id = any(${subscriptionIds}::uuid[])
    union all
    select case when a.provision_id is null then 'addon' else 'place' end,
           v.subscription_id, v.status, a.plan_ladder_id, v.pool_id, v.product_id, v.provision_id, v.quantity
      from entitlements.pool_provisions v
      left join entitlements.pool_provision_ladders a on a.provision_id = v.provision_id
     where v.subscription_id = any(${subscriptionIds}::uuid[]) and v.ended_at is null`
}

async function withdrawClaims(tx: Tx, gone: { subscriptionId: string; planLadderId: string }[]) {
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
async function putClaims(tx: Tx, claims: object[]) {
  await tx`
    insert into entitlements.subscription_claims as c (subscription_id, plan_ladder_id, pool_id, tenant_id, product_id, status)
    select "subscriptionId", "planLadderId", "poolId", "tenantId", "productId", status
      from jsonb_to_recordset(${tx.json(claims as never)}) as put
        ("subscriptionId" uuid, "planLadderId" uuid, "poolId" uuid, "tenantId" uuid, "productId" uuid, status text)
     order by "subscriptionId", "planLadderId"
    on conflict (subscription_id, plan_ladder_id) do update
      set pool_id = excluded.pool_id, product_id = excluded.product_id, status = excluded.status, updated_at = clock_timestamp(),
          claimed_at = case
            when c.product_id is distinct from excluded.product_id
              or (c.status in ('unpaid', 'paused') and excluded.status not in ('unpaid', 'paused'))
            then clock_timestamp() else c.claimed_at end`
}

async function attachAddons(tx: Tx, addons: object[]) {
  await tx`
    select entitlements.attach_addon("poolId", "productId", 'subscription', "subscriptionId", quantity, status)
      from jsonb_to_recordset(${tx.json(addons as never)}) as addon
        ("poolId" uuid, "productId" uuid, "subscriptionId" uuid, quantity int, status text)`
}

async function setStatuses(tx: Tx, statuses: object[]) {
  await tx`
    select entitlements.set_status("subscriptionId", status)
      from jsonb_to_recordset(${tx.json(statuses as never)}) as said ("subscriptionId" uuid, status text)`
}

/** Two items of one product are one add-on with both quantities; nothing of it is nothing. */
function addedUp(addons: SubscriptionClaims['addons']): Map<string, number> {
  const sums = new Map<string, number>()
  for (const { productId, quantity } of addons) {
    if (quantity > 0) sums.set(productId, (sums.get(productId) ?? 0) + quantity)
  }
  return sums
}
