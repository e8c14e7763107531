import type { Tx } from '../db/types.ts'
import { type Actor, type Cause, type Move, type Moved, type Target, writeMoves } from './moves.ts'
import { type ReapplyWhy, reapplyDefaults } from './reapply-defaults.ts'

/**
 * The sole writer of ladder enrollment (R22). Ends the provision before, makes the new one, keeps the attachment and adds one
 * row to the history (R24), all in the caller's transaction (R30). After a downgrade or an end it hands the pool to
 * the re-applying of defaults (R25), whose own move, if there is one, is answered behind.
 * @param target null to leave the ladder.
 */
export async function transition(
  tx: Tx,
  poolId: string,
  target: Target | null,
  actor: Actor,
  why: { planLadderId: string; reason: string; cause: Cause },
): Promise<Moved[]> {
  return transitionMany(tx, [{ poolId, target, actor, ...why }])
}

/** The same for a batch, in one call of the database's door and two more where a default is due. */
export async function transitionMany(tx: Tx, moves: readonly Move[]): Promise<Moved[]> {
  const moved = await writeMoves(tx, moves)
  const left = new Map<string, ReapplyWhy>()
  for (const { poolId, type, reason, cause } of moved) {
    if (type === 'end' || type === 'downgrade') {
      left.set(poolId, { reason: `Default re-applied after the ${type}: ${reason}`, cause })
    }
  }
  return [...moved, ...(await reapplyDefaults(tx, left))]
}
