import type { Tx } from '../db/types.ts'
import { decide } from './claims.ts'
import { lockPools } from './lock-pools.ts'
import type { Actor, Cause, Move, Moved, MoveType } from './moves.ts'
import { type LadderClaims, poolClaims } from './pool-claims.ts'
import { transitionMany } from './transition.ts'

export type SettleRequest = {
  poolId: string
  actor: Actor
  cause: Cause
  reason: string
  /** The subscription_id, grant_id or ceiling_id that changed: it tells which request a move is due to when several name one pool. */
  about?: string
}

export type SettledMove = Moved & {
  type: MoveType
  /** True for the default re-applied after an end or a downgrade. */
  byDefault: boolean
}

/**
 * Brings pools to where their claims say they belong: locks them, reads every claim and holder, decides per pool and ladder,
 * and writes the whole batch at once. Settling again moves nothing. Pools that stand right are not in the answer.
 */
export async function settlePools(tx: Tx, requests: readonly SettleRequest[]): Promise<SettledMove[]> {
  if (requests.length === 0) return []
  const poolIds = [...new Set(requests.map(({ poolId }) => poolId))]
  // Sent together, carried out one after the other: the reading statement's snapshot is taken after the locks.
  const [, moves] = await Promise.all([lockPools(tx, poolIds), settleLockedPools(tx, requests)])
  return moves
}

/** The same for pools that the caller has locked. */
export async function settleLockedPools(tx: Tx, requests: readonly SettleRequest[]): Promise<SettledMove[]> {
  if (requests.length === 0) return []
  const byPool = new Map<string, SettleRequest[]>()
  for (const request of requests) {
    const others = byPool.get(request.poolId)
    if (others) others.push(request)
    else byPool.set(request.poolId, [request])
  }
  const ladders = await poolClaims(tx, [...byPool.keys()])

  const moves: Move[] = []
  const lapsed: string[] = []
  const lapsedCeilings: string[] = []
  for (const ladder of ladders) {
    const { move, lapsedGrant } = moveFor(ladder, byPool.get(ladder.poolId)!)
    if (move) moves.push(move)
    if (lapsedGrant) lapsed.push(lapsedGrant)
    if (move && ladder.lapsedCeiling) lapsedCeilings.push(ladder.lapsedCeiling.ceilingId)
  }
  if (moves.length === 0) return []
  if (lapsed.length > 0) await closeLapsed(tx, lapsed)
  if (lapsedCeilings.length > 0) await liftLapsed(tx, lapsedCeilings)
  const moved = await transitionMany(tx, moves)
  return moved.flatMap((one, index) =>
    one.type === 'none' ? [] : [{ ...one, type: one.type, byDefault: index >= moves.length }],
  )
}

function moveFor(
  ladder: LadderClaims,
  requests: readonly SettleRequest[],
): { move?: Move; lapsedGrant?: string } {
  const { poolId, planLadderId, holder, claims, ceiling } = ladder
  const decision = decide(claims, holder, ceiling)
  if (decision.kind === 'keep') return {}
  const to = decision.kind === 'move' ? decision.to : null
  const target = to && {
    productId: to.productId,
    source: { kind: to.kind === 'subscription' ? to.kind : ('grant' as const), id: to.id },
    status: to.status,
  }
  const request =
    requests.find(({ about }) => about !== undefined && about === to?.id) ??
    requests.find(({ about }) => about !== undefined && about === holder?.id) ??
    requests.at(-1)!
  const lapse = lapseOfGrant(ladder, request) ?? lapseOfCeiling(ladder, request)
  return {
    move: { poolId, planLadderId, target, ...(lapse ?? pick(request)) },
    ...(holder?.grant && !holder.grant.live && { lapsedGrant: holder.id }),
  }
}

function pick({ actor, reason, cause }: SettleRequest) {
  return { actor, reason, cause }
}

/**
 * A grant that ran out may be noticed only when some event passes by. If the holder would have stayed with its grant alive,
 * then the grant moved the pool and not that event, and history says so.
 */
function lapseOfGrant(
  { holder, claims, ceiling }: LadderClaims,
  request: SettleRequest,
): ReturnType<typeof pick> | null {
  if (!holder?.grant || holder.grant.live || request.about === holder.id) return null
  const { grantReason, closedReason, rank, givenAt } = holder.grant
  const { kind, id, productId, status } = holder
  const alive = { kind, id, productId, status, givenAt, rank: rank ?? 0, suspended: false }
  if (decide([...claims, alive], holder, ceiling).kind !== 'keep') return null
  const fate = closedReason === null || closedReason === 'expired' ? 'ran out' : `was ${closedReason}`
  return {
    actor: { type: 'system' },
    reason: `The ${grantReason} grant ${fate}`,
    cause: { kind: 'grant', id },
  }
}

/** The same for a ceiling: if the place would have stayed under it, then its end moved the pool. */
function lapseOfCeiling(
  { holder, claims, lapsedCeiling }: LadderClaims,
  request: SettleRequest,
): ReturnType<typeof pick> | null {
  if (!lapsedCeiling || request.about === lapsedCeiling.ceilingId) return null
  if (decide(claims, holder, lapsedCeiling).kind !== 'keep') return null
  return {
    actor: { type: 'system' },
    reason: 'The ceiling ran out',
    cause: { kind: 'ceiling', id: lapsedCeiling.ceilingId },
  }
}

async function closeLapsed(tx: Tx, grantIds: string[]): Promise<void> {
  await tx`
    update entitlements.grants set closed_at = clock_timestamp(), closed_reason = 'expired'
    where grant_id = any(${grantIds}::uuid[]) and closed_at is null and valid_until <= clock_timestamp()`
}

async function liftLapsed(tx: Tx, ceilingIds: string[]): Promise<void> {
  await tx`
    update entitlements.ceilings
    set lifted_at = clock_timestamp(), lifted_how = 'expired', lifted_reason = 'It ran out', lifted_by_type = 'system'
    where ceiling_id = any(${ceilingIds}::uuid[]) and lifted_at is null and valid_until <= clock_timestamp()`
}
