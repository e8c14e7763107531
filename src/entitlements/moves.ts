import type { Tx } from '../db/types.ts'

/** Who does it. The type is open: a new source of moves is a new call site with a type of its own (R28). */
export type Actor = { type: 'webhook' | 'system' | 'operator' | (string & {}); id?: string; name?: string }

/** What brought it about: an event's id, a fetch's, a grant's, a ceiling's, … */
export type Cause = {
  kind: 'event' | 'fetch' | 'grant' | 'ceiling' | 'catalog' | 'operator' | 'organization'
  id: string
}

/** A tier, and whose claim puts the pool there. `status` is Stripe's word; active when absent. */
export type Target = {
  productId: string
  source: { kind: 'subscription' | 'grant'; id: string }
  status?: string
}

export type Move = {
  poolId: string
  planLadderId: string
  /** null: leave the ladder. */
  target: Target | null
  actor: Actor
  reason: string
  cause: Cause
}

export type MoveType = 'initiate' | 'upgrade' | 'downgrade' | 'extend' | 'end'

export type Moved = {
  poolId: string
  planLadderId: string
  /** `none`: the same target from the same source stood there already (R26). */
  type: MoveType | 'none'
  transitionId: string | null
  provisionId: string | null
  fromRank: number | null
  toRank: number | null
  reason: string
  cause: Cause
}

type Answer = {
  type: Moved['type']
  transition_id?: string
  provision_id: string | null
  from_rank: number | null
  to_rank: number | null
}

/**
 * Carries moves out through the one door that may write ladder enrollment, all in one call, in the order given. The door
 * locks every pool first, sorted, and classifies and records each move. What follows from a move (defaults) is not done here:
 * that is `transitionMany`, and this is what it and the re-applying of defaults share.
 * @throws PostgresError 22023 for a product that is no tier of the ladder or a grant of another pool, P0002 for an unknown pool.
 */
export async function writeMoves(tx: Tx, moves: readonly Move[]): Promise<Moved[]> {
  if (moves.length === 0) return []
  const asked = moves.map(({ poolId, planLadderId, target, actor, reason, cause }) => ({
    pool_id: poolId,
    plan_ladder_id: planLadderId,
    target: target && {
      product_id: target.productId,
      source: target.source.kind,
      source_id: target.source.id,
      status: target.status ?? 'active',
    },
    actor: { type: actor.type, id: actor.id ?? null, name: actor.name ?? null },
    reason,
    cause: { kind: cause.kind, id: cause.id },
  }))
  const [row] = await tx<
    { answers: Answer[] }[]
  >`select entitlements.transition_many(${tx.json(asked)}) as answers`
  return row!.answers.map((answer, index) => {
    const { poolId, planLadderId, reason, cause } = moves[index]!
    return {
      poolId,
      planLadderId,
      type: answer.type,
      transitionId: answer.transition_id ?? null,
      provisionId: answer.provision_id,
      fromRank: answer.from_rank,
      toRank: answer.to_rank,
      reason,
      cause,
    }
  })
}
