export type FeatureValue = boolean | number | string

/** Something that a pool holds, as far as features go. */
export type Holding = {
  /** The product's key. */
  product: string
  /** The ladder's key; null for what stands on no ladder and adds up. */
  ladder: string | null
  quantity: number
  /** Unpaid or paused. */
  suspended: boolean
  features: Readonly<Record<string, FeatureValue>>
}

/** What decided: `allowed` comes with the first two, and a refusal with the last two. */
export type Because = `tier:${string}` | `addon:${string}` | 'suspended' | 'not_included'

export type FeatureAnswer = {
  allowed: boolean
  /** A number, `unlimited` or a level of the catalog's own; null where the feature is either there or not. */
  limit: number | string | null
  because: Because
}

export const notIncluded: FeatureAnswer = { allowed: false, limit: null, because: 'not_included' }

/**
 * Whether what is held includes a feature, and how much of it. A number is the highest of the ladders' plus, for each
 * add-on, its own times its quantity; `unlimited` anywhere is unlimited. Where the catalog mixes forms, the one that gives more
 * counts: `unlimited`, another text, `true`, a number, `false`. What is suspended gives nothing; it is told as the reason only
 * where nothing else gives the feature.
 */
export function decideFeature(holdings: readonly Holding[], feature: string): FeatureAnswer {
  const given = answerOf(
    holdings.filter(({ suspended }) => !suspended),
    feature,
  )
  if (given.allowed) return given
  const owed = answerOf(
    holdings.filter(({ suspended }) => suspended),
    feature,
  )
  return owed.allowed ? { ...given, because: 'suspended' } : given
}

/** Every feature that anything held knows, with its answer. For all others it is `notIncluded`. */
export function decideFeatures(holdings: readonly Holding[]): Map<string, FeatureAnswer> {
  const features = new Set(holdings.flatMap((holding) => Object.keys(holding.features)))
  return new Map([...features].map((feature) => [feature, decideFeature(holdings, feature)]))
}

type Said = { holding: Holding; value: FeatureValue }

function answerOf(holdings: readonly Holding[], feature: string): FeatureAnswer {
  const said = holdings
    .filter(({ features }) => Object.hasOwn(features, feature))
    .map((holding): Said => ({ holding, value: holding.features[feature]! }))
    .sort(bySource)
  const unlimited = said.find(({ value }) => value === 'unlimited')
  const level = unlimited ?? said.find(({ value }) => typeof value === 'string')
  if (level) return { allowed: true, limit: level.value as string, because: sourceOf(level) }
  const plain = said.find(({ value }) => value === true)
  if (plain) return { allowed: true, limit: null, because: sourceOf(plain) }
  return answerOfNumbers(said.filter((one): one is NumberSaid => typeof one.value === 'number'))
}

type NumberSaid = Said & { value: number }

function answerOfNumbers(said: readonly NumberSaid[]): FeatureAnswer {
  if (said.length === 0) return notIncluded
  const highest = said
    .filter(({ holding }) => holding.ladder !== null)
    .reduce<NumberSaid | null>((best, one) => (best && best.value >= one.value ? best : one), null)
  const addons = said.filter(({ holding }) => holding.ladder === null)
  const limit = addons.reduce((sum, one) => sum + amountOf(one), highest?.value ?? 0)
  if (limit <= 0) return { ...notIncluded, limit }
  const most = addons.reduce<NumberSaid | null>(
    (best, one) => (best && amountOf(best) >= amountOf(one) ? best : one),
    null,
  )
  // A tier that gives some of it is the reason; an add-on is where the tier gives none.
  const because = highest && (highest.value > 0 || !most) ? highest : most!
  return { allowed: true, limit, because: sourceOf(because) }
}

function amountOf({ holding, value }: NumberSaid): number {
  return value * holding.quantity
}

function sourceOf({ holding }: Said): Because {
  return `${holding.ladder === null ? 'addon' : 'tier'}:${holding.product}`
}

/** Tiers first, by their ladders' keys, then add-ons by their own, so that the same holdings give the same reason. */
function bySource(a: Said, b: Said): number {
  return compare(sortKey(a.holding), sortKey(b.holding))
}

function sortKey({ ladder, product }: Holding): string {
  return ladder === null ? `1 ${product}` : `0 ${ladder} ${product}`
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
