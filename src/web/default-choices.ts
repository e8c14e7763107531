import type { Ladder } from '../billing/ladders.ts'
import type { Choice } from './pages/fields.tsx'

/** What an org type starts on, in words: the ladder, and what stands at its rank 0 now (R62). */
export function defaultSays({ name, tiers }: Ladder): string {
  const base = tiers.find(({ rank }) => rank === 0)
  if (!base) return `${name} — nothing at rank 0`
  return `${name} — ${base.name}${base.status === 'published' ? '' : ` (${base.status})`}`
}

/**
 * What can be chosen as a default: ladders, and never a product (R62). One that could give nobody anything cannot be chosen, and says why; the
 * one that stands is kept as it is.
 */
export function defaultChoices(ladders: readonly Ladder[], stands: string | null): Choice[] {
  return ladders.map((ladder) => ({
    value: ladder.key,
    label: defaultSays(ladder),
    disabled:
      ladder.key !== stands && !ladder.tiers.some(({ rank, status }) => rank === 0 && status === 'published'),
  }))
}
