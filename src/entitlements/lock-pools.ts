import type { Tx } from '../db/types.ts'

/**
 * Takes the pools' locks until the transaction ends, in the one order that all paths take them (by id, after subscriptions).
 * It comes before ladder state is read, and before anything that references a pool is inserted: a foreign key takes a share
 * lock on the pool, and raising that later deadlocks against whoever did the same.
 */
export async function lockPools(tx: Tx, poolIds: readonly string[]): Promise<void> {
  await tx`
    select from entitlements.resource_pools
    where pool_id = any(${poolIds as string[]}::uuid[])
    order by pool_id for update`
}
