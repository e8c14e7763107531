import type { Reader } from '../db/types.ts'
import { Refused } from '../errors.ts'

/** How many stand on a tier now, and how many more would, were what holds them away not there. */
export type TierUse = {
  product: string
  name: string
  status: 'draft' | 'published' | 'retired'
  rank: number
  /** Live attachments, whatever their status (D16). */
  attachments: number
  /** Live subscriptions and operators' grants that claim the tier; those that have the place are among both numbers. */
  claims: number
  /** Operators' ceilings that stand on it. */
  ceilings: number
}

export type Ladder = {
  key: string
  name: string
  description: string | null
  /** Org types that start on it. */
  defaultOf: string[]
  /** From the lowest rank up. */
  tiers: TierUse[]
  createdAt: Date
  updatedAt: Date
}

/** The active ladders by key. Attachments and claims are those of all tenants: a tier is everybody's. */
export async function listLadders(
  reader: Reader,
  wanted: { key?: string; after?: string | null; limit: number },
): Promise<Ladder[]> {
  const { key = null, after = null, limit } = wanted
  return reader<Ladder[]>`
    select l.ladder_key as key, l.name, l.description, l.created_at, l.updated_at, coalesce(t.tiers, '[]') as tiers,
           array(select org_type_key from organization.org_types y
                 where y.default_plan_ladder_id = l.plan_ladder_id order by 1) as default_of
    from billing.plan_ladders l
    left join lateral (
      select jsonb_agg(jsonb_build_object(
               'product', p.product_key, 'name', p.name, 'status', p.lifecycle_status, 'rank', t.rank,
               'attachments', (
                 select count(*) from entitlements.pool_provision_ladders a
                 join entitlements.pool_provisions v using (provision_id)
                 where a.plan_ladder_id = t.plan_ladder_id and a.ended_at is null and v.product_id = t.product_id),
               'claims', (
                 select count(*) from entitlements.subscription_claims c
                 where c.plan_ladder_id = t.plan_ladder_id and c.product_id = t.product_id
               ) + (
                 select count(*) from entitlements.grants g
                 where g.product_id = t.product_id and g.grant_reason <> 'default' and g.closed_at is null
                   and (g.plan_ladder_id is null or g.plan_ladder_id = t.plan_ladder_id)
                   and (g.valid_until is null or g.valid_until > clock_timestamp())),
               'ceilings', (
                 select count(*) from entitlements.ceilings c
                 where c.plan_ladder_id = t.plan_ladder_id and c.product_id = t.product_id and c.lifted_at is null)
             ) order by t.rank) as tiers
      from billing.plan_ladder_tiers t join billing.products p using (product_id)
      where t.plan_ladder_id = l.plan_ladder_id
    ) t on true
    where l.is_active and (${key}::text is null or l.ladder_key = ${key})
      and (${after}::text is null or l.ladder_key collate "C" > ${after})
    order by l.ladder_key collate "C"
    limit ${limit}
  `
}

/** @throws Refused `ladder_unknown` (404) */
export async function getLadder(reader: Reader, key: string): Promise<Ladder> {
  const [ladder] = await listLadders(reader, { key, limit: 1 })
  if (ladder) return ladder
  throw new Refused('ladder_unknown', 'There is no such ladder.', 'See the keys: GET /api/v1/ladders', 404)
}

/** The keys of ladders, active or not, by plan_ladder_id. */
export async function ladderKeys(
  reader: Reader,
  planLadderIds: readonly string[],
): Promise<Map<string, string>> {
  if (planLadderIds.length === 0) return new Map()
  const rows = await reader<{ id: string; key: string }[]>`
    select plan_ladder_id as id, ladder_key as key from billing.plan_ladders
    where plan_ladder_id = any(${planLadderIds as string[]}::uuid[])
  `
  return new Map(rows.map(({ id, key }) => [id, key]))
}
