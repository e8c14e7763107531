import type { Tx } from '../db/types.ts'
import { Refused } from '../errors.ts'
import { givenReason } from './add-grant.ts'
import { lockedPoolOfGrant } from './locked-pool.ts'
import type { Actor } from './moves.ts'
import { type SettledMove, settlePools } from './settle-pools.ts'

export type RevocationAsked = {
  tenantId: string
  /** When it is named, the grant has to be its. */
  organizationId?: string
  grantId: string
  reason: string
  actor: Actor
}

export type Revoked = {
  /** `already`: it was closed before, and nothing changed. */
  kind: 'revoked' | 'already'
  grantId: string
  organizationId: string
  /** Empty when another claim held the place. */
  moves: SettledMove[]
}

/**
 * Takes an operator's grant back (R46), a plan or an add-on. The place moves only if this grant held it: to the best claim that is left, in one
 * row, else it ends and the default is re-applied (D23).
 * @throws Refused `grant_unknown` (404), `grant_is_default` (409), `reason_missing` (422)
 */
export async function revokeGrant(tx: Tx, asked: RevocationAsked): Promise<Revoked> {
  const { tenantId, grantId, actor } = asked
  const reason = givenReason(asked.reason)
  const { poolId, organizationId } = await lockedPoolOfGrant(tx, tenantId, grantId, asked.organizationId)
  const [grant] = await tx<{ grantReason: string; closed: boolean }[]>`
    select grant_reason, closed_at is not null as closed from entitlements.grants where grant_id = ${grantId}`
  if (grant!.closed) return { kind: 'already', grantId, organizationId, moves: [] }
  if (grant!.grantReason === 'default') {
    throw new Refused(
      'grant_is_default',
      'What the organization type gives by default is not revoked.',
      'Give another tier, or force the place to a tier at most.',
    )
  }
  await closeGrants(tx, [grantId], 'revoked')
  const cause = { kind: 'grant', id: grantId } as const
  const moves = await settlePools(tx, [{ poolId, about: grantId, actor, reason, cause }])
  return { kind: 'revoked', grantId, organizationId, moves }
}

/** Closes grants, under their pools' locks, and ends what they gave flat. Answers which were open until now. */
export async function closeGrants(
  tx: Tx,
  grantIds: readonly string[],
  why: 'revoked' | 'expired' | 'extended',
): Promise<string[]> {
  const closed = await tx<{ grantId: string }[]>`
    update entitlements.grants set closed_at = greatest(clock_timestamp(), granted_at), closed_reason = ${why}
    where grant_id = any(${grantIds as string[]}::uuid[]) and closed_at is null
    returning grant_id`
  const ids = closed.map(({ grantId }) => grantId)
  if (ids.length > 0) {
    await tx`
      select entitlements.detach_addon(v.provision_id) from entitlements.pool_provisions v
      where v.grant_id = any(${ids}::uuid[]) and v.ended_at is null
        and not exists (select from entitlements.pool_provision_ladders a where a.provision_id = v.provision_id)`
  }
  return ids
}
