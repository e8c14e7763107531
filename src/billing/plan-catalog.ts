import { type CatalogFile, type CatalogProduct, tierProduct, tierRank } from './catalog-file.ts'
import { checkCatalog } from './check-catalog.ts'
import type { HeldCatalog, HeldLadder, HeldOrgType, HeldProduct } from './held-catalog.ts'
import { placeTiers } from './place-tiers.ts'

/** What became of the things of one kind that a file names. */
export type Changes = { created: string[]; changed: { key: string; what: string[] }[]; unchanged: string[] }

export type CatalogReport = {
  products: Changes
  ladders: Changes
  orgTypes: Changes
  stripeProducts: Changes
  stripePrices: Changes
}

export type CatalogPlan = {
  /** Why the file cannot be applied to this catalog; nothing else counts then. */
  problems: string[]
  after: HeldCatalog
  report: CatalogReport
}

/**
 * What applying a file does to a catalog: purely, so that a dry run and an apply cannot differ. What the file leaves out stays,
 * down to a single field or feature; a Stripe id that it names belongs to the product that names it from then on.
 */
export function planCatalog(held: HeldCatalog, file: CatalogFile): CatalogPlan {
  const problems: string[] = []
  const owner = (pick: 'products' | 'prices') =>
    new Map(file.products.flatMap(({ key, stripe }) => stripe[pick].map((id) => [id, key] as const)))
  const stripeProducts = owner('products')
  const stripePrices = owner('prices')

  const products = merged(held.products, file.products, productAfter).map((product) => ({
    ...product,
    stripeProducts: idsAfter(product.key, product.stripeProducts, stripeProducts),
    stripePrices: idsAfter(product.key, product.stripePrices, stripePrices),
  }))
  const ladders = merged(held.ladders, file.ladders, (before, listed, place) => {
    const asked = listed.tiers.map((tier, at) => ({ product: tierProduct(tier), rank: tierRank(tier, at) }))
    const placed = placeTiers(before?.tiers ?? [], asked)
    problems.push(...placed.problems.map((problem) => `ladders[${place}].tiers (${listed.key}): ${problem}`))
    const description = listed.description === undefined ? (before?.description ?? null) : listed.description
    return { key: listed.key, name: listed.name, description, tiers: placed.tiers }
  })
  const orgTypes = merged(held.orgTypes, file.org_types, (before, { key, name, default_ladder }) => ({
    key,
    name,
    defaultLadder: default_ladder === undefined ? (before?.defaultLadder ?? null) : default_ladder,
  }))

  const after = { products, ladders, orgTypes }
  problems.push(...checkCatalog(after, file))
  const report = {
    products: changesIn(held.products, after.products, file.products, productDifferences),
    ladders: changesIn(held.ladders, after.ladders, file.ladders, ladderDifferences),
    orgTypes: changesIn(held.orgTypes, after.orgTypes, file.org_types, orgTypeDifferences),
    stripeProducts: mappingChanges(held.products, stripeProducts, 'stripeProducts'),
    stripePrices: mappingChanges(held.products, stripePrices, 'stripePrices'),
  }
  return { problems, after, report }
}

/** Whether anything at all would be written. */
export function changesAnything(report: CatalogReport): boolean {
  return Object.values(report).some(({ created, changed }) => created.length + changed.length > 0)
}

/** Products that were there before and are of another kind now, or stand on another set of ladders: their prices mean something else. */
export function productsOfNewKind(held: HeldCatalog, after: HeldCatalog): string[] {
  const meaning = (catalog: HeldCatalog, { key, type }: HeldProduct) =>
    JSON.stringify([
      type,
      catalog.ladders.filter(({ tiers }) => tiers.some((tier) => tier.product === key)).map((l) => l.key),
    ])
  const before = new Map(held.products.map((product) => [product.key, meaning(held, product)]))
  return after.products
    .filter((product) => before.has(product.key) && before.get(product.key) !== meaning(after, product))
    .map(({ key }) => key)
}

function merged<Held extends { key: string }, Listed extends { key: string }>(
  held: readonly Held[],
  listed: readonly Listed[],
  after: (before: Held | undefined, listed: Listed, place: number) => Held,
): Held[] {
  const byKey = new Map(held.map((thing) => [thing.key, thing]))
  listed.forEach((thing, place) => {
    byKey.set(thing.key, after(byKey.get(thing.key), thing, place))
  })
  return [...byKey.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
}

function productAfter(before: HeldProduct | undefined, listed: CatalogProduct): HeldProduct {
  const features = new Map(Object.entries(before?.features ?? {}))
  for (const [feature, value] of Object.entries(listed.features)) {
    if (value === null) features.delete(feature)
    else features.set(feature, value)
  }
  return {
    key: listed.key,
    name: listed.name,
    type: listed.type === undefined ? (before?.type ?? null) : listed.type,
    status: listed.status ?? before?.status ?? 'draft',
    features: Object.fromEntries([...features].sort(([a], [b]) => (a < b ? -1 : 1))),
    stripeProducts: before?.stripeProducts ?? [],
    stripePrices: before?.stripePrices ?? [],
  }
}

function idsAfter(key: string, held: readonly string[], owners: ReadonlyMap<string, string>): string[] {
  const kept = held.filter((id) => (owners.get(id) ?? key) === key)
  const gained = [...owners].filter(([, owner]) => owner === key).map(([id]) => id)
  return [...new Set([...kept, ...gained])].sort()
}

function changesIn<Held extends { key: string }>(
  held: readonly Held[],
  after: readonly Held[],
  listed: readonly { key: string }[],
  differences: (before: Held, after: Held) => string[],
): Changes {
  const changes: Changes = { created: [], changed: [], unchanged: [] }
  for (const { key } of listed) {
    const before = held.find((thing) => thing.key === key)
    const what = before ? differences(before, after.find((thing) => thing.key === key)!) : []
    if (!before) changes.created.push(key)
    else if (what.length > 0) changes.changed.push({ key, what })
    else changes.unchanged.push(key)
  }
  return changes
}

function productDifferences(before: HeldProduct, after: HeldProduct): string[] {
  const features = [...new Set([...Object.keys(before.features), ...Object.keys(after.features)])].sort()
  return [
    ...difference('name', before.name, after.name),
    ...difference('type', before.type, after.type),
    ...difference('status', before.status, after.status),
    ...features.flatMap((feature) =>
      difference(`feature ${feature}`, before.features[feature], after.features[feature]),
    ),
  ]
}

function ladderDifferences(before: HeldLadder, after: HeldLadder): string[] {
  const ranks = new Map(before.tiers.map(({ product, rank }) => [product, rank]))
  return [
    ...difference('name', before.name, after.name),
    ...difference('description', before.description, after.description),
    ...after.tiers.flatMap(({ product, rank }) => difference(`rank of ${product}`, ranks.get(product), rank)),
  ]
}

function orgTypeDifferences(before: HeldOrgType, after: HeldOrgType): string[] {
  return [
    ...difference('name', before.name, after.name),
    ...difference('default ladder', before.defaultLadder, after.defaultLadder),
  ]
}

function mappingChanges(
  held: readonly HeldProduct[],
  owners: ReadonlyMap<string, string>,
  pick: 'stripeProducts' | 'stripePrices',
): Changes {
  const before = new Map(held.flatMap((product) => product[pick].map((id) => [id, product.key] as const)))
  const changes: Changes = { created: [], changed: [], unchanged: [] }
  for (const [id, key] of owners) {
    const from = before.get(id)
    if (from === undefined) changes.created.push(id)
    else if (from === key) changes.unchanged.push(id)
    else changes.changed.push({ key: id, what: difference('product', from, key) })
  }
  return changes
}

function difference(what: string, before: unknown, after: unknown): string[] {
  const shown = (value: unknown) => (value === undefined || value === null ? 'none' : String(value))
  return before === after ? [] : [`${what}: ${shown(before)} → ${shown(after)}`]
}
