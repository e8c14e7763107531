import { holdingCatalog, readCatalogVersion } from '../billing/hold-catalog.ts'
import type { Tx } from '../db/types.ts'
import { readsByIndex } from '../db/worker-settings.ts'

/**
 * How a worker's transaction begins: it reads by index, the catalog is held, and its version is read once it is.
 * What else is sent in the same turn goes out together with it and is carried out after it.
 */
export async function beginWork(tx: Tx): Promise<{ catalogVersion: number }> {
  const [, catalogVersion] = await Promise.all([open(tx), readCatalogVersion(tx)])
  return { catalogVersion }
}

async function open(tx: Tx): Promise<void> {
  await tx`select ${readsByIndex(tx)}, ${holdingCatalog(tx)}`
}
