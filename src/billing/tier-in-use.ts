import { Refused } from '../errors.ts'
import type { TierUse } from './ladders.ts'

/**
 * A tier goes only when nobody stands on it (R60). Nor may somebody claim it who stands elsewhere for now: a subscription
 * that is held by a grant above it would find nothing to fall back on, and whoever pays would end below what is paid for.
 * @throws Refused `tier_in_use`, `tier_claimed`, `tier_is_ceiling` (409), with the counts.
 */
export function refuseTiersInUse(ladder: string, tiers: readonly TierUse[]): void {
  const attachments = sum(tiers, 'attachments')
  const claims = sum(tiers, 'claims')
  const what = tiers.length === 1 ? `${tiers[0]!.product} on ${ladder}` : ladder
  if (attachments > 0) {
    throw new Refused(
      'tier_in_use',
      `${attachments} ${attachments === 1 ? 'organization stands' : 'organizations stand'} on ${what}.`,
      `Move them first, by grants or at Stripe. Who they are: GET /api/v1/enrollments?ladder=${ladder}`,
    )
  }
  if (claims > 0) {
    throw new Refused(
      'tier_claimed',
      `Nobody stands on ${what}, but ${claims} live ${claims === 1 ? 'subscription or grant claims' : 'subscriptions and grants claim'} it and would fall back to it.`,
      'End those subscriptions or revoke those grants first.',
    )
  }
  const ceilings = sum(tiers, 'ceilings')
  if (ceilings > 0) {
    throw new Refused(
      'tier_is_ceiling',
      `${ceilings} ${ceilings === 1 ? 'ceiling stands' : 'ceilings stand'} on ${what}, and would be lifted by this.`,
      'Lift them first; only an operator does that.',
    )
  }
}

function sum(tiers: readonly TierUse[], what: 'attachments' | 'claims' | 'ceilings'): number {
  return tiers.reduce((total, tier) => total + tier[what], 0)
}
