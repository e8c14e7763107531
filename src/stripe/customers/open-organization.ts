import { holdCatalog } from '../../billing/hold-catalog.ts'
import type { Db } from '../../db/types.ts'
import { reapplyDefaults } from '../../entitlements/reapply-defaults.ts'
import { Refused } from '../../errors.ts'
import { type CreatedOrganization, createOrganization } from '../../organization/create-organization.ts'
import { wake } from '../inbox/waiting.ts'
import { holdReferenceAlone } from './hold-reference.ts'

/**
 * Creates an organization because somebody asks for it (R38), and takes up what was waiting for one of that key.
 * @throws Refused `org_type_unknown` (422), `organization_key_taken` (409)
 */
export async function openOrganization(
  db: Db,
  asked: { tenantId: string; name: string; orgType: string; organizationKey?: string | null | undefined },
): Promise<CreatedOrganization> {
  const { tenantId, name, orgType, organizationKey = null } = asked
  return db.begin(async (tx) => {
    await holdCatalog(tx)
    if (organizationKey !== null) await holdReferenceAlone(tx, organizationKey)
    const [type] = await tx<{ orgTypeId: string }[]>`
      select org_type_id from organization.org_types where org_type_key = ${orgType}`
    if (!type) {
      throw new Refused(
        'org_type_unknown',
        `There is no org type ${orgType}.`,
        'See the keys: GET /api/v1/org-types',
        422,
      )
    }
    const created = await createOrganization(
      tx,
      { tenantId, orgTypeId: type.orgTypeId, name, organizationKey },
      reapplyDefaults,
    )
    if (organizationKey !== null) await wake(tx, [`organization:${organizationKey}`])
    return created
  })
}
