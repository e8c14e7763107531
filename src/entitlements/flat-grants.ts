import type { Tx } from '../db/types.ts'
import { Refused } from '../errors.ts'
import type { Actor } from './moves.ts'

export type FlatGrant = {
  poolId: string
  productId: string
  quantity?: number
  reason: string
  validUntil?: Date | null
  actor: Actor
}

/**
 * Gives a product that stands on no ladder. Such products stack: giving one twice is two of it (R31), without any history
 * on a ladder.
 * @throws Refused `pool_unknown` (404), `product_is_plan` (422): plans are given through Transition alone.
 */
export async function giveFlatGrant(
  tx: Tx,
  grant: FlatGrant,
): Promise<{ grantId: string; provisionId: string }> {
  const { poolId, productId, quantity = 1, reason, validUntil = null, actor } = grant
  await tx`select from entitlements.resource_pools where pool_id = ${poolId} for update`
  const [kind] = await tx<{ productKind: string | null }[]>`
    select product_kind from billing.product_kinds where product_id = ${productId}`
  if (kind?.productKind === 'plan') {
    throw new Refused(
      'product_is_plan',
      'A product that is a tier of a ladder is not given flat.',
      'Give it on the Enrollment tab.',
      422,
    )
  }
  const [given] = await tx<{ grantId: string }[]>`
    insert into entitlements.grants
      (tenant_id, organization_id, pool_id, product_id, grant_reason, quantity, reason, valid_until, actor_type, actor_id, actor_name)
    select tenant_id, organization_id, pool_id, ${productId}, ${validUntil ? 'trial' : 'manual'}, ${quantity}, ${reason},
           ${validUntil}, ${actor.type}, ${actor.id ?? null}, ${actor.name ?? null}
      from entitlements.resource_pools where pool_id = ${poolId}
    returning grant_id`
  if (!given)
    throw new Refused('pool_unknown', `There is no pool ${poolId}.`, 'Look the organization up again.', 404)
  const [attached] = await tx<{ provisionId: string }[]>`
    select entitlements.attach_addon(${poolId}, ${productId}, 'grant', ${given.grantId}, ${quantity}, 'active') as provision_id`
  return { grantId: given.grantId, provisionId: attached!.provisionId }
}

/** Takes one back: closes the grant and ends what it gave. Doing it again changes nothing. */
export async function revokeFlatGrant(tx: Tx, grantId: string): Promise<'revoked' | 'already'> {
  await tx`
    select from entitlements.resource_pools
    where pool_id = (select pool_id from entitlements.grants where grant_id = ${grantId}) for update`
  const closed = await tx`
    update entitlements.grants set closed_at = clock_timestamp(), closed_reason = 'revoked'
    where grant_id = ${grantId} and closed_at is null returning grant_id`
  if (closed.length === 0) return 'already'
  await tx`
    select entitlements.detach_addon(provision_id) from entitlements.pool_provisions
    where grant_id = ${grantId} and ended_at is null`
  return 'revoked'
}
