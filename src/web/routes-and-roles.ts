import type { Role } from '../auth/api-keys.ts'

/** Those who may read what the operating company may see. A member sees its own organization alone, elsewhere. */
const readers = ['operator', 'plan_approver', 'viewer'] as const satisfies readonly Role[]
/** Those who may change what is sold, and who holds what. */
const writers = ['operator'] as const satisfies readonly Role[]

/** Those who may draft revenue plans; approving them is another matter. */
const planners = ['operator', 'plan_approver'] as const satisfies readonly Role[]

/** The revenue plans' routes: they stand both here and under /api/v1. */
const planRoutes = (at: '' | '/api/v1'): Record<string, Rule> => ({
  [`GET ${at}/plans`]: readers,
  [`POST ${at}/plans/propose`]: planners,
  [`GET ${at}/plans/:planId`]: readers,
  [`PATCH ${at}/plans/:planId`]: planners,
  [`GET ${at}/plans/:planId/ledger`]: readers,
  [`GET ${at}/plans/:planId/can-activate`]: readers,
  [`POST ${at}/plans/:planId/approve`]: 'approver',
  [`POST ${at}/plans/:planId/pause`]: 'approver',
  [`POST ${at}/plans/:planId/resume`]: 'approver',
  [`POST ${at}/plans/:planId/abort`]: 'approver',
  [`POST ${at}/plans/:planId/budget-reserve`]: 'approver',
  [`GET ${at}/plans/:planId/outcomes`]: readers,
  [`POST ${at}/plans/:planId/outcomes`]: 'approver',
  [`GET ${at}/plans/tasks`]: readers,
  [`POST ${at}/plans/tasks/:taskId/done`]: planners,
  [`POST ${at}/plans/tasks/:taskId/failed`]: planners,
})

/**
 * `everyone`: no key. `leaving`: whoever is signed in, or is not any more. `signed`: Stripe's signature stands for a key.
 * `scraper`: this machine itself, or a reader. `member`: a member, who has an organization. `approver`: whoever
 * answers for revenue plans, by role or scope. Else the roles that may enter.
 */
export type Rule = 'everyone' | 'leaving' | 'signed' | 'scraper' | 'member' | 'approver' | readonly Role[]

/** For whom a rule is, as a sentence. */
export function forWhom(rule: Rule): string {
  if (rule === 'approver') return 'For the role plan_approver, or the scope high-risk-approval.'
  if (rule === 'member') return 'For members of an organization.'
  if (rule === 'scraper') return 'For every role but member.'
  return Array.isArray(rule) ? `For the roles ${rule.join(', ')}.` : `For ${rule}.`
}

/**
 * Who may do what: the whole of it. A path that is not named here is answered 404 before any handler is asked, so that
 * a route which somebody forgets to add here is closed and not open. `:name` stands for one part of a path, `/*` at the end
 * for whatever follows.
 */
export const routesAndRoles: Readonly<Record<string, Rule>> = {
  'POST /webhooks/stripe': 'signed',
  'GET /healthz': 'everyone',
  'GET /readyz': 'everyone',
  'GET /metrics': 'scraper',
  'GET /api/v1/openapi.json': 'everyone',
  'GET /api/v1/docs': 'everyone',
  'GET /api/v1/check': readers,
  'GET /api/v1/enrollments': readers,
  'GET /api/v1/organizations': readers,
  'POST /api/v1/organizations': writers,
  'GET /api/v1/organizations/:id': readers,
  'POST /api/v1/organizations/:id/customers': writers,
  'POST /api/v1/organizations/:id/transfer': writers,
  'GET /api/v1/organizations/:id/history': readers,
  'GET /api/v1/organizations/:id/subscription-changes': readers,
  'GET /api/v1/organizations/:id/explain': readers,
  'POST /api/v1/organizations/:id/member-links': writers,
  'GET /api/v1/organizations/:id/grants': readers,
  'POST /api/v1/organizations/:id/grants': writers,
  'GET /api/v1/organizations/:id/grants/:grant': readers,
  'POST /api/v1/organizations/:id/grants/:grant/revoke': writers,
  'POST /api/v1/organizations/:id/grants/:grant/extend': writers,
  'POST /api/v1/organizations/:id/extend': writers,
  'POST /api/v1/organizations/:id/transitions': writers,
  'GET /api/v1/organizations/:id/ceilings': readers,
  'POST /api/v1/organizations/:id/ceilings/:ceiling/lift': writers,
  'GET /api/v1/organizations/:id/flat-grants': readers,
  'POST /api/v1/organizations/:id/flat-grants': writers,
  'POST /api/v1/organizations/:id/flat-grants/:grant/revoke': writers,
  'GET /api/v1/org-types': readers,
  'POST /api/v1/org-types': writers,
  'PATCH /api/v1/org-types/:key': writers,
  'PUT /api/v1/org-types/:key/default-ladder': writers,
  'POST /api/v1/org-types/:key/backfill': writers,
  'GET /api/v1/products': readers,
  'POST /api/v1/products': writers,
  'GET /api/v1/products/:key': readers,
  'PATCH /api/v1/products/:key': writers,
  'POST /api/v1/products/:key/publish': writers,
  'POST /api/v1/products/:key/publish-and-attach': writers,
  'POST /api/v1/products/:key/prices': writers,
  'POST /api/v1/products/:key/retire': writers,
  'GET /api/v1/ladders': readers,
  'POST /api/v1/ladders': writers,
  'GET /api/v1/ladders/:key': readers,
  'PATCH /api/v1/ladders/:key': writers,
  'DELETE /api/v1/ladders/:key': writers,
  'PUT /api/v1/ladders/:key/tiers': writers,
  'PUT /api/v1/ladders/:key/tiers/:product': writers,
  'DELETE /api/v1/ladders/:key/tiers/:product': writers,
  'GET /api/v1/events': readers,
  'GET /api/v1/events/:id': readers,
  'POST /api/v1/events/:id/replay': writers,
  'GET /api/v1/stats': readers,
  'GET /api/v1/waiting': readers,
  'GET /api/v1/alarms': readers,
  'POST /api/v1/alarms/clear': writers,
  'GET /api/v1/actions': writers,
  'PUT /api/v1/products/:key/prices/:price': writers,
  'GET /api/v1/keys': writers,
  'POST /api/v1/keys': writers,
  'POST /api/v1/keys/:id/revoke': writers,
  'GET /api/v1/webhook-endpoints': readers,
  'POST /api/v1/webhook-endpoints': writers,
  'GET /api/v1/webhook-endpoints/:id': readers,
  'PATCH /api/v1/webhook-endpoints/:id': writers,
  'POST /api/v1/webhook-endpoints/:id/rotate-secret': writers,
  'DELETE /api/v1/webhook-endpoints/:id': writers,
  ...planRoutes('/api/v1'),
  ...planRoutes(''),
  'GET /': 'everyone',
  'GET /operator': readers,
  'POST /operator/alarms/clear': writers,
  'GET /operator/waiting': readers,
  'POST /operator/waiting/price': writers,
  'GET /operator/validation': readers,
  'GET /operator/ladders': readers,
  'POST /operator/ladders': writers,
  'GET /operator/ladders/:key': readers,
  'POST /operator/ladders/:key': writers,
  'POST /operator/ladders/:key/delete': writers,
  'POST /operator/ladders/:key/ranks': writers,
  'POST /operator/ladders/:key/tiers': writers,
  'POST /operator/ladders/:key/publish-and-attach': writers,
  'POST /operator/ladders/:key/tiers/:product/remove': writers,
  'GET /operator/products': readers,
  'POST /operator/products': writers,
  'GET /operator/products/:key': readers,
  'POST /operator/products/:key': writers,
  'POST /operator/products/:key/features': writers,
  'POST /operator/products/:key/publish': writers,
  'POST /operator/products/:key/publish-and-attach': writers,
  'POST /operator/products/:key/retire': writers,
  'GET /operator/org-types': readers,
  'POST /operator/org-types': writers,
  'GET /operator/org-types/:key': readers,
  'POST /operator/org-types/:key': writers,
  'POST /operator/org-types/:key/default-ladder': writers,
  'POST /operator/org-types/:key/backfill': writers,
  'GET /operator/organizations': readers,
  'POST /operator/organizations': writers,
  'GET /operator/organizations/:id': readers,
  'POST /operator/organizations/:id/customers': writers,
  'POST /operator/organizations/:id/transfer': writers,
  'POST /operator/organizations/:id/member-links': writers,
  'GET /operator/organizations/:id/enrollment': readers,
  'POST /operator/organizations/:id/enrollment/grants': writers,
  'POST /operator/organizations/:id/enrollment/grants/:grant/revoke': writers,
  'POST /operator/organizations/:id/enrollment/extend': writers,
  'POST /operator/organizations/:id/enrollment/transitions': writers,
  'POST /operator/organizations/:id/enrollment/ceilings/:ceiling/lift': writers,
  'GET /operator/organizations/:id/grants': readers,
  'POST /operator/organizations/:id/grants': writers,
  'POST /operator/organizations/:id/grants/:grant/revoke': writers,
  'GET /operator/enrollment': readers,
  'GET /operator/grants': readers,
  'GET /operator/plans': readers,
  'GET /operator/plans/tasks': readers,
  'POST /operator/plans/tasks/:taskId/done': planners,
  'POST /operator/plans/tasks/:taskId/failed': planners,
  'GET /operator/plans/outcomes': readers,
  'GET /operator/plans/:planId': readers,
  'POST /operator/plans/:planId': planners,
  'POST /operator/plans/:planId/steps': planners,
  'POST /operator/plans/:planId/steps/:stepId/up': planners,
  'POST /operator/plans/:planId/steps/:stepId/remove': planners,
  'POST /operator/plans/:planId/approve': 'approver',
  'POST /operator/plans/:planId/pause': 'approver',
  'POST /operator/plans/:planId/resume': 'approver',
  'POST /operator/plans/:planId/abort': 'approver',
  'GET /operator/webhook-endpoints': readers,
  'POST /operator/webhook-endpoints': writers,
  'POST /operator/webhook-endpoints/:id/rotate-secret': writers,
  'POST /operator/webhook-endpoints/:id/disable': writers,
  'POST /operator/webhook-endpoints/:id/enable': writers,
  'POST /operator/webhook-endpoints/:id/delete': writers,
  'GET /operator/keys': writers,
  'POST /operator/keys': writers,
  'POST /operator/keys/:id/revoke': writers,
  'GET /operator/events': readers,
  'GET /operator/events/replay': writers,
  'POST /operator/events/replay': writers,
  'GET /operator/events/:event': readers,
  'GET /operator/events/:event/body': readers,
  'GET /operator/sign-in': 'everyone',
  'POST /operator/sign-in': 'everyone',
  'GET /operator/sign-in/begin': 'everyone',
  'GET /operator/sign-in/callback': 'everyone',
  'POST /operator/sign-out': 'leaving',
  'GET /member': 'member',
  'GET /member/enter': 'everyone',
  'GET /operator/assets/*': 'everyone',
  'ALL /operator/queues': ['operator'],
  'ALL /operator/queues/*': ['operator'],
}

/** Those that stand for several paths; all others are looked up as they are. */
const patterns = Object.entries(routesAndRoles)
  .filter(([route]) => /\/[:*]/.test(route))
  .map(([route, rule]) => {
    const [method, path] = route.split(' ') as [string, string]
    return { route, method, matches: matcherOf(path), rule }
  })

const plain = Object.keys(routesAndRoles)
  .filter((route) => !/\/[:*]/.test(route))
  .map((route) => route.split(' ') as [string, string])

/** A part of a path is never empty and never holds a slash, which is also how the router reads `:name`. */
function matcherOf(path: string): (asked: string) => boolean {
  if (path.endsWith('/*')) return (asked) => asked.startsWith(path.slice(0, -1))
  const parts = path.split('/')
  return (asked) => {
    const given = asked.split('/')
    return (
      given.length === parts.length &&
      parts.every((part, at) => (part.startsWith(':') ? given[at] !== '' : given[at] === part))
    )
  }
}

/** How the table names a request, such as `POST /api/v1/organizations/:id/grants`. */
export function routeOf(method: string, path: string): string {
  return patternFor(method, path)?.route ?? `${method} ${path}`
}

function patternFor(method: string, path: string) {
  return patterns.find(
    (pattern) => (pattern.method === method || pattern.method === 'ALL') && pattern.matches(path),
  )
}

/** The rule for a request; `unknown` when no method may ask for that path, else the methods that may. */
export function ruleFor(method: string, path: string): Rule | { allow: readonly string[] } | 'unknown' {
  const asked = method === 'HEAD' ? 'GET' : method
  const exact = routesAndRoles[`${asked} ${path}`] ?? routesAndRoles[`ALL ${path}`]
  if (exact) return exact
  const match = patternFor(asked, path)
  if (match) return match.rule
  const allow = [
    ...plain.filter(([, known]) => known === path).map(([known]) => known),
    ...patterns.filter((pattern) => pattern.matches(path)).map((pattern) => pattern.method),
  ]
  return allow.length === 0 ? 'unknown' : { allow: allow.includes('GET') ? [...allow, 'HEAD'] : allow }
}
