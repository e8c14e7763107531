import type { Reader, Tx } from '../db/types.ts'
import { Refused } from '../errors.ts'
import { givenReason } from './add-grant.ts'
import { lockedPool, mayBeId } from './locked-pool.ts'
import type { Actor } from './moves.ts'
import { type SettledMove, settlePools } from './settle-pools.ts'

/** A subscription that pays for more than an operator allows. */
export type PaidAbove = {
  ceilingId: string
  organizationId: string
  ladder: string
  /** What it pays for, and what the ceiling lowers it to: products' keys. */
  pays: string
  stands: string
  /** Stripe's id where it is known, else ours. */
  subscription: string
}

/** The payers above live ceilings: of one, of one tenant, or all. Who is unpaid or paused does not pay. */
export async function paidAboveCeilings(
  reader: Reader,
  wanted: { ceilingId?: string; tenantId?: string } = {},
): Promise<PaidAbove[]> {
  const { ceilingId = null, tenantId = null } = wanted
  return reader<PaidAbove[]>`
    select c.ceiling_id, c.organization_id, l.ladder_key as ladder, paid.product_key as pays, most.product_key as stands,
           coalesce(s.stripe_subscription_id, k.subscription_id::text) as subscription
      from entitlements.ceilings c
      join billing.plan_ladder_tiers top on top.plan_ladder_id = c.plan_ladder_id and top.product_id = c.product_id
      join entitlements.subscription_claims k on k.pool_id = c.pool_id and k.plan_ladder_id = c.plan_ladder_id
      join billing.plan_ladder_tiers t on t.plan_ladder_id = k.plan_ladder_id and t.product_id = k.product_id
      join billing.plan_ladders l on l.plan_ladder_id = c.plan_ladder_id
      join billing.products paid on paid.product_id = k.product_id
      join billing.products most on most.product_id = c.product_id
      left join stripe.subscriptions s on s.subscription_id = k.subscription_id
     where c.lifted_at is null and (c.valid_until is null or c.valid_until > clock_timestamp())
       and (${ceilingId}::uuid is null or c.ceiling_id = ${ceilingId}::uuid)
       and (${tenantId}::uuid is null or c.tenant_id = ${tenantId}::uuid)
       and t.rank > top.rank and k.status not in ('unpaid', 'paused')
     order by c.set_at, c.ceiling_id, subscription`
}

export type CeilingEntry = {
  ceiling_id: string
  ladder: string
  product: string
  reason: string
  actor: string
  set_at: string
  valid_until: string | null
  lifted_at: string | null
  lifted_how: 'lifted' | 'expired' | 'replaced' | null
  lifted_reason: string | null
  lifted_by: string | null
  /** Neither lifted nor past its end. */
  live: boolean
}

export type CeilingsWanted = {
  tenantId: string
  organizationId: string
  /** Those that are gone too. */
  past?: boolean
  /** The last ceiling_id of the page before. */
  after?: string | null
  limit?: number
}

/** The ceilings of an organization, the newest first. */
export async function listCeilings(reader: Reader, wanted: CeilingsWanted): Promise<CeilingEntry[]> {
  const { tenantId, organizationId, past = false, after = null, limit = null } = wanted
  if (!mayBeId(organizationId)) return []
  const rows = await reader<CeilingRow[]>`
    select c.ceiling_id, l.ladder_key as ladder, p.product_key as product, c.reason, coalesce(c.actor_name, c.actor_type) as actor,
           c.set_at, c.valid_until, c.lifted_at, c.lifted_how, c.lifted_reason,
           coalesce(c.lifted_by_name, c.lifted_by_type) as lifted_by,
           c.lifted_at is null and (c.valid_until is null or c.valid_until > clock_timestamp()) as live
      from entitlements.ceilings c
      join billing.plan_ladders l using (plan_ladder_id)
      join billing.products p using (product_id)
     where c.tenant_id = ${tenantId} and c.organization_id = ${organizationId} and (${past} or c.lifted_at is null)
       and (${after}::uuid is null or (c.set_at, c.ceiling_id) < (
         select last.set_at, last.ceiling_id from entitlements.ceilings last
          where last.ceiling_id = ${after}::uuid and last.organization_id = ${organizationId}))
     order by c.set_at desc, c.ceiling_id desc
     limit ${limit}`
  return rows.map((row) => ({
    ceiling_id: row.ceilingId,
    ladder: row.ladder,
    product: row.product,
    reason: row.reason,
    actor: row.actor,
    set_at: row.setAt.toISOString(),
    valid_until: row.validUntil?.toISOString() ?? null,
    lifted_at: row.liftedAt?.toISOString() ?? null,
    lifted_how: row.liftedHow,
    lifted_reason: row.liftedReason,
    lifted_by: row.liftedBy,
    live: row.live,
  }))
}

type CeilingRow = {
  ceilingId: string
  ladder: string
  product: string
  reason: string
  actor: string
  setAt: Date
  validUntil: Date | null
  liftedAt: Date | null
  liftedHow: CeilingEntry['lifted_how']
  liftedReason: string | null
  liftedBy: string | null
  live: boolean
}

export type LiftAsked = {
  tenantId: string
  organizationId: string
  ceilingId: string
  reason: string
  actor: Actor
}

/** `already`: it was lifted, replaced or ran out before, and nothing changed. */
export type Lifted = { kind: 'lifted' | 'already'; ceilingId: string; moves: SettledMove[] }

/**
 * Lifts a ceiling: the place goes to whoever claims it.
 * @throws Refused `organization_unknown`, `ceiling_unknown` (404), `reason_missing` (422)
 */
export async function liftCeiling(tx: Tx, asked: LiftAsked): Promise<Lifted> {
  const { ceilingId, actor } = asked
  const reason = givenReason(asked.reason)
  const { poolId } = await lockedPool(tx, asked.tenantId, asked.organizationId)
  const [ceiling] = mayBeId(ceilingId)
    ? await tx<{ lifted: boolean }[]>`
        select lifted_at is not null as lifted from entitlements.ceilings
        where ceiling_id = ${ceilingId} and pool_id = ${poolId}`
    : []
  if (!ceiling) {
    throw new Refused(
      'ceiling_unknown',
      `There is no ceiling ${ceilingId}.`,
      "List the organization's ceilings.",
      404,
    )
  }
  if (ceiling.lifted) return { kind: 'already', ceilingId, moves: [] }
  await tx`
    update entitlements.ceilings
    set lifted_at = greatest(clock_timestamp(), set_at), lifted_how = 'lifted', lifted_reason = ${reason},
        lifted_by_type = ${actor.type}, lifted_by_id = ${actor.id ?? null}, lifted_by_name = ${actor.name ?? null}
    where ceiling_id = ${ceilingId}`
  const cause = { kind: 'ceiling', id: ceilingId } as const
  const moves = await settlePools(tx, [{ poolId, about: ceilingId, actor, reason, cause }])
  return { kind: 'lifted', ceilingId, moves }
}
