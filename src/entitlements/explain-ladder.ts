import type { Reader } from '../db/types.ts'
import { bestClaim, type Claim } from './claims.ts'
import { type ClaimRule, explainClaim } from './explain-claim.ts'
import type { HolderExplained } from './explain-moves.ts'
import type { LadderClaims } from './pool-claims.ts'

/** Where somebody decided it: who, why, and until when. Times are ISO 8601. */
export type DecisionExplained = {
  given_by: string | null
  reason: string | null
  ends_at: string | null
}

export type ClaimExplained = DecisionExplained & {
  kind: Claim['kind']
  /** Stripe's id for a subscription where it has one. */
  id: string
  product: string
  rank: number
  /** Stripe's word for a subscription, `active` for a grant. */
  status: string
  suspended: boolean
  /** Since when it claims this tier; ISO 8601. */
  since: string
  wins: boolean
  rule: ClaimRule
  /** It claims more than the ceiling allows. */
  under_ceiling: boolean
  /** In words. */
  why: string
}

/** Who would have a place. `by` null: nobody, and the ladder is left. */
export type NextInLine = {
  product: string | null
  rank: number | null
  by: HolderExplained | { kind: 'default'; id: null } | null
}

export type CeilingExplained = DecisionExplained & {
  id: string
  product: string
  rank: number
  if_lifted: NextInLine
}

export type ClaimsExplained = {
  claims: ClaimExplained[]
  /** Only where an operator said "at most". */
  ceiling?: CeilingExplained
  /** What the claims say and the place does not follow yet, such as a grant that has just run out; null: they agree. */
  due: NextInLine | null
  /** Whose the place would be if its holder's claim ended now; null where nobody holds it, or the default, which ends with no date. */
  next_in_line: NextInLine | null
}

/** Names and decisions for the ids that claims bear. */
export type Known = {
  /** Keys of ladders and products, and Stripe's ids of subscriptions, by our own ids. */
  names: ReadonlyMap<string, string>
  /** Of grants and ceilings, by their ids. */
  decisions: ReadonlyMap<string, DecisionExplained>
}

const undecided: DecisionExplained = { given_by: null, reason: null, ends_at: null }

/**
 * Every claim on one ladder with the reason why it has the place or not. Pure.
 * @param byDefault the product that the type of the organization gives on this ladder when nothing claims it
 */
export function claimsExplained(
  ladder: LadderClaims | null,
  { names, decisions }: Known,
  byDefault: string | null,
): ClaimsExplained {
  const inLine = (claim: Claim | null): NextInLine => {
    if (claim) {
      const { kind, id, rank, productId } = claim
      return { product: names.get(productId)!, rank, by: { kind, id: names.get(id) ?? id } }
    }
    if (byDefault !== null) return { product: byDefault, rank: 0, by: { kind: 'default', id: null } }
    return { product: null, rank: null, by: null }
  }
  if (ladder === null) return { claims: [], due: null, next_in_line: null }
  const { claims, holder, ceiling } = ladder
  const winner = bestClaim(claims, holder, ceiling)
  const stands = winner?.id === holder?.id && winner?.productId === holder?.productId
  const others = claims.filter(({ id }) => id !== holder?.id)
  return {
    claims: claims
      .map((claim): ClaimExplained => {
        const { kind, id, productId, rank, status, suspended, givenAt } = claim
        return {
          kind,
          id: names.get(id) ?? id,
          product: names.get(productId)!,
          rank,
          status,
          suspended,
          since: new Date(givenAt / 1000).toISOString(),
          wins: id === winner?.id,
          ...(decisions.get(id) ?? undecided),
          // Where there is a claim, one of them wins.
          ...reasonOf(claim, winner!, ladder),
        }
      })
      .sort((a, b) => Number(b.wins) - Number(a.wins) || b.rank - a.rank || (a.id < b.id ? -1 : 1)),
    ...(ceiling && {
      ceiling: {
        id: ceiling.ceilingId,
        product: names.get(ceiling.productId)!,
        rank: ceiling.rank,
        ...(decisions.get(ceiling.ceilingId) ?? undecided),
        if_lifted: inLine(bestClaim(claims, holder, null)),
      },
    }),
    due: stands ? null : inLine(winner),
    next_in_line:
      holder === null || holder.kind === 'default' ? null : inLine(bestClaim(others, holder, ceiling)),
  }
}

function reasonOf(claim: Claim, winner: Claim, ladder: LadderClaims) {
  const { underCeiling, ...reason } = explainClaim(claim, winner, ladder)
  return { ...reason, under_ceiling: underCeiling }
}

/** Reads what `claimsExplained` names. */
export async function readNames(reader: Reader, ladders: readonly LadderClaims[]): Promise<Known> {
  const ids = ladders.flatMap((ladder) => [
    ladder.planLadderId,
    ...(ladder.ceiling ? [ladder.ceiling.productId, ladder.ceiling.ceilingId] : []),
    ...ladder.claims.flatMap((claim) => [claim.id, claim.productId]),
  ])
  const [named, decided] = await Promise.all([
    reader<{ id: string; name: string }[]>`
      select plan_ladder_id as id, ladder_key as name from billing.plan_ladders where plan_ladder_id = any(${ids}::uuid[])
      union all select product_id, product_key from billing.products where product_id = any(${ids}::uuid[])
      union all select subscription_id, stripe_subscription_id from stripe.subscriptions where subscription_id = any(${ids}::uuid[])`,
    reader<{ id: string; givenBy: string; reason: string; endsAt: Date | null }[]>`
      select grant_id as id, coalesce(actor_name, actor_type) as given_by, reason, valid_until as ends_at
        from entitlements.grants where grant_id = any(${ids}::uuid[])
      union all select ceiling_id, coalesce(actor_name, actor_type), reason, valid_until
        from entitlements.ceilings where ceiling_id = any(${ids}::uuid[])`,
  ])
  return {
    names: new Map(named.map(({ id, name }) => [id, name])),
    decisions: new Map(
      decided.map(({ id, givenBy, reason, endsAt }) => [
        id,
        { given_by: givenBy, reason, ends_at: endsAt?.toISOString() ?? null },
      ]),
    ),
  }
}
