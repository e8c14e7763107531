/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import type { Product } from '../../billing/products.ts'

const flatSays = {
  addon: 'Regular product: add-on',
  usage: 'Regular product: by usage',
  one_time: 'Regular product: bought once',
} as const satisfies Record<NonNullable<Product['type']>, string>

/** What a product is, as a person says it: its kind follows from where it stands (R73). */
export function kindSays(kind: Product['kind']): string {
  if (kind === null) return 'Not decided'
  return kind === 'plan' ? 'Plan' : flatSays[kind]
}

/** The same in a sentence. */
export function kindMeans(kind: Product['kind']): string {
  if (kind === null) return 'It has no type and is on no ladder, so nothing says yet what it is.'
  return kind === 'plan'
    ? 'It is a tier of a ladder: of each ladder an organization has one at most.'
    : 'It is held beside the plans, as many times as it was bought.'
}

/** The choices of a type: to have none is what lets a product become a plan (R7). */
export const typeChoices = Object.entries(flatSays).map(([value, label]) => ({ value, label }))
export const noType = 'None: it is, or will be, a plan'

const looks = { draft: 'received', published: 'done', retired: '' } as const

export const StatusBadge: FC<{ status: Product['status'] }> = ({ status }) => (
  <span class={`badge ${looks[status]}`.trim()}>{status}</span>
)
