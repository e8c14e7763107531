import { randomUUID } from 'node:crypto'
import type { Tx } from '../db/types.ts'
import { Refused } from '../errors.ts'

export type NewOrganization = {
  tenantId: string
  orgTypeId: string
  /** Shown to operators. */
  name: string
  /** The name by which the operating company's own systems know it; unique within the tenant. */
  organizationKey?: string | null | undefined
}

/** An organization, its account in billing (the same id) and its default pool. */
export type CreatedOrganization = {
  organizationId: string
  accountId: string
  poolId: string
  tenantId: string
  organizationKey: string | null
}

/**
 * Puts pools on rank 0 of their org type's default ladder by a default grant. What it means is the affair of entitlements,
 * which stands above this folder: so it arrives as an argument.
 */
export type ReapplyDefaults = (
  tx: Tx,
  pools: ReadonlyMap<string, { reason: string; cause: { kind: 'organization'; id: string } }>,
) => Promise<unknown>

/**
 * Creates an organization with its account, its default pool and its default grant, all or nothing with the caller's
 * transaction (R38).
 * @throws Refused `organization_key_taken` (409) when the tenant has an organization of that key.
 */
export async function createOrganization(
  tx: Tx,
  organization: NewOrganization,
  reapplyDefaults: ReapplyDefaults,
): Promise<CreatedOrganization> {
  const [created] = await createOrganizations(tx, [organization], reapplyDefaults)
  if (created) return created
  throw new Refused(
    'organization_key_taken',
    `There is an organization with the key ${organization.organizationKey} already.`,
    'Use that organization, or choose another key.',
  )
}

/**
 * The same for many at once, in as many statements as for one. The answers stand in the order of what was asked for; null
 * where the key is taken, be it by one that another transaction has just committed.
 */
export async function createOrganizations(
  tx: Tx,
  organizations: readonly NewOrganization[],
  reapplyDefaults: ReapplyDefaults,
): Promise<(CreatedOrganization | null)[]> {
  if (organizations.length === 0) return []
  const wanted = organizations.map(({ tenantId, orgTypeId, name, organizationKey }) => ({
    organization_id: randomUUID(),
    pool_id: randomUUID(),
    tenant_id: tenantId,
    org_type_id: orgTypeId,
    organization_key: organizationKey ?? null,
    name,
  }))
  // Sorted by what is unique, or two batches that share keys wait for each other in a ring.
  const created = await tx<CreatedOrganization[]>`
    with wanted as (
      select * from jsonb_to_recordset(${tx.json(wanted)})
        as w (organization_id uuid, pool_id uuid, tenant_id uuid, org_type_id uuid, organization_key text, name text)
    ), made as (
      insert into organization.organizations (organization_id, tenant_id, org_type_id, organization_key, name)
      select organization_id, tenant_id, org_type_id, organization_key, name from wanted
      order by tenant_id, organization_key collate "C", organization_id
      on conflict (tenant_id, organization_key) do nothing
      returning organization_id
    ), accounts as (
      insert into billing.accounts (account_id, tenant_id)
      select organization_id, tenant_id from wanted join made using (organization_id)
    ), pools as (
      insert into entitlements.resource_pools (pool_id, tenant_id, organization_id)
      select pool_id, tenant_id, organization_id from wanted join made using (organization_id)
    )
    select organization_id, organization_id as account_id, pool_id, tenant_id, organization_key
    from wanted join made using (organization_id)
  `
  await reapplyDefaults(
    tx,
    new Map(created.map(({ poolId, organizationId }) => [poolId, whyFor(organizationId)])),
  )
  const byId = new Map(created.map((organization) => [organization.organizationId, organization]))
  return wanted.map(({ organization_id }) => byId.get(organization_id) ?? null)
}

function whyFor(organizationId: string) {
  return { reason: 'new organization', cause: { kind: 'organization', id: organizationId } } as const
}
