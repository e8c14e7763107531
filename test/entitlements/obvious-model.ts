/**
 * Slow, obvious, and written without the decision: what stands on one ladder, as a list of facts, and the tier that follows.
 * Ranks are 0 (the default's) to 2. Everything that happens changes facts and nothing else.
 */
export type Standing = {
  /** What each live subscription pays for. */
  subscriptions: ReadonlyMap<string, { rank: number; suspended: boolean }>
  /** The operators' grants that are neither closed nor past their end. */
  grants: ReadonlyMap<string, number>
  /** An operator's "at most". */
  ceiling: number | null
}

export const nothing: Standing = { subscriptions: new Map(), grants: new Map(), ceiling: null }

/** The rank on which the organization has to stand, and whether it stands there by a suspended subscription alone. */
export function obviousPlace({ subscriptions, grants, ceiling }: Standing): {
  rank: number
  suspended: boolean
} {
  const lowered = (rank: number) => (ceiling === null ? rank : Math.min(rank, ceiling))
  const paying = [...subscriptions.values()].filter(({ suspended }) => !suspended).map(({ rank }) => rank)
  const good = [...paying, ...grants.values()]
  if (good.length > 0) return { rank: lowered(Math.max(...good)), suspended: false }
  const late = [...subscriptions.values()].map(({ rank }) => rank)
  if (late.length > 0) return { rank: lowered(Math.max(...late)), suspended: true }
  return { rank: 0, suspended: false }
}

/**
 * The promises, each said by itself, about a place that was reached: it is no answer to `obviousPlace` but to the people
 * concerned. Answers the sentences that are broken.
 */
export function brokenPromises(standing: Standing, rank: number): string[] {
  const { subscriptions, grants, ceiling } = standing
  const most = ceiling ?? Number.POSITIVE_INFINITY
  const broken: string[] = []
  for (const [id, paid] of subscriptions) {
    if (!paid.suspended && rank < Math.min(paid.rank, most))
      broken.push(`${id} pays for ${paid.rank}, stands on ${rank}`)
  }
  for (const [id, given] of grants) {
    if (rank < Math.min(given, most)) broken.push(`an operator gave ${given} (${id}), the place is ${rank}`)
  }
  if (rank > most) broken.push(`an operator said ${ceiling} at most, the place is ${rank}`)
  return broken
}

export function withSubscription(
  standing: Standing,
  id: string,
  told: { rank: number; suspended: boolean } | null,
): Standing {
  return { ...standing, subscriptions: changed(standing.subscriptions, id, told) }
}

export function withGrant(standing: Standing, id: string, rank: number | null): Standing {
  return { ...standing, grants: changed(standing.grants, id, rank) }
}

function changed<V>(map: ReadonlyMap<string, V>, key: string, value: V | null): ReadonlyMap<string, V> {
  const next = new Map(map)
  if (value === null) next.delete(key)
  else next.set(key, value)
  return next
}
