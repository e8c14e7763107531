import { Document, isScalar, type Pair, type Scalar, type YAMLMap, type YAMLSeq } from 'yaml'
import { catalogDocument } from '../billing/held-catalog.ts'
import type { CatalogDraft } from '../stripe/catalog/draft-catalog.ts'

/** So many products without a place are named in the example of a ladder. */
const mostInExample = 12

/** A draft as a catalog file for a person: what has to be filled in stands beside the thing, as a comment. */
export function catalogDraftText(draft: CatalogDraft): string {
  const document = new Document(catalogDocument(draft.catalog))
  document.commentBefore = [
    ' Drafted by `stepladder catalog pull`: what the catalog holds, as it stands, and what Stripe sells besides. Fill it in, and run',
    '   stepladder catalog apply <this file> --dry-run',
    ' Who pays for a product that is on no ladder and of no type is held where he stands. Amounts are in the currency’s smallest unit.',
  ].join('\n')
  const top = document.contents as YAMLMap
  for (const node of (top.get('products') as YAMLSeq<YAMLMap>).items) {
    const key = node.get('key') as string
    const said = [...(draft.notes.get(key) ?? [])]
    if (draft.toFillIn.includes(key))
      said.unshift(
        'To be filled in: a place on a ladder below and `status: published`, or `type: addon`, `usage` or `one_time`.',
      )
    if (said.length > 0) node.commentBefore = commented(said)
    const prices = (node.get('stripe') as YAMLMap | undefined)?.get('prices') as
      | YAMLSeq<Scalar<string>>
      | undefined
    for (const price of prices?.items ?? []) {
      const says = draft.prices.get(price.value)
      if (says) price.comment = ` ${says}`
    }
  }
  const example = ladderExample(draft)
  const ladders = top.items.find(({ key }) => isScalar(key) && key.value === 'ladders') as Pair<Scalar>
  if (example) {
    ladders.key.commentBefore = commented(example)
    ladders.key.spaceBefore = true
  }
  return document.toString({ lineWidth: 0 })
}

/** What a ladder of the products without a place could look like; their order is for a person to say. */
function ladderExample({ catalog, toFillIn }: CatalogDraft): string[] | null {
  if (toFillIn.length === 0) return null
  const [first] = catalog.ladders
  const held = first?.tiers.map(({ product }) => product) ?? []
  const { key, name } = first ?? { key: 'core', name: 'Core' }
  const tiers = [...held, ...toFillIn.slice(0, mostInExample)].join(', ')
  return [
    `On no ladder and of no type yet: ${toFillIn.length}. Those that are tiers go on a ladder, the lowest first, such as`,
    `  - { key: ${key}, name: ${JSON.stringify(name)}, tiers: [${tiers}] }`,
    'or have `ladder` and `rank` in their metadata at Stripe: then pull again.',
  ]
}

function commented(lines: readonly string[]): string {
  return lines.map((line) => ` ${line}`).join('\n')
}
