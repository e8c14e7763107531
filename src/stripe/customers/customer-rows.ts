import type { Reader, Tx } from '../../db/types.ts'

/** How a customer came to its organization. */
export type LinkedBy = 'client_reference_id' | 'metadata' | 'operator' | 'auto_provision'

/** An organization and its default pool. */
export type OrganizationPlace = {
  organizationId: string
  tenantId: string
  poolId: string
  organizationKey: string | null
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Where those of these customers belong that are linked. */
export async function readLinked(
  reader: Reader,
  customers: readonly string[],
): Promise<Map<string, OrganizationPlace & { by: LinkedBy }>> {
  const rows = await reader<(OrganizationPlace & { by: LinkedBy; customer: string })[]>`
    select
      c.stripe_customer_id as customer, c.linked_by as by, o.organization_id, o.tenant_id, o.organization_key, p.pool_id
    from stripe.customers c
    join organization.organizations o on o.organization_id = c.organization_id
    join entitlements.resource_pools p on p.organization_id = o.organization_id and p.is_default
    where c.stripe_customer_id = any(${customers as string[]})
  `
  return new Map(rows.map(({ customer, ...place }) => [customer, place]))
}

/** Makes the rows that are missing and locks them all, sorted, until the commit. */
export async function lockCustomers(tx: Tx, customers: readonly string[]): Promise<void> {
  await Promise.all([
    tx`
      insert into stripe.customers (stripe_customer_id)
      select id from unnest(${customers as string[]}::text[]) as wanted (id) order by id
      on conflict do nothing
    `,
    tx`
      select from stripe.customers where stripe_customer_id = any(${customers as string[]})
      order by stripe_customer_id for update
    `,
  ])
}

/** The organizations that these references name: by id in any tenant, else by key within the default one. */
export async function findOrganizations(
  reader: Reader,
  references: readonly string[],
): Promise<Map<string, OrganizationPlace>> {
  if (references.length === 0) return new Map()
  const ids = references.filter((reference) => uuidPattern.test(reference))
  const rows = await reader<(OrganizationPlace & { reference: string })[]>`
    with named as (
      select r.reference, o.organization_id, 1 as preference
      from unnest(${ids}::text[]) as r (reference)
      join organization.organizations o on o.organization_id = r.reference::uuid
      union all
      select r.reference, o.organization_id, 2
      from unnest(${references as string[]}::text[]) as r (reference)
      join organization.organizations o
        on o.organization_key = r.reference
        and o.tenant_id = (select tenant_id from organization.tenants where tenant_key = 'default')
    )
    select distinct on (n.reference) n.reference, o.organization_id, o.tenant_id, o.organization_key, p.pool_id
    from named n
    join organization.organizations o using (organization_id)
    join entitlements.resource_pools p on p.organization_id = o.organization_id and p.is_default
    order by n.reference, n.preference
  `
  return new Map(rows.map(({ reference, ...place }) => [reference, place]))
}

/** The tenant in which organizations are created by themselves, and their type; null while the catalog has no such type. */
export async function provisioning(
  reader: Reader,
  orgTypeKey: string,
): Promise<{ tenantId: string; orgTypeId: string | null }> {
  const [found] = await reader<{ tenantId: string; orgTypeId: string | null }[]>`
    select t.tenant_id, y.org_type_id
    from organization.tenants t
    left join organization.org_types y on y.org_type_key = ${orgTypeKey}
    where t.tenant_key = 'default'
  `
  return found!
}

/** Notes whose these customers are. The caller holds their rows. */
export async function writeLinks(
  tx: Tx,
  links: readonly { customer: string; organizationId: string; by: LinkedBy }[],
): Promise<void> {
  if (links.length === 0) return
  await tx`
    update stripe.customers c
    set organization_id = w."organizationId", linked_by = w.by, linked_at = clock_timestamp()
    from jsonb_to_recordset(${tx.json(links as typeof links & never[])}) as w (customer text, "organizationId" uuid, by text)
    where c.stripe_customer_id = w.customer
  `
}
