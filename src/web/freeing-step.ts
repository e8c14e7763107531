import type { Role } from '../auth/api-keys.ts'
import type { HeldGroup } from '../stripe/inbox/held-groups.ts'
import { addressWith } from './event-filters.ts'
import { inboxPath } from './pages/events-page.tsx'
import { ruleFor } from './routes-and-roles.ts'

/** The page on which a held group is freed, and what one does there. */
export type FreeingStep = { label: string; href: string }

/** Where the one action stands that frees what is held; null where none of our pages does it, or this role may not. Pure. */
export function freeingStep(group: HeldGroup, role: Role): FreeingStep | null {
  const step = stepOf(group)
  if (step === null) return null
  const rule = ruleFor('GET', step.href.split('?')[0]!)
  return Array.isArray(rule) && rule.includes(role) ? step : null
}

function stepOf({ state, reason, on }: HeldGroup): FreeingStep | null {
  if (state === 'parked') return neverFreed.has(reason) ? null : replay({ state, reason })
  const [kind, thing] = partsOf(on ?? '')
  switch (kind) {
    case 'price':
      return { label: 'See the products', href: '/operator/products' }
    case 'customer':
      return thing.startsWith('cus_')
        ? { label: 'Say whose it is', href: addressWith('/operator/organizations', {}, { link: thing }) }
        : null
    case 'organization':
      return { label: 'Create it', href: addressWith('/operator/organizations', {}, { key: thing }) }
    case 'org_type':
      return { label: 'See the org types', href: '/operator/org-types' }
    default:
      return thing.startsWith('sub_')
        ? replay({ state, reason, subscription: thing })
        : replay({ state, reason })
  }
}

/** Read again they would be the same. */
const neverFreed = new Set(['unreadable', 'unreadable_subscription', 'before_unknown'])

function replay(filters: Parameters<typeof addressWith>[1]): FreeingStep {
  return { label: 'Replay…', href: addressWith(`${inboxPath}/replay`, filters, { all: 'yes' }) }
}

/** `price:price_1` is `['price', 'price_1']`. */
export function partsOf(on: string): [kind: string, thing: string] {
  const at = on.indexOf(':')
  return at < 0 ? ['', on] : [on.slice(0, at), on.slice(at + 1)]
}
