import type { Reader } from '../db/types.ts'
import type { Claim } from './claims.ts'
import { entryOf, type HistoryEntry, type HistoryRow } from './history.ts'

export type HolderExplained = { kind: Claim['kind']; id: string }

/** A row of the history with whose claim had the place before and after it, and the rule that moved it. */
export type MoveExplained = HistoryEntry & {
  /** Stripe's id for a subscription where it has one. */
  from_holder: HolderExplained | null
  to_holder: HolderExplained | null
  /** In words. */
  rule: string
}

/** Where an organization stood on one ladder at some moment. */
export type PlaceThen = {
  ladder: string
  /** Null: it had not come there yet, or had left. */
  product: string | null
  rank: number | null
  since: string | null
  holder: HolderExplained | null
  /** The move that brought it there, or took it away; null where none had been yet. */
  move: MoveExplained | null
}

/** How many of a ladder's moves are told, the newest, unless somebody asks for all. */
export const newestMoves = 50

/** Which moves are meant. */
export type MovesWanted = {
  /** So many of each ladder, the newest; null: all of them. */
  most: number | null
  /** Those until that moment; null: until now. A move of this very millisecond had been made. */
  at?: Date | null
}

/**
 * The newest moves of an organization on each of its ladders, in order, each with its rule. Of a ladder on which nothing had moved by
 * `at` the first move is told all the same, so that the ladder is known. How many came before those that are told is `earlierMoves`.
 * Provisions are never deleted: each tells for ever which grant or subscription it stands on.
 */
export async function explainMoves(
  reader: Reader,
  organizationId: string,
  { most, at = null }: MovesWanted,
): Promise<MoveExplained[]> {
  const rows = await reader<(HistoryRow & Holders)[]>`
    with moves as (
      select l.ladder_key as ladder, m.*
        from entitlements.resource_pools p
        cross join billing.plan_ladders l
        left join lateral (
          select n.sequence from entitlements.pool_provision_transitions n
           where n.pool_id = p.pool_id and n.plan_ladder_id = l.plan_ladder_id
             and (${at}::timestamptz is null or date_trunc('milliseconds', n.effective_at) <= ${at}::timestamptz)
           order by n.sequence desc limit 1) newest on true
        cross join lateral (
          select * from entitlements.pool_provision_transitions t
           where t.pool_id = p.pool_id and t.plan_ladder_id = l.plan_ladder_id and t.sequence <= coalesce(newest.sequence, 1)
           order by t.sequence desc limit ${most}) m
       where p.organization_id = ${organizationId}
    ), stood as (
      select v.provision_id, coalesce(s.stripe_subscription_id, v.subscription_id::text, v.grant_id::text) as id,
             case when v.subscription_id is not null then 'subscription'
                  when g.grant_reason = 'default' then 'default' else 'grant' end as kind
        from entitlements.pool_provisions v
        left join entitlements.grants g on g.grant_id = v.grant_id
        left join stripe.subscriptions s on s.subscription_id = v.subscription_id
       where v.provision_id in (select from_provision_id from moves union all select to_provision_id from moves)
    )
    select m.ladder, m.sequence, m.transition_type as type, m.from_rank, m.to_rank,
           fp.product_key as from_product, tp.product_key as to_product,
           m.actor_type, m.actor_id, m.actor_name, m.reason, m.cause_kind, m.cause_id, m.effective_at,
           f.kind as from_kind, f.id as from_id, t.kind as to_kind, t.id as to_id
      from moves m
      left join billing.products fp on fp.product_id = m.from_product_id
      left join billing.products tp on tp.product_id = m.to_product_id
      left join stood f on f.provision_id = m.from_provision_id
      left join stood t on t.provision_id = m.to_provision_id
     order by m.effective_at, m.ladder, m.sequence`
  return rows.map((row) => {
    const { fromKind, fromId, toKind, toId } = row
    const entry = entryOf(row)
    const from_holder = fromKind && { kind: fromKind, id: fromId! }
    const to_holder = toKind && { kind: toKind, id: toId! }
    return { ...entry, from_holder, to_holder, rule: ruleOf({ ...entry, from_holder, to_holder }) }
  })
}

/** How many moves a ladder had seen before those that are told of it: its rows are counted from 1 without a gap. Pure. */
export function earlierMoves(told: readonly Pick<MoveExplained, 'sequence'>[]): number {
  return told.length === 0 ? 0 : told[0]!.sequence - 1
}

/**
 * Where the moves up to a moment had led, one place for each ladder that the moves name at all. Pure.
 * @param moves in order
 * @param at a move of this very millisecond had been made
 */
export function placesAt(moves: readonly MoveExplained[], at: Date): PlaceThen[] {
  const places = new Map<string, PlaceThen>()
  for (const move of moves) {
    const { ladder, to_product, to_rank, to_holder, effective_at } = move
    const none = { ladder, product: null, rank: null, since: null, holder: null }
    if (Date.parse(effective_at) > at.getTime()) {
      if (!places.has(ladder)) places.set(ladder, { ...none, move: null })
      continue
    }
    places.set(
      ladder,
      to_holder === null
        ? { ...none, move }
        : { ladder, product: to_product, rank: to_rank, since: effective_at, holder: to_holder, move },
    )
  }
  return [...places.values()].sort((a, b) => (a.ladder < b.ladder ? -1 : 1))
}

type Ruled = Pick<MoveExplained, 'type' | 'from_rank' | 'to_rank' | 'cause' | 'from_holder' | 'to_holder'>

/** Which part of the rule in claims.ts a move followed, in words. Pure. */
export function ruleOf({ type, from_rank, to_rank, cause, from_holder, to_holder }: Ruled): string {
  if (type === 'end' || to_holder === null) return 'The last claim on this ladder was gone.'
  if (to_holder.kind === 'default') return 'Nothing else claimed the place: the default of its type gives it.'
  if (cause.kind === 'ceiling') {
    return from_rank !== null && to_rank !== null && to_rank < from_rank
      ? 'A ceiling lowers whoever claims more.'
      : 'A ceiling was gone: the best live claim has the place again.'
  }
  if (from_holder?.kind === 'default') return 'A default counts only while nothing else claims the place.'
  const same = from_holder?.id === to_holder.id
  if (same && type === 'upgrade') return 'The claim that has the place was raised.'
  if (same && type === 'downgrade') return 'The claim that has the place was lowered, and no other is better.'
  if (same) return 'The claim that has the place means another product of the same rank.'
  if (type === 'downgrade') return 'The better claim was gone, lower or suspended: the best one left has it.'
  if (type !== 'extend') return 'The best live claim has the place: not suspended first, then by rank.'
  if (to_holder.kind === 'grant') return 'At the same rank an operator’s newest grant takes over.'
  if (from_holder?.kind === 'grant') return 'At the same rank a subscription takes over from a grant.'
  return 'The claim before was gone or weaker: another claims the same rank.'
}

type Holders = {
  fromKind: Claim['kind'] | null
  fromId: string | null
  toKind: Claim['kind'] | null
  toId: string | null
}
