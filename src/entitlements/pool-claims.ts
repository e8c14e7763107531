import type { Reader } from '../db/types.ts'
import type { Ceiling, Claim, Holder } from './claims.ts'

export type LadderHolder = Holder & {
  status: string
  /** Only where a grant holds the place: why it was given, whether it still claims, and how it was closed if it was. */
  grant: {
    grantReason: string
    live: boolean
    closedReason: string | null
    rank: number | null
    givenAt: number
  } | null
}

/** Everything that the decision over one ladder of one pool needs. */
export type LadderClaims = {
  poolId: string
  planLadderId: string
  holder: LadderHolder | null
  claims: Claim[]
  /** An operator's "at most", while it is neither lifted nor past its end. */
  ceiling: LadderCeiling | null
  /** One that ran out and that nobody has lifted yet: it decides nothing, and may be why the place moves now. */
  lapsedCeiling: LadderCeiling | null
}

export type LadderCeiling = Ceiling & { ceilingId: string }

type Row = {
  role: 'holder' | 'claim' | 'ceiling'
  poolId: string
  planLadderId: string
  kind: Claim['kind']
  id: string
  productId: string
  rank: number | null
  status: string
  givenAt: number
  grantReason: string | null
  live: boolean
  closedReason: string | null
}

/** A subscription in one of these is live, and gives way to whoever pays. */
export const suspendedStatuses = new Set(['unpaid', 'paused'])

/**
 * The claims, holders and ceilings of many pools, one entry per pool and ladder on which there is any. Read under the pools' locks
 * when something is decided by it. A grant or ceiling whose `valid_until` has passed counts for nothing, whether or not its expiry job has run:
 * the clock is the database's, read by this statement, after the lock.
 */
export async function poolClaims(reader: Reader, poolIds: readonly string[]): Promise<LadderClaims[]> {
  const pools = poolIds as string[]
  const rows = await reader<Row[]>`
    select 'holder' as role, a.pool_id, a.plan_ladder_id,
           case when v.subscription_id is not null then 'subscription'
                when g.grant_reason = 'default' then 'default' else 'grant' end as kind,
           coalesce(v.subscription_id, v.grant_id) as id, v.product_id, t.rank, a.status,
           (extract(epoch from coalesce(g.granted_at, a.activated_at)) * 1000000)::bigint as given_at,
           g.grant_reason,
           g.closed_at is null and (g.valid_until is null or g.valid_until > clock_timestamp()) as live,
           g.closed_reason
      from entitlements.pool_provision_ladders a
      join entitlements.pool_provisions v on v.provision_id = a.provision_id
      left join entitlements.grants g on g.grant_id = v.grant_id
      left join billing.plan_ladder_tiers t on t.plan_ladder_id = a.plan_ladder_id and t.product_id = v.product_id
     where a.pool_id = any(${pools}::uuid[]) and a.ended_at is null
    union all
    select 'claim', c.pool_id, c.plan_ladder_id, 'subscription', c.subscription_id, c.product_id, t.rank, c.status,
           (extract(epoch from c.claimed_at) * 1000000)::bigint, null, true, null
      from entitlements.subscription_claims c
      join billing.plan_ladder_tiers t on t.plan_ladder_id = c.plan_ladder_id and t.product_id = c.product_id
     where c.pool_id = any(${pools}::uuid[])
    union all
    select 'claim', g.pool_id, t.plan_ladder_id, 'grant', g.grant_id, g.product_id, t.rank, 'active',
           (extract(epoch from g.granted_at) * 1000000)::bigint, g.grant_reason, true, null
      from entitlements.grants g
      join billing.plan_ladder_tiers t on t.product_id = g.product_id
       and t.plan_ladder_id = coalesce(g.plan_ladder_id, t.plan_ladder_id)
     where g.pool_id = any(${pools}::uuid[]) and g.grant_reason <> 'default' and g.closed_at is null
       and (g.valid_until is null or g.valid_until > clock_timestamp())
    union all
    select 'ceiling', c.pool_id, c.plan_ladder_id, 'default', c.ceiling_id, c.product_id, t.rank, '', 0, null,
           c.valid_until is null or c.valid_until > clock_timestamp(), null
      from entitlements.ceilings c
      join billing.plan_ladder_tiers t on t.plan_ladder_id = c.plan_ladder_id and t.product_id = c.product_id
     where c.pool_id = any(${pools}::uuid[]) and c.lifted_at is null`
  return grouped(rows)
}

function grouped(rows: readonly Row[]): LadderClaims[] {
  const found = new Map<string, LadderClaims>()
  for (const row of rows) {
    const key = `${row.poolId} ${row.planLadderId}`
    let ladder = found.get(key)
    if (!ladder) {
      const { poolId, planLadderId } = row
      ladder = { poolId, planLadderId, holder: null, claims: [], ceiling: null, lapsedCeiling: null }
      found.set(key, ladder)
    }
    if (row.role === 'ceiling') {
      const { id: ceilingId, productId, rank } = row
      ladder[row.live ? 'ceiling' : 'lapsedCeiling'] = { ceilingId, productId, rank: rank! }
      continue
    }
    if (row.role === 'holder') ladder.holder = holderOf(row)
    // A default claims the place that it holds and no other: what replaces it closes it.
    if (row.role === 'claim' || (row.kind === 'default' && row.live)) ladder.claims.push(claimOf(row))
  }
  // By pool and ladder, so that moves of one batch are written in the same order whatever plan the query took.
  return [...found.values()].sort((a, b) =>
    `${a.poolId} ${a.planLadderId}` < `${b.poolId} ${b.planLadderId}` ? -1 : 1,
  )
}

function holderOf({ kind, id, productId, status, grantReason, live, closedReason, rank, givenAt }: Row) {
  const grant = grantReason === null ? null : { grantReason, live, closedReason, rank, givenAt }
  return { kind, id, productId, status, grant }
}

function claimOf({ kind, id, productId, rank, status, givenAt }: Row): Claim {
  return {
    kind,
    id,
    productId,
    rank: rank ?? 0,
    status,
    givenAt,
    suspended: kind === 'subscription' && suspendedStatuses.has(status),
  }
}
