import type { Reader } from '../../db/types.ts'
import type { StandingClaims } from './decide-subscription.ts'

const NOTHING: StandingClaims = { status: null, tiers: [], addons: [] }

/** What these subscriptions claim and hold beside ladders at this moment, by subscription_id. */
export async function readStandingClaims(
  sql: Reader,
  subscriptionIds: readonly string[],
): Promise<(subscriptionId: string) => StandingClaims> {
  if (subscriptionIds.length === 0) return () => NOTHING
  const ids = subscriptionIds as string[]
  const [tiers, addons] = await Promise.all([
    sql<{ subscriptionId: string; status: string; planLadderId: string; productId: string; rank: number }[]>`
      select c.subscription_id, c.status, c.plan_ladder_id, c.product_id, t.rank
      from entitlements.subscription_claims c
      join billing.plan_ladder_tiers t using (plan_ladder_id, product_id)
      where c.subscription_id = any(${ids}::uuid[])
    `,
    sql<{ subscriptionId: string; productId: string; quantity: number }[]>`
      select v.subscription_id, v.product_id, v.quantity
      from entitlements.pool_provisions v
      where v.subscription_id = any(${ids}::uuid[]) and v.ended_at is null
        and not exists (select from entitlements.pool_provision_ladders a where a.provision_id = v.provision_id)
    `,
  ])
  return (subscriptionId) => {
    const held = tiers.filter((tier) => tier.subscriptionId === subscriptionId)
    return {
      status: held[0]?.status ?? null,
      tiers: held.map(({ planLadderId, productId, rank }) => ({ planLadderId, productId, rank })),
      addons: addons
        .filter((addon) => addon.subscriptionId === subscriptionId)
        .map(({ productId, quantity }) => ({ productId, quantity })),
    }
  }
}
