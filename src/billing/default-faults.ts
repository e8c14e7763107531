import type { HeldCatalog } from './held-catalog.ts'

/** An org type whose default nobody can be given. */
export type DefaultFault = {
  orgType: string
  ladder: string
  code: 'default_ladder_missing' | 'default_without_rank_0' | 'default_not_published'
  /** A sentence. */
  told: string
}

/** What an org type starts on has to be there: a ladder, a tier at its rank 0, and that published (D11). */
export function defaultFaults(catalog: HeldCatalog): DefaultFault[] {
  return catalog.orgTypes.flatMap(({ key: orgType, defaultLadder }): DefaultFault[] => {
    if (defaultLadder === null) return []
    const fault = (code: DefaultFault['code'], told: string) => [
      { orgType, ladder: defaultLadder, code, told },
    ]
    const ladder = catalog.ladders.find(({ key }) => key === defaultLadder)
    if (!ladder) return fault('default_ladder_missing', `there is no ladder ${defaultLadder}`)
    const base = ladder.tiers.find(({ rank }) => rank === 0)
    if (!base) return fault('default_without_rank_0', `${defaultLadder} has no tier at rank 0`)
    const product = catalog.products.find(({ key }) => key === base.product)
    if (product?.status === 'published') return []
    return fault('default_not_published', `${base.product}, rank 0 of ${defaultLadder}, is not published`)
  })
}

/** Those of a changed catalog that were not there before: faults that stood already are not this change's. */
export function newDefaultFaults(before: HeldCatalog, after: HeldCatalog): DefaultFault[] {
  const same = (a: DefaultFault, b: DefaultFault) =>
    a.orgType === b.orgType && a.ladder === b.ladder && a.code === b.code
  const old = defaultFaults(before)
  return defaultFaults(after).filter((fault) => !old.some((known) => same(known, fault)))
}
