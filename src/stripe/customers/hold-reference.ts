import type { Tx } from '../../db/types.ts'

/**
 * Keeps still, until this transaction ends, whether there are organizations of these names: whoever is about to wait for one
 * holds its name from before the look, and whoever creates one holds it alone (`holdReferenceAlone`). So an organization
 * is never created between the look and the waiting, where nobody would wake what waits.
 */
export async function holdReferences(tx: Tx, references: readonly string[]): Promise<void> {
  if (references.length === 0) return
  await tx`
    select pg_advisory_xact_lock_shared(hashtext('stripe.organization_reference'), key)
    from (select distinct hashtext(name) as key from unnest(${references as string[]}::text[]) as t (name) order by key) as sorted`
}

/** Called after `holdCatalog` and before anything is written. */
export async function holdReferenceAlone(tx: Tx, reference: string): Promise<void> {
  await tx`select pg_advisory_xact_lock(hashtext('stripe.organization_reference'), hashtext(${reference}))`
}
