import { randomUUID } from 'node:crypto'
import type { Db, Reader, Tx } from '../../src/db/types.ts'
import { readHeld } from '../../src/entitlements/held-by-subscriptions.ts'
import { lockPools } from '../../src/entitlements/lock-pools.ts'
import { reapplyDefaultsForPool } from '../../src/entitlements/reapply-defaults.ts'
import type { SettleRequest } from '../../src/entitlements/settle-pools.ts'
import { settlePools } from '../../src/entitlements/settle-pools.ts'
import { claimsToWrite, type SubscriptionClaims } from '../../src/entitlements/subscription-claims.ts'
import { writeClaims } from '../../src/entitlements/write-claims.ts'

/** A ladder with its tiers by rank: `free` is what an organization of this type starts on. */
export type Ladder = {
  planLadderId: string
  ladderKey: string
  tiers: { productId: string; productKey: string }[]
}

export type Organization = { organizationId: string; poolId: string; tenantId: string }

export async function aProduct(sql: Reader, productType: string | null = null, key = `p-${short()}`) {
  const [row] = await sql<{ productId: string; productKey: string }[]>`
    insert into billing.products (product_key, name, product_type, lifecycle_status)
    values (${key}, ${key}, ${productType}, 'published') returning product_id, product_key`
  return row!
}

/** Rank 0 first. */
export async function aLadder(sql: Reader, tiers = ['free', 'pro', 'team']): Promise<Ladder> {
  const ladderKey = `ladder-${short()}`
  const [ladder] = await sql<{ planLadderId: string }[]>`
    insert into billing.plan_ladders (ladder_key, name) values (${ladderKey}, ${ladderKey}) returning plan_ladder_id`
  const products = []
  for (const [rank, tier] of tiers.entries()) {
    const product = await aProduct(sql, null, `${tier}-${short()}`)
    await sql`
      insert into billing.plan_ladder_tiers (plan_ladder_id, product_id, rank)
      values (${ladder!.planLadderId}, ${product.productId}, ${rank})`
    products.push(product)
  }
  return { planLadderId: ladder!.planLadderId, ladderKey, tiers: products }
}

export async function anOrgType(sql: Reader, defaultLadder: Ladder | null): Promise<string> {
  const [row] = await sql<{ orgTypeId: string }[]>`
    insert into organization.org_types (org_type_key, name, default_plan_ladder_id)
    values (${`type-${short()}`}, 'Type', ${defaultLadder?.planLadderId ?? null}) returning org_type_id`
  return row!.orgTypeId
}

/** An organization with its default pool, standing nowhere yet. */
export async function anOrganization(sql: Reader, orgTypeId: string): Promise<Organization> {
  const [row] = await sql<Organization[]>`
    with made as (
      insert into organization.organizations (tenant_id, org_type_id, name)
      select tenant_id, ${orgTypeId}, 'Org' from organization.tenants where tenant_key = 'default'
      returning organization_id, tenant_id
    ), account as (
      insert into billing.accounts (account_id, tenant_id) select organization_id, tenant_id from made
    )
    insert into entitlements.resource_pools (tenant_id, organization_id) select tenant_id, organization_id from made
    returning organization_id, pool_id, tenant_id`
  return row!
}

/** R38: an organization as creating it ends: on rank 0 of its type's ladder. */
export async function founded(db: Db, orgTypeId: string): Promise<Organization> {
  const made = await anOrganization(db, orgTypeId)
  const why = { reason: 'A new organization', cause: { kind: 'organization', id: 'o' } } as const
  await db.begin((tx) => reapplyDefaultsForPool(tx, made.poolId, why))
  return made
}

export async function aSubscription(
  sql: Reader,
  { organizationId, tenantId }: Organization,
): Promise<string> {
  const [row] = await sql<{ subscriptionId: string }[]>`
    insert into billing.subscriptions (tenant_id, account_id) values (${tenantId}, ${organizationId}) returning subscription_id`
  return row!.subscriptionId
}

/** An operator's grant as it stands in its table; nothing is moved by it until somebody settles. */
export async function aGrant(
  sql: Reader,
  { organizationId, poolId, tenantId }: Organization,
  productId: string,
  grantReason = 'manual',
  validUntil: Date | null = null,
): Promise<string> {
  const [row] = await sql<{ grantId: string }[]>`
    insert into entitlements.grants (tenant_id, organization_id, pool_id, product_id, grant_reason, actor_type, valid_until)
    values (${tenantId}, ${organizationId}, ${poolId}, ${productId}, ${grantReason}, 'operator', ${validUntil})
    returning grant_id`
  return row!.grantId
}

/** What the enrollment worker does with what subscriptions claim, before it settles. Answers those for which something differed. */
export async function putSubscriptionClaims(tx: Tx, rows: readonly SubscriptionClaims[]): Promise<string[]> {
  await lockPools(
    tx,
    rows.map(({ poolId }) => poolId),
  )
  const held = await readHeld(
    tx,
    rows.map(({ subscriptionId }) => subscriptionId),
  )
  const { writes, changed } = claimsToWrite(rows, held)
  await writeClaims(tx, writes)
  return [...changed]
}

/** One event about one subscription: what it claims now (a tier's number, or null for nothing), then settled. */
export async function told(
  db: Db,
  organization: Organization,
  subscriptionId: string,
  ladder: Ladder,
  tier: number | null,
  status = 'active',
) {
  const { poolId, tenantId } = organization
  const tiers =
    tier === null ? [] : [{ planLadderId: ladder.planLadderId, productId: ladder.tiers[tier]!.productId }]
  return db.begin(async (tx) => {
    await putSubscriptionClaims(tx, [{ subscriptionId, poolId, tenantId, status, tiers, addons: [] }])
    return settlePools(tx, [byEvent(poolId, subscriptionId)])
  })
}

export function byEvent(poolId: string, about: string, id = `evt_${short()}`): SettleRequest {
  return {
    poolId,
    about,
    actor: { type: 'webhook' },
    cause: { kind: 'event', id },
    reason: 'customer.subscription.updated',
  }
}

export async function settled(db: Db, poolId: string) {
  return db.begin((tx: Tx) => settlePools(tx, [byEvent(poolId, randomUUID())]))
}

/** The tier's number on which a pool stands, its status and what holds it; null when it stands on none. */
export async function place(sql: Reader, { poolId }: Organization, { planLadderId }: Ladder) {
  const [row] = await sql<{ rank: number; status: string; holder: string }[]>`
    select t.rank, a.status, coalesce(v.grant_id, v.subscription_id) as holder
      from entitlements.pool_provision_ladders a
      join entitlements.pool_provisions v using (provision_id)
      join billing.plan_ladder_tiers t on t.plan_ladder_id = a.plan_ladder_id and t.product_id = v.product_id
     where a.pool_id = ${poolId} and a.plan_ladder_id = ${planLadderId} and a.ended_at is null`
  return row ?? null
}

/** A pool's history on one ladder as `type from→to`, in order. */
export async function moves(sql: Reader, { poolId }: Organization, { planLadderId }: Ladder) {
  const rows = await sql<{ move: string }[]>`
    select format('%s %s→%s', transition_type, coalesce(from_rank::text, '-'), coalesce(to_rank::text, '-')) as move
      from entitlements.pool_provision_transitions
     where pool_id = ${poolId} and plan_ladder_id = ${planLadderId} order by sequence`
  return rows.map(({ move }) => move)
}

export function short(): string {
  return randomUUID().slice(0, 8)
}
