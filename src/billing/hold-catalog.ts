import type { Db, Reader, Tx } from '../db/types.ts'
import { readsByIndex } from '../db/worker-settings.ts'

/**
 * Keeps the catalog still until this transaction ends; many may hold it at once, and only whoever changes it waits for them.
 * Whoever decided from an old catalog has then committed before a change looks for what it has to wake, and nobody decides
 * from a half-made one. It is the first lock that a transaction takes: taken later, two workers and a change could wait for each
 * other in a ring; taken again, it keeps nobody waiting. Such transactions settle, are short, and all read by index, since they share
 * the plans of their statements. What else is sent in the same turn is carried out after it. The lock's name stands in
 * `billing.hold_catalog` (sql/0033_hold_catalog.sql) as well as in `holdCatalogAlone`.
 * @returns the catalog's version, read once the catalog is held: it cannot change then
 */
export async function holdCatalog(tx: Tx): Promise<number> {
  const [row] = await tx<{ version: number }[]>`select ${readsByIndex(tx)}, billing.hold_catalog() as version`
  return row!.version
}

/** A transaction in which the catalog stays as it is: nobody takes away the tier that is being given. */
export function whileCatalogHeld<T>(db: Db, work: (tx: Tx) => Promise<T>): Promise<T> {
  return db.begin(async (tx) => {
    await holdCatalog(tx)
    return work(tx)
  }) as Promise<T>
}

/** The other side of `holdCatalog`: waits until nobody decides from the catalog, and keeps them out until the commit. */
export async function holdCatalogAlone(tx: Tx): Promise<void> {
  await tx`select pg_advisory_xact_lock(hashtextextended('stepladder.catalog', 0))`
}

/** Counts every change of products, tiers and mappings. Read it after `holdCatalog` has answered: it cannot change then. */
export async function readCatalogVersion(sql: Reader): Promise<number> {
  const [row] = await sql<{ version: number }[]>`select version from billing.catalog_version`
  return row!.version
}
