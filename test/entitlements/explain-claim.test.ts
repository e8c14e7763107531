import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bestClaim, type Ceiling, type Claim, type Holder } from '../../src/entitlements/claims.ts'
import { type ClaimRule, explainClaim } from '../../src/entitlements/explain-claim.ts'

const base = { status: 'active', suspended: false, givenAt: 10 }
const sub = (id: string, rank: number, more: Partial<Claim> = {}): Claim => ({
  ...base,
  kind: 'subscription',
  id,
  rank,
  productId: `p${rank}`,
  ...more,
})
const grant = (id: string, rank: number, more: Partial<Claim> = {}): Claim => ({
  ...sub(id, rank),
  kind: 'grant',
  ...more,
})
const byDefault: Claim = { ...sub('d', 0), kind: 'default' }
const unpaid = { suspended: true, status: 'unpaid' }

/** Explains one claim among others, as the decision over all of them comes out. */
function why(claim: Claim, others: Claim[], holder: Holder | null = null, ceiling: Ceiling | null = null) {
  const winner = bestClaim([claim, ...others], holder, ceiling)!
  const { rule, why } = explainClaim(claim, winner, { holder, ceiling })
  return [rule, why]
}

describe('why a claim has the place or not is said by the rule that decided', () => {
  const s = sub('s', 1, { givenAt: 20 })
  const ceiling = { productId: 'p1', rank: 1 }
  test.each<[ClaimRule, string, Claim, Claim[], Holder | null, Ceiling | null]>([
    ['best', 'the best live claim', s, [byDefault], null, null],
    ['only_default', 'nothing else claims the place', byDefault, [], null, null],
    [
      'default_yields',
      'a default counts only when nothing else claims the place',
      byDefault,
      [s],
      null,
      null,
    ],
    ['lower_rank', 'rank 1 is below rank 2', s, [grant('g', 2)], null, null],
    ['suspended', 'suspended: unpaid', sub('l', 2, unpaid), [s], null, null],
    ['subscription_takes_over', 'the same tier: a subscription took over', grant('g', 1), [s], null, null],
    ['holder_stays', 'the same tier: the present holder stays', sub('s2', 1), [s], s, null],
    [
      'earlier_subscription',
      'the same tier: another subscription claimed it earlier',
      sub('s2', 1, { givenAt: 30 }),
      [s],
      null,
      null,
    ],
    [
      'lost_to_grant',
      'the same tier: a grant took over from it, and another subscription from that grant',
      sub('s0', 1),
      [grant('g', 1, { givenAt: 15 }), s],
      null,
      null,
    ],
    [
      'grant_given_later',
      'the same tier: an operator gave it later',
      s,
      [grant('g', 1, { givenAt: 30 })],
      s,
      null,
    ],
    [
      'newer_grant',
      'the same tier: a newer grant took over',
      grant('g1', 1),
      [grant('g', 1, { givenAt: 30 })],
      null,
      null,
    ],
    ['best', 'under a ceiling of rank 1: the best live claim', sub('s3', 2), [], null, ceiling],
    [
      'holder_stays',
      'under a ceiling of rank 1: the same tier: the present holder stays',
      sub('s3', 2),
      [s],
      s,
      ceiling,
    ],
    ['lower_rank', 'rank 0 is below rank 1', sub('s4', 0), [sub('s3', 2)], null, ceiling],
  ])('%s: %s', (rule, words, claim, others, holder, ceiling) => {
    expect(why(claim, others, holder, ceiling)).toEqual([rule, words])
  })
})

const ranks = fc.integer({ min: 0, max: 2 })
const anyClaims = fc
  .array(
    fc.record({
      kind: fc.constantFrom<Claim['kind']>('subscription', 'grant'),
      rank: ranks,
      suspended: fc.boolean(),
      givenAt: fc.integer({ min: 0, max: 4 }),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((claims) =>
    claims.map(
      (claim, n): Claim => ({
        ...claim,
        id: `c${n}`,
        productId: `p${claim.rank}`,
        suspended: claim.kind === 'subscription' && claim.suspended,
        status: claim.suspended ? 'unpaid' : 'active',
      }),
    ),
  )

test('whatever is claimed, one claim wins and each other is told a reason that is true of it', () => {
  fc.assert(
    fc.property(
      anyClaims,
      fc.boolean(),
      fc.integer({ min: -1, max: 6 }),
      fc.option(ranks),
      (some, withDefault, holds, atMost) => {
        const claims = withDefault ? [...some, byDefault] : some
        const holder = claims.find(({ id }) => id === `c${holds}`) ?? null
        const ceiling = atMost === null ? null : { rank: atMost, productId: `p${atMost}` }
        const winner = bestClaim(claims, holder, ceiling)!
        const counted = (claim: Claim) => Math.min(claim.rank, atMost ?? 9)
        const told = claims.map((claim) => ({ claim, ...explainClaim(claim, winner, { holder, ceiling }) }))
        expect(told.filter(({ rule }) => rule === 'best' || rule === 'only_default')).toHaveLength(1)
        for (const { claim, rule, underCeiling } of told) {
          expect(underCeiling).toBe(counted(claim) < claim.rank)
          if (claim.kind === 'default') continue
          const tied = claim.suspended === winner.suspended && counted(claim) === winner.rank
          const truth: Partial<Record<ClaimRule, boolean>> = {
            best: claim.id === winner.id,
            suspended: claim.suspended && claims.some((it) => it.kind !== 'default' && !it.suspended),
            lower_rank: claim.suspended === winner.suspended && counted(claim) < winner.rank,
            holder_stays: tied && claim.kind === 'subscription' && winner.id === holder?.id,
            earlier_subscription:
              tied &&
              winner.kind === 'subscription' &&
              (winner.givenAt < claim.givenAt || (winner.givenAt === claim.givenAt && winner.id < claim.id)),
            lost_to_grant:
              tied &&
              winner.givenAt >= claim.givenAt &&
              claims.some(
                (it) => it.kind === 'grant' && counted(it) === winner.rank && it.givenAt > claim.givenAt,
              ),
            newer_grant: tied && winner.kind === 'grant' && winner.givenAt >= claim.givenAt,
            grant_given_later: tied && winner.kind === 'grant' && winner.givenAt > claim.givenAt,
            subscription_takes_over: tied && winner.kind === 'subscription' && claim.kind === 'grant',
          }
          expect(truth[rule], `${rule} of ${JSON.stringify(claim)}`).toBe(true)
        }
      },
    ),
    { numRuns: 5_000 },
  )
})
