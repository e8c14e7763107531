import { catalogKey, catalogName, featureChanges, flatKind, tierRank } from '../../billing/catalog-fields.ts'
import type { HeldCatalog, HeldLadder, HeldProduct } from '../../billing/held-catalog.ts'
import { slugOf } from './slug-of.ts'
import type { ToldCatalog, ToldPrice, ToldProduct } from './told-catalog.ts'

export type CatalogDraft = {
  /** What is held, with what Stripe sells and the catalog does not know yet. */
  catalog: HeldCatalog
  /** Keys of the products that are new in it. */
  added: string[]
  /** Stripe's ids that nothing in the held catalog stands for by itself. */
  newPrices: string[]
  /** Keys of products that are on no ladder and of no type: a person has to say what they are. */
  toFillIn: string[]
  /** What a person should know about a product, by its key. */
  notes: ReadonlyMap<string, readonly string[]>
  /** What a price is, in words, by its id at Stripe. */
  prices: ReadonlyMap<string, string>
}

/** A product of the draft on its way. */
type Drafted = { product: HeldProduct; told: ToldProduct; notes: string[] }

/**
 * Drafts a catalog from what Stripe sells: purely, and guessing nothing. What is held already stays as it is, under its key; only
 * Stripe ids are added to it. What is new gets the key, type, ladder, rank and features that its `metadata` says, and where that
 * says nothing it is a draft without a place, which moves nobody, and is told to whoever fills it in.
 */
export function draftCatalog(held: HeldCatalog, told: ToldCatalog): CatalogDraft {
  const products = new Map(held.products.map((product) => [product.key, product]))
  const ladders = new Map(held.ladders.map((ladder) => [ladder.key, ladder]))
  const keyOfProduct = ownersOf(held, 'stripeProducts')
  const keyOfPrice = ownersOf(held, 'stripePrices')
  const pricesOf = new Map(told.products.map(({ id }) => [id, [] as ToldPrice[]]))
  for (const price of byAge(told.prices)) pricesOf.get(price.product)?.push(price)
  const notes = new Map<string, string[]>()
  const added: string[] = []
  const newPrices: string[] = []

  for (const one of byAge(told.products)) {
    const prices = pricesOf.get(one.id)!
    const unmapped = prices.filter(({ id }) => !keyOfPrice.has(id)).map(({ id }) => id)
    const standing = keyOfProduct.get(one.id)
    // Its prices were given to products one by one: what its later ones will mean is not known, and nothing covers them.
    const split = standing === undefined && unmapped.length < prices.length
    if (split && unmapped.length === 0) continue
    if (standing === undefined && !one.active && prices.length === 0) continue

    const said = split ? [`Other prices of ${one.id} stand for other products already: what are these?`] : []
    const key = standing ?? keyOf(one, products, split, said)
    const before = products.get(key)
    const product = withIds(before ?? newProduct(key, one), split ? [] : [one.id], unmapped)
    const drafted = { product, told: one, notes: said }
    if (isOpen(product, ladders)) fillIn(drafted, ladders)
    products.set(key, drafted.product)
    if (!before) added.push(key)
    newPrices.push(...unmapped)
    if (said.length > 0) notes.set(key, [...(notes.get(key) ?? []), ...said])
  }
  const sorted = <Thing extends { key: string }>(things: Iterable<Thing>) =>
    [...things].sort((a, b) => (a.key < b.key ? -1 : 1))
  const all = sorted(products.values())
  return {
    catalog: { products: all, ladders: sorted(ladders.values()), orgTypes: held.orgTypes },
    added: added.sort(),
    newPrices: newPrices.sort(),
    toFillIn: all.filter((product) => isOpen(product, ladders)).map(({ key }) => key),
    notes,
    prices: new Map(told.prices.map(({ id, says }) => [id, says])),
  }
}

function ownersOf(held: HeldCatalog, ids: 'stripeProducts' | 'stripePrices'): Map<string, string> {
  return new Map(held.products.flatMap((product) => product[ids].map((id) => [id, product.key] as const)))
}

/** The oldest first, so that a product that is made later never takes a key from an older one. */
function byAge<Thing extends ToldProduct | ToldPrice>(things: readonly Thing[]): Thing[] {
  return [...things].sort((a, b) => a.created - b.created || (a.id < b.id ? -1 : 1))
}

/** The key that its metadata says, which may be that of a held product; else one of its name that nobody has. */
function keyOf(
  { id, name, metadata }: ToldProduct,
  products: ReadonlyMap<string, HeldProduct>,
  split: boolean,
  notes: string[],
): string {
  const said = metadata.get('key') ?? metadata.get('lookup_key')
  if (said !== undefined && !split) {
    if (catalogKey.safeParse(said).success) return said
    notes.push(`Stripe's metadata names the key ${quoted(said)}, which is not kebab-case.`)
  }
  const slug = slugOf(name) || slugOf(id) || 'product'
  let key = slug
  for (let n = 2; products.has(key); n++) key = `${slug}-${n}`
  const other = products.get(slug)
  if (other?.stripeProducts.length === 0 && other.stripePrices.length === 0)
    notes.push(`Nothing at Stripe stands for the product ${slug}. If this is it, move the Stripe ids there.`)
  return key
}

function newProduct(key: string, told: ToldProduct): HeldProduct {
  const name = catalogName.safeParse(told.name.slice(0, 200))
  return {
    key,
    name: name.success ? name.data : key,
    type: null,
    status: told.active ? 'draft' : 'retired',
    features: {},
    stripeProducts: [],
    stripePrices: [],
  }
}

function withIds(product: HeldProduct, products: readonly string[], prices: readonly string[]): HeldProduct {
  const and = (held: readonly string[], more: readonly string[]) => [...new Set([...held, ...more])].sort()
  return {
    ...product,
    stripeProducts: and(product.stripeProducts, products),
    stripePrices: and(product.stripePrices, prices),
  }
}

/** Nobody has said yet what it is: it is of no type and on no ladder. */
function isOpen(product: HeldProduct, ladders: ReadonlyMap<string, HeldLadder>): boolean {
  const placed = [...ladders.values()].some(({ tiers }) => tiers.some((tier) => tier.product === product.key))
  return product.type === null && !placed
}

/** What the metadata says of an open product: its type or its tier, and its features where it has none. */
function fillIn(drafted: Drafted, ladders: Map<string, HeldLadder>): void {
  const { told, notes } = drafted
  const type = told.metadata.get('type')
  const ladder = told.metadata.get('ladder')
  if (type !== undefined && type !== 'plan' && ladder !== undefined)
    notes.push('Stripe’s metadata names both a type and a ladder; a tier has no type, so neither was taken.')
  else if (ladder !== undefined) place(drafted, ladder, ladders)
  else if (type !== undefined && type !== 'plan') {
    const read = flatKind.safeParse(type)
    if (read.success) settle(drafted, { type: read.data })
    else notes.push(`Stripe’s metadata names the type ${quoted(type)}: known are addon, usage and one_time.`)
  }
  if (Object.keys(drafted.product.features).length === 0) {
    const features = featuresOf(drafted)
    drafted.product = { ...drafted.product, features }
  }
  if (told.advertised.length > 0) notes.push(`Advertised: ${told.advertised.map(oneLine).join('; ')}`)
}

/** Puts it on the ladder that its metadata names, at its rank, unless another stands there. */
function place(drafted: Drafted, key: string, ladders: Map<string, HeldLadder>): void {
  const { told, product, notes } = drafted
  const said = told.metadata.get('rank')
  const rank = tierRank.safeParse(said !== undefined && /^-?\d+$/.test(said) ? Number(said) : said)
  const ladder = ladders.get(key) ?? { key, name: key, description: null, tiers: [] }
  const there = rank.success ? ladder.tiers.find((tier) => tier.rank === rank.data) : undefined
  if (!catalogKey.safeParse(key).success)
    notes.push(`Stripe’s metadata names the ladder ${quoted(key)}, which is not kebab-case.`)
  else if (!rank.success)
    notes.push(
      `Stripe’s metadata names the ladder ${key} and no whole number as \`rank\`: put it there by hand.`,
    )
  else if (there)
    notes.push(`Stripe’s metadata names rank ${rank.data} of ${key}, where ${there.product} stands.`)
  else {
    const tiers = [...ladder.tiers, { product: product.key, rank: rank.data }].sort((a, b) => a.rank - b.rank)
    ladders.set(key, { ...ladder, tiers })
    settle(drafted, {})
  }
}

/** It is known now what it is, and so a draft is one no longer: it is sold, unless it is archived. */
function settle(drafted: Drafted, known: Partial<HeldProduct>): void {
  const { product, told } = drafted
  const status = product.status !== 'draft' ? product.status : told.active ? 'published' : 'retired'
  drafted.product = { ...product, ...known, status }
}

/** `feature.seats: 10` is a limit of ten; `true` and `false` are what they say, anything else is text. */
function featuresOf({ told, notes }: Drafted): HeldProduct['features'] {
  const features: [string, boolean | number | string][] = []
  for (const [key, said] of told.metadata) {
    if (!key.startsWith('feature.')) continue
    const feature = key.slice('feature.'.length)
    const value = /^-?\d+(\.\d+)?$/.test(said) ? Number(said) : said === 'true' || (said !== 'false' && said)
    if (featureChanges.safeParse({ [feature]: value }).success) features.push([feature, value])
    else notes.push(`Stripe’s metadata has ${quoted(key)}, which is no feature’s name or holds no value.`)
  }
  return Object.fromEntries(features.sort(([a], [b]) => (a < b ? -1 : 1)))
}

function quoted(text: string): string {
  return JSON.stringify(oneLine(text))
}

/** What others wrote, on one line of a comment. */
function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, ' ').trim()
}
