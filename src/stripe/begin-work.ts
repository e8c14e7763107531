import type { Tx } from '../db/types.ts'
import { readsByIndex } from '../db/worker-settings.ts'

/**
 * How a worker's transaction begins: it reads by index, and the catalog is held (see `holdCatalog`) and its version read once it is.
 * What else is sent in the same turn goes out together with it and is carried out after it.
 */
export async function beginWork(tx: Tx): Promise<{ catalogVersion: number }> {
  const [row] = await tx<{ version: number }[]>`select ${readsByIndex(tx)}, billing.hold_catalog() as version`
  return { catalogVersion: row!.version }
}
