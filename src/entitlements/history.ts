import type { Reader } from '../db/types.ts'
import type { Cause, MoveType } from './moves.ts'

/** One row of the canonical history of tiers (R55, R67), as people and the API read it. */
export type HistoryEntry = {
  ladder: string
  /** Counts from 1 on each ladder. */
  sequence: number
  type: MoveType
  from_rank: number | null
  to_rank: number | null
  from_product: string | null
  to_product: string | null
  /** `system`, `webhook`, or the name of the operator who did it. */
  actor: string
  actor_type: string
  actor_id: string | null
  reason: string
  cause: { kind: Cause['kind'] | (string & {}); id: string | null }
  /** ISO 8601. */
  effective_at: string
}

export type HistoryWanted = {
  /** The ladder's key. */
  ladder?: string | undefined
  /** The last entry of the page before: it and all before it are left out. */
  after?: { ladder: string; sequence: number } | null
  limit?: number
}

/** What happened to an organization on all its ladders, in order. */
export async function organizationHistory(
  reader: Reader,
  organizationId: string,
  wanted: HistoryWanted = {},
): Promise<HistoryEntry[]> {
  const { ladder = null, after = null, limit = null } = wanted
  const rows = await reader<HistoryRow[]>`
    select l.ladder_key as ladder, m.sequence, m.transition_type as type, m.from_rank, m.to_rank,
           f.product_key as from_product, t.product_key as to_product,
           m.actor_type, m.actor_id, m.actor_name, m.reason, m.cause_kind, m.cause_id, m.effective_at
      from entitlements.resource_pools p
      join entitlements.pool_provision_transitions m on m.pool_id = p.pool_id
      join billing.plan_ladders l on l.plan_ladder_id = m.plan_ladder_id
      left join billing.products f on f.product_id = m.from_product_id
      left join billing.products t on t.product_id = m.to_product_id
     where p.organization_id = ${organizationId}
       and (${ladder}::text is null or l.ladder_key = ${ladder})
       and (${after === null} or (m.effective_at, l.ladder_key, m.sequence) > (
         select last.effective_at, known.ladder_key, last.sequence
           from entitlements.pool_provision_transitions last
           join billing.plan_ladders known using (plan_ladder_id)
           join entitlements.resource_pools own on own.pool_id = last.pool_id and own.organization_id = ${organizationId}
          where known.ladder_key = ${after?.ladder ?? null} and last.sequence = ${after?.sequence ?? null}::bigint
          limit 1))
     order by m.effective_at, l.ladder_key, m.sequence
     limit ${limit}`
  return rows.map(entryOf)
}

/** A row of the history as it is read, with the names of what its ids stand for. */
export type HistoryRow = {
  ladder: string
  sequence: number
  type: MoveType
  fromRank: number | null
  toRank: number | null
  fromProduct: string | null
  toProduct: string | null
  actorType: string
  actorId: string | null
  actorName: string | null
  reason: string
  causeKind: string
  causeId: string | null
  effectiveAt: Date
}

export function entryOf(row: HistoryRow): HistoryEntry {
  return {
    ladder: row.ladder,
    sequence: row.sequence,
    type: row.type,
    from_rank: row.fromRank,
    to_rank: row.toRank,
    from_product: row.fromProduct,
    to_product: row.toProduct,
    actor: row.actorName ?? row.actorType,
    actor_type: row.actorType,
    actor_id: row.actorId,
    reason: row.reason,
    cause: { kind: row.causeKind, id: row.causeId },
    effective_at: row.effectiveAt.toISOString(),
  }
}
