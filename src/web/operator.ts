import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { csrfToken } from './csrf.ts'
import { ofTheDeployment } from './of-the-deployment.ts'
import { type EnrollmentParts, operatorEnrollment } from './operator-enrollment.ts'
import { type OperatorEventsParts, operatorEvents } from './operator-events.ts'
import { operatorGrants } from './operator-grants.ts'
import { operatorKeys } from './operator-keys.ts'
import { operatorLadders } from './operator-ladders.ts'
import { operatorOrgTypes } from './operator-org-types.ts'
import { operatorOrganizations } from './operator-organizations.ts'
import { type OverviewParts, operatorOverview } from './operator-overview.ts'
import { type OperatorPlansParts, operatorPlans } from './operator-plans.ts'
import { operatorProducts } from './operator-products.ts'
import { operatorValidation } from './operator-validation.ts'
import { operatorWaiting } from './operator-waiting.ts'
import { operatorWebhookEndpoints, type WebhookEndpointsParts } from './operator-webhook-endpoints.ts'
import { notFound, problem } from './problem.ts'
import { dashboardPolicy } from './security-headers.ts'
import { setDashboardToken } from './session-cookie.ts'
import type { WebEnv } from './web-env.ts'

export const dashboardPath = '/operator/queues'

export type OperatorParts = OperatorEventsParts &
  OverviewParts &
  EnrollmentParts &
  OperatorPlansParts &
  WebhookEndpointsParts & { dashboard: Hono | null; publicUrl: string | null }

/** The panel's pages, and the queue dashboard behind them. The guard has let in whoever comes here. */
export function operator(parts: OperatorParts): Hono<WebEnv> {
  const app = new Hono<WebEnv>()

  app.route('/', operatorOverview(parts))
  app.route('/', operatorLadders(parts))
  app.route('/', operatorProducts(parts))
  app.route('/', operatorOrgTypes(parts))
  app.route('/', operatorOrganizations(parts))
  app.route('/', operatorEnrollment(parts))
  app.route('/', operatorGrants(parts))
  app.route('/', operatorPlans(parts))
  app.route('/', operatorEvents(parts))
  app.route('/', operatorWaiting(parts))
  app.route('/', operatorValidation(parts))
  app.route('/', operatorWebhookEndpoints(parts))
  app.route('/', operatorKeys(parts))

  app.use(`${dashboardPath}/*`, bodyLimit({ maxSize: 1024 * 1024, onError: tooLarge }), async (c, next) => {
    // Jobs are everybody's and know no tenant: they are seen by who runs the deployment.
    if (!(await ofTheDeployment(parts.db, c.get('caller')!))) return notFound()
    await next()
    c.header('content-security-policy', dashboardPolicy)
    // The dashboard is made by others: its HTTP library sends this cookie back as the header `x-xsrf-token`.
    if (c.req.method === 'GET' && csrfToken(c) !== '') setDashboardToken(c, parts.publicUrl, csrfToken(c))
  })
  const { dashboard } = parts
  if (dashboard) {
    // The dashboard's own router knows its first page without the slash alone.
    app.get(`${dashboardPath}/`, (c) => {
      const { headers } = c.req.raw
      return dashboard.fetch(new Request(new URL('/', c.req.url), { headers }), c.env)
    })
    app.route(dashboardPath, dashboard)
  }
  return app
}

function tooLarge(): Response {
  return problem({ status: 413, code: 'body_too_large', detail: 'At most 1 MiB can be sent here.' })
}
