import type { Reader, Tx } from '../db/types.ts'
import { bestClaim, type Claim } from './claims.ts'
import { explainClaim } from './explain-claim.ts'
import type { LockedPool } from './locked-pool.ts'
import type { Actor } from './moves.ts'
import { poolClaims } from './pool-claims.ts'
import { type SettledMove, settlePools } from './settle-pools.ts'

/** What an operator's grant came to. */
export type GrantGiven = {
  grantId: string
  organizationId: string
  poolId: string
  /** The product's key. */
  product: string
  grantReason: 'manual' | 'trial' | 'extension'
  validUntil: Date | null
  extendsGrantId: string | null
  /** One for each ladder on which it claims. */
  places: PlaceAfter[]
  /** The history rows that were written, the re-applying of defaults among them. */
  moves: SettledMove[]
  /**
   * Only when it ends at some time (R44): after the commit, ring for this grant at that time. If nobody does,
   * the sweep over the database finds it some seconds late.
   */
  expiry: { grantId: string; at: Date } | null
}

export type PlaceAfter = {
  ladder: string
  /** `held`: the claim is live and something better has the place. */
  outcome: 'holds' | 'held'
  /** Where the pool stands now. */
  product: string
  rank: number
  holder: { kind: Claim['kind']; id: string }
  /** In words; for what is held, why: `Pro is paid for`. */
  because: string
}

/** Settles the pool of a grant that has just been added, under its lock, and tells what came of it. */
export async function settleGiven(
  tx: Tx,
  { poolId, organizationId }: LockedPool,
  given: Omit<GrantGiven, 'organizationId' | 'poolId' | 'places' | 'moves' | 'expiry'> & {
    actor: Actor
    reason: string
  },
): Promise<GrantGiven> {
  const { actor, reason, ...told } = given
  const { grantId, validUntil } = told
  const cause = { kind: 'grant', id: grantId } as const
  const moves = await settlePools(tx, [{ poolId, about: grantId, actor, reason, cause }])
  return {
    ...told,
    organizationId,
    poolId,
    places: await placesOf(tx, poolId, grantId),
    moves,
    expiry: validUntil && { grantId, at: validUntil },
  }
}

/** What became of one claim on each of its ladders, read after the pool was settled, under its lock. */
export async function placesOf(reader: Reader, poolId: string, grantId: string): Promise<PlaceAfter[]> {
  const ladders = (await poolClaims(reader, [poolId])).filter(({ claims }) =>
    claims.some(({ id }) => id === grantId),
  )
  const names = await namesOf(
    reader,
    ladders.flatMap(({ planLadderId, holder }) => [planLadderId, ...(holder ? [holder.productId] : [])]),
  )
  return ladders.flatMap(({ planLadderId, holder, claims, ceiling }) => {
    const winner = bestClaim(claims, holder, ceiling)
    if (!winner) return []
    const own = claims.find(({ id }) => id === grantId)!
    const standing = names.get(winner.productId)
    const holds = winner.id === grantId
    const lowered = holds && winner.productId !== own.productId
    return {
      ladder: names.get(planLadderId)!.key,
      outcome: holds ? ('holds' as const) : ('held' as const),
      product: standing?.key ?? winner.productId,
      rank: winner.rank,
      holder: { kind: winner.kind, id: winner.id },
      because: lowered
        ? `a ceiling lowers it to ${standing?.name}`
        : !holds && winner.kind === 'subscription' && winner.rank > own.rank
          ? `${standing?.name} is paid for`
          : explainClaim(own, winner, { holder, ceiling }).why,
    }
  })
}

type Name = { key: string; name: string }

async function namesOf(reader: Reader, ids: readonly string[]): Promise<Map<string, Name>> {
  const wanted = ids as string[]
  const rows = await reader<(Name & { id: string })[]>`
    select plan_ladder_id as id, ladder_key as key, name from billing.plan_ladders where plan_ladder_id = any(${wanted}::uuid[])
    union all select product_id, product_key, name from billing.products where product_id = any(${wanted}::uuid[])`
  return new Map(rows.map(({ id, key, name }) => [id, { key, name }]))
}
