import type { Role } from '../auth/api-keys.ts'

/** Those who may read what the operating company may see. A member sees its own organization alone, elsewhere. */
const readers = ['operator', 'plan_approver', 'viewer'] as const satisfies readonly Role[]

/**
 * `everyone`: no key. `signed`: Stripe's signature stands for one. `scraper`: this machine itself, or a reader.
 * Else the roles that may enter.
 */
export type Rule = 'everyone' | 'signed' | 'scraper' | readonly Role[]

/**
 * Who may do what: the whole of it. A path that is not named here is answered 404 before any handler is asked, so that
 * a route which somebody forgets to add here is closed and not open. `/*` stands for whatever follows.
 */
export const routesAndRoles: Readonly<Record<string, Rule>> = {
  'POST /webhooks/stripe': 'signed',
  'GET /healthz': 'everyone',
  'GET /readyz': 'everyone',
  'GET /metrics': 'scraper',
  'GET /api/v1/enrollments': readers,
  'GET /': 'everyone',
  'GET /operator': readers,
  'GET /operator/sign-in': 'everyone',
  'POST /operator/sign-in': 'everyone',
  'POST /operator/sign-out': 'everyone',
  'GET /operator/assets/*': 'everyone',
  'ALL /operator/queues': ['operator'],
  'ALL /operator/queues/*': ['operator'],
}

const wildcards = Object.keys(routesAndRoles)
  .filter((route) => route.endsWith('/*'))
  .map((route) => ({ route, method: route.split(' ')[0]!, start: route.split(' ')[1]!.slice(0, -1) }))

/** The rule for a request; `unknown` when no method may ask for that path, else the methods that may. */
export function ruleFor(method: string, path: string): Rule | { allow: readonly string[] } | 'unknown' {
  const asked = method === 'HEAD' ? 'GET' : method
  const exact = routesAndRoles[`${asked} ${path}`] ?? routesAndRoles[`ALL ${path}`]
  if (exact) return exact
  const wild = wildcards.find(({ start, ...card }) => {
    return (card.method === asked || card.method === 'ALL') && path.startsWith(start)
  })
  if (wild) return routesAndRoles[wild.route]!
  const allow = Object.keys(routesAndRoles)
    .map((route) => route.split(' ') as [string, string])
    .filter(([, known]) => known === path || (known.endsWith('/*') && path.startsWith(known.slice(0, -1))))
    .map(([known]) => known)
  return allow.length === 0 ? 'unknown' : { allow: allow.includes('GET') ? [...allow, 'HEAD'] : allow }
}
