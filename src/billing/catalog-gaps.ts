import type { HeldCatalog } from './held-catalog.ts'

export type CatalogGaps = {
  /** New organizations of these start on no ladder. That may be meant. */
  orgTypesWithoutDefault: string[]
  /** Ladders that nobody can start on: no tier stands at rank 0. */
  laddersWithoutRankZero: string[]
}

/** What a catalog leaves open, by key. Pure. */
export function catalogGaps(held: HeldCatalog): CatalogGaps {
  return {
    orgTypesWithoutDefault: held.orgTypes
      .filter(({ defaultLadder }) => defaultLadder === null)
      .map(({ key }) => key),
    laddersWithoutRankZero: held.ladders
      .filter(({ tiers }) => !tiers.some(({ rank }) => rank === 0))
      .map(({ key }) => key),
  }
}
