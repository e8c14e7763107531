import type { Reader } from '../db/types.ts'
import { mayBeId } from './locked-pool.ts'

/** An organization as a list shows it: whose it is, and where it stands. */
export type OrganizationFound = {
  organizationId: string
  organizationKey: string | null
  name: string
  /** The type's name. */
  orgType: string
  /** Stripe's ids, the earliest linked first. */
  customers: string[]
  /** By the ladder's key: names, for people. */
  places: { ladder: string; product: string; status: string }[]
  createdAt: Date
}

export type OrganizationsSearched = {
  tenantId: string
  /** A part of the name, the beginning of a key, a customer's id or an organization's; empty: everybody. */
  text: string
  /** The last organization_id of the page before. */
  after: string | null
  limit: number
}

/** A tenant's organizations that a person may mean, the newest first. */
export async function searchOrganizations(
  reader: Reader,
  { tenantId, text, after, limit }: OrganizationsSearched,
): Promise<OrganizationFound[]> {
  const id = mayBeId(text) ? text : null
  return reader<OrganizationFound[]>`
    with found as (
      select o.* from organization.organizations o
       where o.tenant_id = ${tenantId}
         and (${text} = '' or position(lower(${text}) in lower(o.name)) > 0 or starts_with(lower(o.organization_key), lower(${text}))
              or o.organization_id = ${id}::uuid
              or o.organization_id = (select organization_id from stripe.customers where stripe_customer_id = ${text}))
         and (${after}::uuid is null or (o.created_at, o.organization_id) < (
           select last.created_at, last.organization_id from organization.organizations last
            where last.organization_id = ${after}::uuid and last.tenant_id = ${tenantId}))
       order by o.created_at desc, o.organization_id desc
       limit ${limit}
    )
    select o.organization_id, o.organization_key, o.name, y.name as org_type, o.created_at,
           array(select stripe_customer_id from stripe.customers c where c.organization_id = o.organization_id
                 order by linked_at, stripe_customer_id) as customers,
           coalesce((
             select jsonb_agg(jsonb_build_object('ladder', l.name, 'product', d.name, 'status', a.status) order by l.ladder_key)
               from entitlements.resource_pools p
               join entitlements.pool_provision_ladders a on a.pool_id = p.pool_id and a.ended_at is null
               join entitlements.pool_provisions v on v.provision_id = a.provision_id
               join billing.plan_ladders l on l.plan_ladder_id = a.plan_ladder_id
               join billing.products d on d.product_id = v.product_id
              where p.organization_id = o.organization_id and p.is_default), '[]') as places
      from found o join organization.org_types y using (org_type_id)
     order by o.created_at desc, o.organization_id desc`
}
