import type { Reader } from '../db/types.ts'

/** One thing that a subscription has at this moment. */
export type Held = {
  /** `claim`: on a ladder; `place`: the place there that the claim has won; `addon`: held beside ladders. */
  what: 'claim' | 'place' | 'addon'
  subscriptionId: string
  /** Stripe's word. */
  status: string
  /** null: an add-on. */
  planLadderId: string | null
  poolId: string
  productId: string
  /** Of a claim, where its product is still a tier of the ladder. */
  rank: number | null
  /** null: a claim. */
  provisionId: string | null
  quantity: number
}

/** What these subscriptions claim, the places that they have and what they hold beside ladders, by subscription_id. */
export async function readHeld(
  reader: Reader,
  subscriptionIds: readonly string[],
): Promise<Map<string, Held[]>> {
  const ids = subscriptionIds as string[]
  const held = new Map<string, Held[]>(ids.map((id) => [id, []]))
  if (ids.length === 0) return held
  const rows = await reader<Held[]>`
    select 'claim' as what, c.subscription_id, c.status, c.plan_ladder_id, c.pool_id, c.product_id, t.rank,
           null::uuid as provision_id, 1 as quantity
      from entitlements.subscription_claims c
      left join billing.plan_ladder_tiers t on t.plan_ladder_id = c.plan_ladder_id and t.product_id = c.product_id
     where c.subscription_id = any(${ids}::uuid[])
    union all
    select case when a.provision_id is null then 'addon' else 'place' end,
           v.subscription_id, v.status, a.plan_ladder_id, v.pool_id, v.product_id, null, v.provision_id, v.quantity
      from entitlements.pool_provisions v
      left join entitlements.pool_provision_ladders a on a.provision_id = v.provision_id
     where v.subscription_id = any(${ids}::uuid[]) and v.ended_at is null`
  for (const row of rows) held.get(row.subscriptionId)!.push(row)
  return held
}
