import type { Ceiling, Claim, Holder } from './claims.ts'

/** Which part of the sentence in claims.ts speaks for or against a claim. */
export type ClaimRule =
  | 'best'
  | 'only_default'
  | 'default_yields'
  | 'suspended'
  | 'lower_rank'
  | 'holder_stays'
  | 'earlier_subscription'
  | 'lost_to_grant'
  | 'newer_grant'
  | 'grant_given_later'
  | 'subscription_takes_over'

export type ClaimReason = {
  rule: ClaimRule
  /** It claims more than an operator's ceiling allows, and counts as the ceiling's tier. */
  underCeiling: boolean
  /** In words. */
  why: string
}

/**
 * Why the place is or is not this claim's. Pure.
 * @param winner what `bestClaim` answered for the same claims, holder and ceiling
 */
export function explainClaim(
  claim: Claim,
  winner: Claim,
  { holder, ceiling }: { holder: Pick<Holder, 'id'> | null; ceiling: Ceiling | null },
): ClaimReason {
  const underCeiling = ceiling !== null && claim.rank > ceiling.rank
  const rank = underCeiling ? ceiling.rank : claim.rank
  const rule = ruleFor({ ...claim, rank }, winner, holder)
  const why = words[rule](claim, rank, winner)
  return { rule, underCeiling, why: underCeiling ? `under a ceiling of rank ${rank}: ${why}` : why }
}

function ruleFor(claim: Claim, winner: Claim, holder: Pick<Holder, 'id'> | null): ClaimRule {
  if (claim.id === winner.id) return claim.kind === 'default' ? 'only_default' : 'best'
  if (claim.kind === 'default') return 'default_yields'
  if (claim.suspended && !winner.suspended) return 'suspended'
  if (claim.rank < winner.rank) return 'lower_rank'
  if (winner.kind === 'grant') return claim.kind === 'grant' ? 'newer_grant' : 'grant_given_later'
  if (claim.kind === 'grant') return 'subscription_takes_over'
  if (winner.id === holder?.id) return 'holder_stays'
  const earlier = winner.givenAt < claim.givenAt || (winner.givenAt === claim.givenAt && winner.id < claim.id)
  return earlier ? 'earlier_subscription' : 'lost_to_grant'
}

const words: Record<ClaimRule, (claim: Claim, rank: number, winner: Claim) => string> = {
  best: () => 'the best live claim',
  only_default: () => 'nothing else claims the place',
  default_yields: () => 'a default counts only when nothing else claims the place',
  suspended: ({ status }) => `suspended: ${status}`,
  lower_rank: (_, rank, winner) => `rank ${rank} is below rank ${winner.rank}`,
  holder_stays: () => 'the same tier: the present holder stays',
  earlier_subscription: () => 'the same tier: another subscription claimed it earlier',
  lost_to_grant: () => 'the same tier: a grant took over from it, and another subscription from that grant',
  newer_grant: () => 'the same tier: a newer grant took over',
  grant_given_later: () => 'the same tier: an operator gave it later',
  subscription_takes_over: () => 'the same tier: a subscription took over',
}
