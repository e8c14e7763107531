import type { Changes } from '../billing/plan-catalog.ts'
import type { AppliedCatalog } from '../stripe/catalog/apply-catalog.ts'
import type { BlastRadius } from '../stripe/catalog/blast-radius.ts'
import type { Held } from '../stripe/catalog/radius-rows.ts'

/** So many moves and held places are printed one by one for a person; --json has up to a thousand. */
const mostShown = 20

/** What an apply did (or would do), thing by thing; what stood so already is only counted. */
export function catalogTold({ dryRun, changed, report, woken, resolving, radius }: AppliedCatalog): string {
  const would = dryRun ? 'would be ' : ''
  const kinds: [string, Changes][] = [
    ['product', report.products],
    ['ladder', report.ladders],
    ['org type', report.orgTypes],
    ['Stripe product', report.stripeProducts],
    ['Stripe price', report.stripePrices],
  ]
  const lines = kinds.flatMap(([kind, changes]) => [
    ...changes.created.map((key) => `${kind} ${key} ${would}created`),
    ...changes.changed.map(({ key, what }) => `${kind} ${key} ${would}changed: ${what.join('; ')}`),
  ])
  const same = kinds.reduce((sum, [, { unchanged }]) => sum + unchanged.length, 0)
  if (!changed)
    lines.push(`Nothing ${dryRun ? 'would change' : 'changed'}: the catalog stands like this already.`)
  else if (same > 0)
    lines.push(`${same} ${same === 1 ? 'thing stands' : 'things stand'} as the file says already.`)
  if (woken > 0) lines.push(`${count(woken, 'write')} that waited for this ${would || 'are '}taken up.`)
  if (resolving > 0) lines.push(`${count(resolving, 'subscription')} ${would || 'are '}resolved again.`)
  if (radius) lines.push(...radiusTold(radius))
  if (dryRun) lines.push('Dry run: nothing was written.')
  return lines.join('\n')
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}

/** Who would stand elsewhere afterwards, from where to where; who would not, and what holds them; and what is not known. */
function radiusTold({ subscriptions, moves, held, waiting, busy, beyond }: BlastRadius): string[] {
  if (subscriptions === 0) return ['Nobody would move.']
  const lines = [
    moves.total === 0 ? 'Nobody would move.' : `${count(moves.total, 'move')} would follow:`,
    ...moves.by.map(({ ladder, from, to, count }) => `  ${ladder}: ${from ?? '–'} → ${to ?? '–'}: ${count}`),
  ]
  for (const { organization, ladder, type, from, to } of moves.first.slice(0, mostShown))
    lines.push(`    ${organization} ${ladder} ${type} ${from ?? '–'} → ${to ?? '–'}`)
  if (moves.total > mostShown) lines.push(`    … and ${moves.total - mostShown} more`)
  if (held.total > 0) lines.push(`${count(held.total, 'claim')} would change and move nobody:`)
  for (const one of held.first.slice(0, mostShown)) lines.push(`    ${heldTold(one)}`)
  if (held.total > mostShown) lines.push(`    … and ${held.total - mostShown} more`)
  for (const { reason, count: n } of waiting)
    lines.push(`${count(n, 'subscription')} would wait afterwards: ${reason}.`)
  if (busy > 0) lines.push(`${count(busy, 'thing')} could not be looked at: workers held them. Try again.`)
  if (beyond > 0)
    lines.push(`${count(beyond, 'thing')} beyond what one dry run looks at would be taken up too.`)
  return lines
}

function heldTold({ organization, ladder, subscription, claims, by }: Held): string {
  const claim = `${organization} ${ladder} ${subscription} would claim ${claims ?? 'nothing'}`
  return by ? `${claim}; ${by.kind} holds ${by.product}` : claim
}

export function radiusDocument({ subscriptions, moves, held, waiting, busy, beyond }: BlastRadius) {
  return {
    subscriptions,
    moves: {
      total: moves.total,
      by: moves.by,
      first: moves.first.map(({ fromRank, toRank, ...move }) => ({
        ...move,
        from_rank: fromRank,
        to_rank: toRank,
      })),
    },
    held,
    waiting,
    busy,
    beyond,
  }
}
