import type { Db, Reader, Tx } from '../db/types.ts'

/**
 * Keeps the catalog still until this transaction ends; many may hold it at once, and only whoever changes it waits for them.
 * Whoever decided from an old catalog has then committed before a change looks for what it has to wake, and nobody decides
 * from a half-made one. It is the first lock that a transaction takes (a worker's begins with it, `begin-work.ts`):
 * taken later, two workers and a change could wait for each other in a ring; taken again, it costs nothing.
 */
export async function holdCatalog(tx: Tx): Promise<void> {
  await tx`select billing.hold_catalog()`
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
