import type { Tx } from '../db/types.ts'

/**
 * Waits until every move that is under way has committed, and keeps new ones out until this transaction ends: whoever enables, disables
 * or deletes an endpoint does it between moves. The other side is the trigger of sql/0026_outbound.sql.
 */
export async function holdEndpointsAlone(tx: Tx): Promise<void> {
  await tx`select pg_advisory_xact_lock(hashtextextended('stepladder.outbound', 0))`
}
