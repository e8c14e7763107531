import type { Caller } from '../../auth/api-keys.ts'
import { type Ladder, ladderKeys } from '../../billing/ladders.ts'
import type { Product } from '../../billing/products.ts'
import type { Reader } from '../../db/types.ts'
import type { Actor } from '../../entitlements/moves.ts'
import type { SettledMove } from '../../entitlements/settle-pools.ts'
import type { OrgType } from '../../organization/org-types.ts'
import type { Organization } from '../../organization/organizations.ts'

/** Who did it, as the history will say for ever: the key, and what its maker called it. */
export function actorOf({ id, name }: Caller): Actor {
  return { type: 'operator', id, ...(name && { name }) }
}

export function shownOrganization(organization: Organization) {
  const { organizationId, organizationKey, name, orgType, customers, createdAt } = organization
  return {
    organization_id: organizationId,
    organization_key: organizationKey,
    name,
    org_type: orgType,
    customers,
    created_at: createdAt.toISOString(),
  }
}

export function shownProduct({ key, name, type, kind, status, features, ladders, ...times }: Product) {
  return { key, name, type, kind, status, features, ladders, ...shownTimes(times) }
}

export function shownLadder({ key, name, description, defaultOf, tiers, ...times }: Ladder) {
  return { key, name, description, default_of: defaultOf, tiers, ...shownTimes(times) }
}

function shownTimes({ createdAt, updatedAt }: { createdAt: Date; updatedAt: Date }) {
  return { created_at: createdAt.toISOString(), updated_at: updatedAt.toISOString() }
}

export function shownOrgType({ key, name, defaultLadder }: OrgType) {
  return { key, name, default_ladder: defaultLadder }
}

/** The history rows that a verb has written, the default re-applied among them. */
export async function shownMoves(reader: Reader, moves: readonly SettledMove[]) {
  const keys = await ladderKeys(reader, [...new Set(moves.map(({ planLadderId }) => planLadderId))])
  return moves.map(({ poolId, planLadderId, type, fromRank, toRank, reason, byDefault }) => ({
    pool_id: poolId,
    ladder: keys.get(planLadderId) ?? planLadderId,
    type,
    from_rank: fromRank,
    to_rank: toRank,
    reason,
    by_default: byDefault,
  }))
}
