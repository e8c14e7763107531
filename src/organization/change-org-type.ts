import type { Reader, Tx } from '../db/types.ts'
import { Refused } from '../errors.ts'
import { type OrgType, putOrgTypes, readOrgTypes } from './org-types.ts'

/** @throws Refused `org_type_unknown` (404) */
export async function getOrgType(reader: Reader, key: string): Promise<OrgType> {
  const found = (await readOrgTypes(reader)).find((orgType) => orgType.key === key)
  if (found) return found
  throw new Refused(
    'org_type_unknown',
    'There is no such org type.',
    'See the keys: GET /api/v1/org-types',
    404,
  )
}

/**
 * Adds a kind of organization. The caller holds the catalog alone.
 * @throws Refused `org_type_key_taken` (409), `ladder_unknown` (422)
 */
export async function createOrgType(tx: Tx, asked: OrgType): Promise<OrgType> {
  if ((await readOrgTypes(tx)).some(({ key }) => key === asked.key)) {
    throw new Refused(
      'org_type_key_taken',
      `There is an org type with the key ${asked.key} already.`,
      'Use that org type, or choose another key.',
    )
  }
  return put(tx, asked)
}

/**
 * Renames a kind of organization. The caller holds the catalog alone.
 * @throws Refused `org_type_unknown` (404)
 */
export async function renameOrgType(tx: Tx, key: string, name: string): Promise<OrgType> {
  return put(tx, { ...(await getOrgType(tx, key)), name })
}

/**
 * Says on which ladder organizations of this kind start; null: on none (R35). It counts for those created from now on, and for
 * whoever leaves a ladder later; it moves nobody by itself (R39): that is the backfill's. The caller holds the catalog alone.
 * @throws Refused `org_type_unknown` (404), `ladder_unknown` (422): a product is no default (R62).
 */
export async function setDefaultLadder(tx: Tx, key: string, ladder: string | null): Promise<OrgType> {
  return put(tx, { ...(await getOrgType(tx, key)), defaultLadder: ladder })
}

async function put(tx: Tx, orgType: OrgType): Promise<OrgType> {
  const { key, defaultLadder } = orgType
  if (defaultLadder !== null) {
    const [ladder] = await tx`
      select from billing.plan_ladders where ladder_key = ${defaultLadder} and is_active
    `
    if (!ladder) {
      throw new Refused(
        'ladder_unknown',
        `There is no ladder ${defaultLadder}. A default is a ladder and never a product.`,
        'See the keys: GET /api/v1/ladders',
        422,
      )
    }
  }
  await putOrgTypes(tx, [orgType])
  return getOrgType(tx, key)
}
