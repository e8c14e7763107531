import { LineCounter, parseDocument } from 'yaml'
import { z } from 'zod'
import { Refused } from '../errors.ts'
import {
  catalogDescription,
  catalogKey,
  catalogName,
  featureChanges,
  flatKind,
  productStatuses,
  tierRank as rank,
} from './catalog-fields.ts'
import { didYouMean } from './did-you-mean.ts'

/** A catalog file that cannot be taken. Every fault is named with its path and what to do about it. */
export class CatalogInvalid extends Refused {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    const count = problems.length === 1 ? 'one fault' : `${problems.length} faults`
    const message = `The catalog file has ${count}:\n${problems.map((problem) => `  ${problem}`).join('\n')}`
    super('catalog_invalid', message, 'Mend the file and apply it again; nothing was changed.', 422)
    this.problems = problems
  }
}

const stripeId = z
  .string()
  .trim()
  .min(1, 'may not be empty')
  .max(255)
  .regex(/^\S+$/, 'has to be one of Stripe’s ids, without spaces')
const listOf = <Item extends z.ZodType>(item: Item) =>
  z
    .array(item)
    .nullish()
    .transform((list) => list ?? [])

/** A bare key has its place in the list as its rank, 0 first; the long form is for ranks with gaps. */
const tier = z.union([catalogKey, z.strictObject({ product: catalogKey, rank })], {
  error: 'has to be the key of a product, or { product, rank }',
})

const product = z.strictObject({
  key: catalogKey,
  name: catalogName,
  type: flatKind.nullish(),
  status: z.enum(productStatuses).optional(),
  stripe: z
    .strictObject({ products: listOf(stripeId), prices: listOf(stripeId) })
    .nullish()
    .transform((stripe) => stripe ?? { products: [], prices: [] }),
  features: featureChanges.nullish().transform((features) => features ?? {}),
})
const ladder = z.strictObject({
  key: catalogKey,
  name: catalogName,
  description: catalogDescription.nullish(),
  tiers: listOf(tier),
})
const orgType = z.strictObject({
  key: catalogKey,
  name: catalogName,
  default_ladder: catalogKey.nullish(),
})

const catalogFile = z.strictObject({
  version: z.literal(1, { error: 'has to be 1' }),
  products: listOf(product),
  ladders: listOf(ladder),
  org_types: listOf(orgType),
})

export type CatalogFile = z.infer<typeof catalogFile>
export type CatalogProduct = CatalogFile['products'][number]
type CatalogLadder = CatalogFile['ladders'][number]
export type CatalogTier = CatalogLadder['tiers'][number]

/**
 * Reads a catalog file, YAML or JSON, and checks what can be told from the file alone.
 * @throws CatalogInvalid with every fault found.
 */
export function parseCatalogFile(text: string): CatalogFile {
  const lines = new LineCounter()
  // Numbers are kept as they stand; an alias is a shorthand and may not multiply into a bomb (the library's limit of 100).
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: true })
  if (document.errors.length > 0)
    throw new CatalogInvalid(document.errors.map(({ message }) => message.split('\n')[0]!.replace(/:$/, '')))
  let content: unknown
  try {
    content = document.toJS()
  } catch (error) {
    throw new CatalogInvalid([(error as Error).message])
  }
  const lineOf = (path: readonly PropertyKey[]) => {
    const node = document.getIn(path, true) as { range?: [number, number, number] } | undefined
    return node?.range ? ` (line ${lines.linePos(node.range[0]).line})` : ''
  }
  return readCatalogFile(content, lineOf)
}

/** The same for a value that was parsed already. `lineOf` may say where a path stands in its text. */
export function readCatalogFile(
  content: unknown,
  lineOf: (path: readonly PropertyKey[]) => string = () => '',
): CatalogFile {
  const read = catalogFile.safeParse(content, { reportInput: true })
  if (!read.success)
    throw new CatalogInvalid(read.error.issues.flatMap((issue) => sentencesOf(issue, lineOf)))
  const problems = duplicatesIn(read.data)
  if (problems.length > 0) throw new CatalogInvalid(problems)
  return read.data
}

const keysAt: Record<string, readonly string[]> = {
  '': Object.keys(catalogFile.shape),
  products: Object.keys(product.shape),
  'products.stripe': ['products', 'prices'],
  ladders: Object.keys(ladder.shape),
  'ladders.tiers': ['product', 'rank'],
  org_types: Object.keys(orgType.shape),
}

type Issue = z.core.$ZodIssue

function sentencesOf(issue: Issue, lineOf: (path: readonly PropertyKey[]) => string): string[] {
  const at = `${pathText(issue.path)}${lineOf(issue.path)}`
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt[issue.path.filter((part) => typeof part === 'string').join('.')] ?? []
    return issue.keys.map(
      (unknown) =>
        `${at}: ${unknown} is no key here${didYouMean(unknown, known)}; known are ${known.join(', ')}`,
    )
  }
  if (issue.code === 'invalid_value' && issue.values.length > 1) {
    if (issue.input === 'plan') return [`${at}: ${issue.message}`]
    const values = issue.values.map(String)
    const given = typeof issue.input === 'string' ? didYouMean(issue.input, values) : ''
    return [`${at}: has to be one of ${values.join(', ')}${given}`]
  }
  if (issue.code === 'invalid_type') {
    return [`${at}: ${issue.input === undefined ? 'is missing' : `has to be ${article(issue.expected)}`}`]
  }
  if (issue.code === 'invalid_key') return [`${at}: ${issue.issues[0]?.message ?? issue.message}`]
  return [`${at}: ${issue.message}`]
}

function article(expected: string): string {
  const words: Record<string, string> = {
    array: 'a list',
    object: 'a map',
    string: 'a text (in quotes, if it looks like a number)',
  }
  return words[expected] ?? `a ${expected}`
}

function pathText(path: readonly PropertyKey[]): string {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('')
  return text.replace(/^\./, '') || 'the file'
}

/** What is said twice in one file has no order that could decide. */
function duplicatesIn(file: CatalogFile): string[] {
  const twice: string[] = []
  const once = (where: string, what: string) => {
    const seen = new Map<string, string>()
    return (value: string, path: string) => {
      const first = seen.get(value)
      if (first === undefined) seen.set(value, path)
      else twice.push(`${path}: ${what} ${value} stands at ${first} already${where}`)
    }
  }
  const products = once('; keep one', 'the product')
  const stripeProducts = once('; one Stripe product means one product', 'the Stripe product')
  const prices = once('; one price means one product', 'the price')
  const ladders = once('; keep one', 'the ladder')
  const orgTypes = once('; keep one', 'the org type')
  file.products.forEach(({ key, stripe }, n) => {
    products(key, `products[${n}].key`)
    stripe.products.forEach((id, m) => {
      stripeProducts(id, `products[${n}].stripe.products[${m}]`)
    })
    stripe.prices.forEach((id, m) => {
      prices(id, `products[${n}].stripe.prices[${m}]`)
    })
  })
  file.ladders.forEach(({ key, tiers }, n) => {
    ladders(key, `ladders[${n}].key`)
    const tier = once('; a product has one place on a ladder', 'the product')
    const rank = once('; a rank is one product’s', 'the rank')
    tiers.forEach((listed, m) => {
      tier(tierProduct(listed), `ladders[${n}].tiers[${m}]`)
      rank(String(tierRank(listed, m)), `ladders[${n}].tiers[${m}]`)
    })
  })
  file.org_types.forEach(({ key }, n) => {
    orgTypes(key, `org_types[${n}].key`)
  })
  return twice
}

/** The key of the product that a tier of the list names. */
export function tierProduct(listed: CatalogTier): string {
  return typeof listed === 'string' ? listed : listed.product
}

/** The rank that a tier of the list asks for: its own, or its place in the list. */
export function tierRank(listed: CatalogTier, place: number): number {
  return typeof listed === 'string' ? place : listed.rank
}
