import type { Reader } from '../db/types.ts'

/** What a tenant's organizations are called, by id; those that are not there are left out. */
export async function organizationNames(
  reader: Reader,
  tenantId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await reader<{ organizationId: string; name: string }[]>`
    select organization_id, name from organization.organizations
    where tenant_id = ${tenantId} and organization_id = any(${[...new Set(ids)]}::uuid[])`
  return new Map(rows.map(({ organizationId, name }) => [organizationId, name]))
}
