import type { Tx } from '../db/types.ts'
import { Refused } from '../errors.ts'

/** A pool whose lock this transaction holds, and the database's clock read after the lock was taken. */
export type LockedPool = { poolId: string; tenantId: string; organizationId: string; now: Date }

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Whether a text that came from outside can be one of our ids; Postgres raises an error over others. */
export function mayBeId(text: string): boolean {
  return uuid.test(text)
}

/**
 * Locks an organization's default pool before anything about its ladders is read (R51). An organization of another tenant
 * is answered exactly as one that does not exist.
 * @throws Refused `organization_unknown` (404)
 */
export async function lockedPool(tx: Tx, tenantId: string, organizationId: string): Promise<LockedPool> {
  const found = mayBeId(organizationId) ? await lockAndClock(tx, tenantId, { organizationId }) : null
  if (found) return found
  throw new Refused(
    'organization_unknown',
    `There is no organization ${organizationId}.`,
    'Look the organization up again.',
    404,
  )
}

/**
 * The same for the pool in which a grant stands, whichever of the organization's that is. A grant of another organization
 * than the one named is none.
 * @throws Refused `grant_unknown` (404)
 */
export async function lockedPoolOfGrant(
  tx: Tx,
  tenantId: string,
  grantId: string,
  organizationId: string | null = null,
): Promise<LockedPool> {
  const [grant] = [grantId, organizationId ?? grantId].every(mayBeId)
    ? await tx<{ poolId: string }[]>`
        select pool_id from entitlements.grants
        where grant_id = ${grantId} and tenant_id = ${tenantId}
          and (${organizationId}::uuid is null or organization_id = ${organizationId}::uuid)`
    : []
  const found = grant && (await lockAndClock(tx, tenantId, { poolId: grant.poolId }))
  if (found) return found
  throw new Refused('grant_unknown', `There is no grant ${grantId}.`, "List the organization's grants.", 404)
}

type Wanted = { organizationId?: string; poolId?: string }

async function lockAndClock(tx: Tx, tenantId: string, wanted: Wanted): Promise<LockedPool | null> {
  const { organizationId = null, poolId = null } = wanted
  // The clock is a statement of its own: in the locking one it may be read before the lock is had.
  const [[pool], [clock]] = await Promise.all([
    tx<Omit<LockedPool, 'now'>[]>`
      select pool_id, tenant_id, organization_id from entitlements.resource_pools
      where tenant_id = ${tenantId}
        and (pool_id = ${poolId}::uuid or (organization_id = ${organizationId}::uuid and is_default))
      for update`,
    tx<{ now: Date }[]>`select clock_timestamp() as now`,
  ])
  return pool ? { ...pool, now: clock!.now } : null
}
