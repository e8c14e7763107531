import type { Reader } from '../db/types.ts'
import type { FeatureValue, Holding } from './check-feature.ts'

/** Whom a question is about: an organization by its id or by the key that the operating company knows, or a customer by Stripe's id. */
export type Asked = { tenantId: string; by: 'organization' | 'customer'; name: string }

export type Holdings = {
  held: Holding[]
  /** Milliseconds until something of it ends by itself; null when nothing will. */
  endsIn: number | null
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** The default pool of whoever is asked about, within the tenant; null for nobody that is known there. */
export async function findPool(reader: Reader, { tenantId, by, name }: Asked): Promise<string | null> {
  const [pool] =
    by === 'customer'
      ? await reader<{ poolId: string }[]>`
          select p.pool_id from stripe.customers c
            join entitlements.resource_pools p on p.organization_id = c.organization_id and p.is_default
           where c.stripe_customer_id = ${name} and p.tenant_id = ${tenantId}`
      : uuid.test(name)
        ? await reader<{ poolId: string }[]>`
          select pool_id from entitlements.resource_pools
           where organization_id = ${name} and is_default and tenant_id = ${tenantId}`
        : await reader<{ poolId: string }[]>`
          select p.pool_id from organization.organizations o
            join entitlements.resource_pools p on p.organization_id = o.organization_id and p.is_default
           where o.tenant_id = ${tenantId} and o.organization_key = ${name}`
  return pool?.poolId ?? null
}

/**
 * What a pool holds that can include features. A place on a ladder is held until it is moved, also when the grant
 * behind it has run out: what follows on that ladder is decided by the move. An add-on has nothing to follow and ends on time.
 */
export async function readHoldings(reader: Reader, poolId: string): Promise<Holdings> {
  const rows = await reader<
    (Omit<Holding, 'features'> & {
      features: Record<string, FeatureValue> | null
      endsIn: number | null
    })[]
  >`
    select d.product_key as product, l.ladder_key as ladder, v.quantity, v.status in ('unpaid', 'paused') as suspended,
           (select jsonb_object_agg(f.feature_key, f.value)
              from entitlements.entitlement_set_features f
             where f.entitlement_set_id = coalesce(v.entitlement_set_id, (
               select s.entitlement_set_id from entitlements.entitlement_sets s
                where s.product_id = v.product_id order by s.created_at, s.set_key limit 1
             ))) as features,
           case when a.provision_id is null then extract(epoch from g.valid_until - statement_timestamp())::float8 * 1000 end as ends_in
      from entitlements.pool_provisions v
      join billing.products d on d.product_id = v.product_id
      left join entitlements.pool_provision_ladders a on a.provision_id = v.provision_id
      left join billing.plan_ladders l on l.plan_ladder_id = a.plan_ladder_id
      left join entitlements.grants g on g.grant_id = v.grant_id
     where v.pool_id = ${poolId} and v.ended_at is null
       and (a.provision_id is not null or g.valid_until is null or g.valid_until > statement_timestamp())
     order by l.ladder_key, d.product_key, v.quantity, v.provision_id`
  const ends = rows.flatMap(({ endsIn }) => (endsIn === null ? [] : [endsIn]))
  return {
    held: rows.map(({ endsIn: _, features, ...row }) => ({ ...row, features: features ?? {} })),
    endsIn: ends.length === 0 ? null : Math.min(...ends),
  }
}
