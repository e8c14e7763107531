import type { CatalogChoices } from '../billing/catalog-choices.ts'
import type { Forced } from '../entitlements/force-transition.ts'
import type { GrantGiven } from '../entitlements/grant-outcome.ts'
import type { SettledMove } from '../entitlements/settle-pools.ts'

type Names = Pick<CatalogChoices, 'productNames' | 'ladderNames'>

/** What a grant came to, for who gave it. Pure. */
export function toldGrant(
  grant: Pick<GrantGiven, 'product' | 'grantReason' | 'validUntil' | 'places'>,
  names: Names,
): string {
  const { product, grantReason, validUntil, places } = grant
  const done = grantReason === 'extension' ? 'was extended' : 'was given'
  const told = places.map(({ ladder, outcome, because, product: standing }) => {
    const on = names.ladderNames[ladder] ?? ladder
    if (outcome === 'held') return ` On ${on} it is held and waits: ${because}.`
    return standing === product ? ` It has the place on ${on}.` : ` On ${on} ${because}.`
  })
  return `${nameOf(names, product)} ${done} ${untilTold(validUntil)}.${told.join('')}`
}

/** What was forced, and who pays for more. Pure. */
export function toldForced(forced: Forced, ladder: string, names: Names): string {
  if (forced.mode === 'at_least') return toldGrant(forced, names)
  const { product, validUntil, replacedCeilingId, paidAbove, moves } = forced
  const on = names.ladderNames[ladder] ?? ladder
  const replaced = replacedCeilingId === null ? '' : ' The ceiling before it is gone.'
  const above = paidAbove.map(({ subscription, pays }) => `${subscription} (${nameOf(names, pays)})`)
  const pays = above.length === 0 ? '' : ` Paid for and above it: ${above.join(', ')}.`
  return `${on} is ${nameOf(names, product)} at most, ${untilTold(validUntil)}.${replaced}${toldMoves(moves)}${pays}`
}

/** Whether anything moved, and how. Pure. */
export function toldMoves(moves: readonly Pick<SettledMove, 'type' | 'fromRank' | 'toRank'>[]): string {
  if (moves.length === 0) return ' No tier moved.'
  return moves
    .map(({ type, fromRank, toRank }) => {
      if (toRank === null) return ` The place was left (${type}).`
      return fromRank === null
        ? ` The place is rank ${toRank} now (${type}).`
        : ` The place went from rank ${fromRank} to ${toRank} (${type}).`
    })
    .join('')
}

function nameOf({ productNames }: Names, key: string): string {
  return productNames[key] ?? key
}

function untilTold(at: Date | null): string {
  return at === null ? 'without an end' : `until ${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
