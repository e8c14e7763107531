import type { Reader } from '../db/types.ts'
import { Refused } from '../errors.ts'

export type Organization = {
  organizationId: string
  tenantId: string
  /** The name by which the operating company's own systems know it. */
  organizationKey: string | null
  name: string
  orgType: string
  /** Stripe's ids, the earliest linked first. */
  customers: string[]
  createdAt: Date
}

export type OrganizationsWanted = {
  tenantId: string
  organizationId?: string
  organizationKey?: string | undefined
  orgType?: string | undefined
  customer?: string | undefined
  /** The last organization_id of the page before. */
  after?: string | null
  limit: number
}

/**
 * A tenant's organizations, by id. The join to schema `stripe` is for reading alone: whoever asks knows customers by
 * Stripe's ids.
 */
export async function listOrganizations(
  reader: Reader,
  wanted: OrganizationsWanted,
): Promise<Organization[]> {
  const { tenantId, organizationId = null, organizationKey = null, orgType = null, customer = null } = wanted
  return reader<Organization[]>`
    select o.organization_id, o.tenant_id, o.organization_key, o.name, y.org_type_key as org_type, o.created_at,
           array(select stripe_customer_id from stripe.customers c where c.organization_id = o.organization_id
                 order by linked_at, stripe_customer_id) as customers
    from organization.organizations o
    join organization.org_types y using (org_type_id)
    where o.tenant_id = ${tenantId}
      and (${organizationId}::uuid is null or o.organization_id = ${organizationId}::uuid)
      and (${organizationKey}::text is null or o.organization_key = ${organizationKey})
      and (${orgType}::text is null or y.org_type_key = ${orgType})
      and (${customer}::text is null or o.organization_id = (
        select organization_id from stripe.customers where stripe_customer_id = ${customer}))
      and (${wanted.after ?? null}::uuid is null or o.organization_id > ${wanted.after ?? null}::uuid)
    order by o.organization_id
    limit ${wanted.limit}
  `
}

/**
 * One organization of a tenant; another tenant's is answered as one that is not there.
 * @throws Refused `organization_unknown` (404)
 */
export async function getOrganization(
  reader: Reader,
  tenantId: string,
  organizationId: string,
): Promise<Organization> {
  const [organization] = await listOrganizations(reader, { tenantId, organizationId, limit: 1 })
  if (organization) return organization
  throw new Refused(
    'organization_unknown',
    'There is no such organization.',
    'See the ids: GET /api/v1/organizations',
    404,
  )
}
