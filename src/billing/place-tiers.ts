import type { HeldTier } from './held-catalog.ts'

/**
 * The ranks of a ladder after a file has listed some of its tiers. Listed tiers get the ranks they ask for. A tier that is not
 * listed is not removed: it keeps its rank as long as that is free and still lies on the same side of every listed tier that
 * was on the ladder. One that lay below all of those steps down under the lowest rank, which changes nothing in the order.
 * Any other has no place that the file decides, and what people pay for is not ranked by a guess: that is a problem.
 */
export function placeTiers(
  held: readonly HeldTier[],
  listed: readonly HeldTier[],
): { tiers: HeldTier[]; problems: string[] } {
  const asked = new Map(listed.map(({ product, rank }) => [product, rank]))
  const taken = new Map(listed.map(({ product, rank }) => [rank, product]))
  const stayed = held.filter(({ product }) => asked.has(product))
  const absent = held.filter(({ product }) => !asked.has(product)).sort((a, b) => b.rank - a.rank)
  const fits = (tier: HeldTier) =>
    !taken.has(tier.rank) &&
    stayed.every(
      ({ product, rank }) => Math.sign(tier.rank - rank) === Math.sign(tier.rank - asked.get(product)!),
    )

  const lowestStayed = Math.min(...stayed.map(({ rank }) => rank))
  const below = absent.filter(({ rank }) => rank < lowestStayed)
  // The highest that has to give way takes all below it along, so that their order among themselves stays.
  const givesWay = below.findIndex((tier) => !fits(tier))
  const stepDown = givesWay < 0 ? [] : below.slice(givesWay)
  const keep = absent.filter((tier) => !stepDown.includes(tier))
  const floor = Math.min(...listed.map(({ rank }) => rank), ...keep.map(({ rank }) => rank))

  const problems = keep
    .filter((tier) => !fits(tier))
    .map(({ product, rank }) => {
      const other = taken.get(rank)
      const why = other ? `where ${other} takes that rank` : 'and the listed tiers change sides with it'
      return `${product} stands on this ladder at rank ${rank} and is not in the list, ${why}; list it where it belongs`
    })
  const tiers = [
    ...listed,
    ...keep,
    ...stepDown.map(({ product }, at) => ({ product, rank: floor - 1 - at })),
  ].sort((a, b) => a.rank - b.rank)
  return { tiers, problems }
}
