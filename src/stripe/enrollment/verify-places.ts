import type { Reader } from '../../db/types.ts'
import { type Check, checked, type Found } from '../inbox/verify-inbox.ts'

const most = 5

/**
 * The invariants of what organizations hold, as far as they follow from whose a customer is and what became of its
 * subscriptions; the chain of moves itself is `verifyAudit`'s. Reads only, and wants a transaction of one snapshot.
 */
export async function verifyPlaces(reader: Reader): Promise<Check[]> {
  return Promise.all([
    endedClaims(reader),
    claimsElsewhere(reader),
    claimsOfNoTier(reader),
    withoutDefaultPool(reader),
    acrossTenants(reader),
  ])
}

/** Neither a claim on a ladder nor anything held: not the place, not an add-on. */
async function endedClaims(reader: Reader): Promise<Check> {
  const found = await reader<Found[]>`
    select format('subscription %s is %s and still %s', coalesce(s.stripe_subscription_id, b.subscription_id::text), b.status, h.holds)
             as sentence,
           count(*) over () as count
    from billing.subscriptions b
    left join stripe.subscriptions s on s.subscription_id = b.subscription_id
    join lateral (
      select format('claims a tier of ladder %s', l.ladder_key) as holds
      from entitlements.subscription_claims c join billing.plan_ladders l using (plan_ladder_id)
      where c.subscription_id = b.subscription_id
      union all
      select format('holds %s', p.product_key)
      from entitlements.pool_provisions v join billing.products p using (product_id)
      where v.subscription_id = b.subscription_id and v.ended_at is null
    ) h on true
    where b.ended_at is not null or b.status in ('canceled', 'incomplete', 'incomplete_expired')
    order by 1 limit ${most}`
  return checked('ended_claims_nothing', 'a subscription that ended or never began claims nothing', found)
}

/** One customer, one organization, its default pool. */
async function claimsElsewhere(reader: Reader): Promise<Check> {
  const found = await reader<Found[]>`
    select format('subscription %s %s pool %s, and its customer %s belongs to pool %s',
             s.stripe_subscription_id, h.how, h.pool_id, s.stripe_customer_id, coalesce(p.pool_id::text, 'of nobody')) as sentence,
           count(*) over () as count
    from (
      select subscription_id, pool_id, 'claims in' as how from entitlements.subscription_claims
      union all
      select subscription_id, pool_id, 'holds a provision in' from entitlements.pool_provisions
      where subscription_id is not null and ended_at is null
    ) h
    join stripe.subscriptions s on s.subscription_id = h.subscription_id
    left join stripe.customers c on c.stripe_customer_id = s.stripe_customer_id
    left join entitlements.resource_pools p on p.organization_id = c.organization_id and p.is_default
    where p.pool_id is distinct from h.pool_id
    order by 1 limit ${most}`
  return checked('claims_in_own_pool', "a claim stands in the pool of its customer's organization", found)
}

async function claimsOfNoTier(reader: Reader): Promise<Check> {
  const found = await reader<Found[]>`
    select format('subscription %s claims %s on ladder %s, of which it is no tier',
             coalesce(s.stripe_subscription_id, c.subscription_id::text), p.product_key, l.ladder_key) as sentence,
           count(*) over () as count
    from entitlements.subscription_claims c
    join billing.products p using (product_id)
    join billing.plan_ladders l using (plan_ladder_id)
    left join stripe.subscriptions s on s.subscription_id = c.subscription_id
    where not exists (
      select from billing.plan_ladder_tiers t where t.plan_ladder_id = c.plan_ladder_id and t.product_id = c.product_id)
    order by 1 limit ${most}`
  return checked('claims_are_tiers', 'what is claimed on a ladder is one of its tiers', found)
}

async function withoutDefaultPool(reader: Reader): Promise<Check> {
  const found = await reader<Found[]>`
    select format('organization %s has %s default pools', o.organization_id, p.pools) as sentence, count(*) over () as count
    from organization.organizations o
    cross join lateral (
      select count(*) as pools from entitlements.resource_pools
      where organization_id = o.organization_id and is_default
    ) p
    where p.pools <> 1
    order by o.organization_id limit ${most}`
  return checked('one_default_pool', 'every organization has one default pool', found)
}

/** Each row's tenant is that of the organization, pool or account which it belongs to. */
async function acrossTenants(reader: Reader): Promise<Check> {
  const found = await reader<Found[]>`
    with crossing as (
      select 'account' as what, a.account_id as id
      from billing.accounts a join organization.organizations o on o.organization_id = a.account_id
      where a.tenant_id <> o.tenant_id
      union all
      select 'pool', p.pool_id
      from entitlements.resource_pools p join organization.organizations o using (organization_id)
      where p.tenant_id <> o.tenant_id
      union all
      select 'grant', g.grant_id
      from entitlements.grants g join entitlements.resource_pools p using (pool_id)
      where g.tenant_id <> p.tenant_id or g.organization_id <> p.organization_id
      union all
      select 'ceiling', c.ceiling_id
      from entitlements.ceilings c join entitlements.resource_pools p using (pool_id)
      where c.tenant_id <> p.tenant_id or c.organization_id <> p.organization_id
      union all
      select 'provision', v.provision_id
      from entitlements.pool_provisions v
      join entitlements.resource_pools p using (pool_id)
      left join billing.subscriptions b on b.subscription_id = v.subscription_id
      left join entitlements.grants g on g.grant_id = v.grant_id
      where v.tenant_id <> p.tenant_id or v.tenant_id <> coalesce(b.tenant_id, g.tenant_id)
      union all
      select 'move', m.transition_id
      from entitlements.pool_provision_transitions m join entitlements.resource_pools p using (pool_id)
      where m.tenant_id <> p.tenant_id
      union all
      select 'subscription', b.subscription_id
      from billing.subscriptions b join billing.accounts a using (account_id)
      where b.tenant_id <> a.tenant_id
      union all
      select 'subscription change', c.subscription_change_id
      from billing.subscription_changes c join billing.subscriptions b using (subscription_id)
      where c.tenant_id <> b.tenant_id or c.account_id <> b.account_id
      union all
      select 'claim', c.subscription_id
      from entitlements.subscription_claims c
      join entitlements.resource_pools p using (pool_id)
      join billing.subscriptions b using (subscription_id)
      where c.tenant_id <> p.tenant_id or c.tenant_id <> b.tenant_id
    )
    select format('%s %s is of another tenant or account than what it belongs to', what, id) as sentence, count(*) over () as count
    from crossing order by what, id limit ${most}`
  return checked('no_row_crosses_tenants', 'no row crosses tenants', found)
}
