import { idOf, isJsonObject, type JsonObject, textOf } from '../event/envelope.ts'

/** A product as Stripe's API tells it, as far as a catalog is drafted from it. `created`: Unix seconds, 0 where it is not told. */
export type ToldProduct = {
  id: string
  name: string
  /** false: archived. Whoever subscribes to it goes on doing so. */
  active: boolean
  created: number
  metadata: ReadonlyMap<string, string>
  /** Free text for a price list; it says nothing to a machine. */
  advertised: string[]
}

/** A price as Stripe's API tells it. `says`: for a person, with the amount in the currency's smallest unit. */
export type ToldPrice = { id: string; product: string; created: number; says: string }

export type ToldCatalog = { products: ToldProduct[]; prices: ToldPrice[] }

type Pages = AsyncIterable<{ objects: readonly JsonObject[] }>

/** All of Stripe's products and prices, archived ones too. `onRead` is told how many there are so far. */
export async function readToldCatalog(
  lists: { products: Pages; prices: Pages },
  onRead: (told: { products: number; prices: number }) => void = () => {},
): Promise<ToldCatalog> {
  const told: ToldCatalog = { products: [], prices: [] }
  const count = () => onRead({ products: told.products.length, prices: told.prices.length })
  for await (const { objects } of lists.products) {
    told.products.push(...objects.flatMap((object) => toldProduct(object) ?? []))
    count()
  }
  for await (const { objects } of lists.prices) {
    told.prices.push(...objects.flatMap((object) => toldPrice(object) ?? []))
    count()
  }
  return told
}

/** null: nothing that has an id. */
export function toldProduct(object: JsonObject): ToldProduct | null {
  const id = textOf(object.id)
  if (id === null) return null
  const { metadata, marketing_features } = object
  const advertised = Array.isArray(marketing_features)
    ? marketing_features.flatMap((one) => (isJsonObject(one) ? (textOf(one.name) ?? []) : []))
    : []
  return {
    id,
    name: textOf(object.name) ?? id,
    active: object.active !== false,
    created: typeof object.created === 'number' ? object.created : 0,
    metadata: new Map(
      Object.entries(isJsonObject(metadata) ? metadata : {}).flatMap(([key, value]) =>
        typeof value === 'string' ? [[key, value.trim()] as const] : [],
      ),
    ),
    advertised,
  }
}

/** null: nothing that has an id and a product. */
export function toldPrice(object: JsonObject): ToldPrice | null {
  const id = textOf(object.id)
  const product = idOf(object.product)
  if (id === null || product === null) return null
  const created = typeof object.created === 'number' ? object.created : 0
  return { id, product, created, says: inWords(object) }
}

function inWords({ unit_amount, currency, recurring, nickname, lookup_key, active }: JsonObject): string {
  const amount = typeof unit_amount === 'number' ? String(unit_amount) : 'no fixed amount in'
  const parts = [`${amount} ${textOf(currency) ?? ''} ${period(recurring)}`.replace(/\s+/g, ' ').trim()]
  for (const word of [nickname, lookup_key]) {
    const text = textOf(word)
    if (text) parts.push(text)
  }
  if (active === false) parts.push('archived')
  return parts.join(', ')
}

function period(recurring: unknown): string {
  if (!isJsonObject(recurring)) return 'once'
  const { interval, interval_count, usage_type } = recurring
  const count = typeof interval_count === 'number' ? interval_count : 1
  const every = count === 1 ? `a ${textOf(interval) ?? 'period'}` : `every ${count} ${textOf(interval)}s`
  return usage_type === 'metered' ? `${every}, metered` : every
}
