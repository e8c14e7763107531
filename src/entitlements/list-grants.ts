import type { Reader } from '../db/types.ts'
import { mayBeId } from './locked-pool.ts'

/** A grant as people and the API read it. */
export type GrantEntry = {
  grant_id: string
  organization_id: string
  product: string
  /** `plan` for what Enrollment gives; else what the Grants tab gives. */
  kind: string | null
  grant_reason: 'default' | 'manual' | 'trial' | 'extension'
  quantity: number
  reason: string
  /** `system`, or the name of the operator who gave it. */
  actor: string
  granted_at: string
  valid_until: string | null
  closed_at: string | null
  closed_reason: 'superseded' | 'revoked' | 'expired' | 'extended' | null
  extends_grant_id: string | null
  /** The only ladder on which it claims; null: all on which its product is a tier. */
  ladder: string | null
  /** Neither closed nor past its end. */
  live: boolean
  /** The ladders on which it holds the place now. */
  holds: string[]
}

export type GrantsWanted = {
  tenantId: string
  organizationId: string
  /** Those that have ended too. */
  past?: boolean
  /** Only what is given beside ladders. */
  flat?: boolean
  /** The last grant_id of the page before. */
  after?: string | null
  limit?: number
}

/** The grants of an organization, the newest first. Of another tenant: none. */
export async function listGrants(reader: Reader, wanted: GrantsWanted): Promise<GrantEntry[]> {
  const { tenantId, organizationId, past = false, flat = false, after = null, limit = null } = wanted
  if (!mayBeId(organizationId)) return []
  const found = await reader<{ grantId: string }[]>`
    select grant_id from entitlements.grants g
     where tenant_id = ${tenantId} and organization_id = ${organizationId}
       and (${past} or (closed_at is null and (valid_until is null or valid_until > clock_timestamp())))
       and not (${flat} and exists (
         select from billing.product_kinds k where k.product_id = g.product_id and k.product_kind = 'plan'))
       and (${after}::uuid is null or (granted_at, grant_id) < (
         select last.granted_at, last.grant_id from entitlements.grants last
          where last.grant_id = ${after}::uuid and last.organization_id = ${organizationId}))
     order by granted_at desc, grant_id desc
     limit ${limit}`
  return grantEntries(
    reader,
    found.map(({ grantId }) => grantId),
  )
}

/** One grant and where it comes from (R49): what it extends, what that extended, and so on, in this order. */
export type GrantLineage = { grant: GrantEntry; ancestors: GrantEntry[] }

/** Null for a grant that does not exist, or is another tenant's or another organization's than the one named. */
export async function getGrantLineage(
  reader: Reader,
  wanted: { tenantId: string; grantId: string; organizationId?: string },
): Promise<GrantLineage | null> {
  const { tenantId, grantId, organizationId = null } = wanted
  if (![grantId, organizationId ?? grantId].every(mayBeId)) return null
  const walked = await reader<{ grantId: string }[]>`
    with recursive lineage as (
      select grant_id, extends_grant_id, 0 as step from entitlements.grants
       where grant_id = ${grantId} and tenant_id = ${tenantId}
         and (${organizationId}::uuid is null or organization_id = ${organizationId}::uuid)
      union all
      select prior.grant_id, prior.extends_grant_id, l.step + 1
        from lineage l join entitlements.grants prior on prior.grant_id = l.extends_grant_id
    )
    select grant_id from lineage order by step`
  const [grant, ...ancestors] = await grantEntries(
    reader,
    walked.map((step) => step.grantId),
  )
  return grant ? { grant, ancestors } : null
}

type Row = {
  grantId: string
  organizationId: string
  product: string
  kind: string | null
  grantReason: GrantEntry['grant_reason']
  quantity: number
  reason: string
  actor: string
  grantedAt: Date
  validUntil: Date | null
  closedAt: Date | null
  closedReason: GrantEntry['closed_reason']
  extendsGrantId: string | null
  ladder: string | null
  live: boolean
  holds: string[]
}

/** In the order of the ids. */
async function grantEntries(reader: Reader, grantIds: readonly string[]): Promise<GrantEntry[]> {
  const rows = await reader<Row[]>`
    select g.grant_id, g.organization_id, p.product_key as product, k.product_kind as kind, g.grant_reason, g.quantity, g.reason,
           coalesce(g.actor_name, g.actor_type) as actor, g.granted_at, g.valid_until, g.closed_at, g.closed_reason,
           g.extends_grant_id, only_on.ladder_key as ladder,
           g.closed_at is null and (g.valid_until is null or g.valid_until > clock_timestamp()) as live,
           array(select l.ladder_key from entitlements.pool_provisions v
                   join entitlements.pool_provision_ladders a using (provision_id)
                   join billing.plan_ladders l on l.plan_ladder_id = a.plan_ladder_id
                  where v.grant_id = g.grant_id and v.ended_at is null order by l.ladder_key) as holds
      from unnest(${grantIds as string[]}::uuid[]) with ordinality as wanted (grant_id, n)
      join entitlements.grants g on g.grant_id = wanted.grant_id
      join billing.products p on p.product_id = g.product_id
      join billing.product_kinds k on k.product_id = g.product_id
      left join billing.plan_ladders only_on on only_on.plan_ladder_id = g.plan_ladder_id
     order by wanted.n`
  return rows.map((row) => ({
    grant_id: row.grantId,
    organization_id: row.organizationId,
    product: row.product,
    kind: row.kind,
    grant_reason: row.grantReason,
    quantity: row.quantity,
    reason: row.reason,
    actor: row.actor,
    granted_at: row.grantedAt.toISOString(),
    valid_until: row.validUntil?.toISOString() ?? null,
    closed_at: row.closedAt?.toISOString() ?? null,
    closed_reason: row.closedReason,
    extends_grant_id: row.extendsGrantId,
    ladder: row.ladder,
    live: row.live,
    holds: row.holds,
  }))
}
