import type { Tx } from '../db/types.ts'
import { Refused } from '../errors.ts'
import type { LockedPool } from './locked-pool.ts'
import type { Actor } from './moves.ts'

export type NewGrant = {
  productId: string
  grantReason: 'manual' | 'trial' | 'extension'
  reason: string
  quantity?: number
  validUntil: Date | null
  actor: Actor
  extendsGrantId?: string
  /** Only on this ladder. */
  planLadderId?: string
}

/**
 * Writes one grant, under its pool's lock; nobody is moved by it until the pool is settled. It is younger than every claim
 * of the pool even where the clock was put back: at a tie an operator's newest decision takes the place over.
 */
export async function addGrant(tx: Tx, pool: LockedPool, grant: NewGrant): Promise<string> {
  const { poolId, tenantId, organizationId } = pool
  const { productId, grantReason, reason, quantity = 1, validUntil, actor } = grant
  const [given] = await tx<{ grantId: string }[]>`
    insert into entitlements.grants
      (tenant_id, organization_id, pool_id, product_id, grant_reason, reason, quantity, valid_until, extends_grant_id, plan_ladder_id,
       actor_type, actor_id, actor_name, granted_at)
    select ${tenantId}, ${organizationId}, ${poolId}, ${productId}, ${grantReason}, ${reason}, ${quantity}, ${validUntil},
           ${grant.extendsGrantId ?? null}, ${grant.planLadderId ?? null}, ${actor.type}, ${actor.id ?? null}, ${actor.name ?? null},
           greatest(clock_timestamp(), interval '1 microsecond' + greatest(
             (select max(claimed_at) from entitlements.subscription_claims where pool_id = ${poolId}),
             (select max(granted_at) from entitlements.grants where pool_id = ${poolId} and closed_at is null)))
    returning grant_id`
  return given!.grantId
}

/**
 * The reason as it is kept. What an operator decides stands in the history under it.
 * @throws Refused `reason_missing` (422)
 */
export function givenReason(reason: string): string {
  const told = reason.trim()
  if (told !== '') return told
  throw new Refused('reason_missing', 'A reason is needed.', 'Say why, in a few words.', 422)
}

/** @throws Refused `valid_until_past` (422) */
export function givenEnd(validUntil: Date | null | undefined, now: Date): Date | null {
  if (!validUntil) return null
  if (validUntil > now) return validUntil
  throw new Refused(
    'valid_until_past',
    `${validUntil.toISOString()} has passed.`,
    'Name a moment that is ahead, or none for no end.',
    422,
  )
}
