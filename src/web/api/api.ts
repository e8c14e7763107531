import { Hono } from 'hono'
import type { Db } from '../../db/types.ts'
import type { CheckMemory } from '../../entitlements/check-memory.ts'
import type { Log } from '../../log.ts'
import type { PrivateAddresses } from '../../outbound/addresses.ts'
import { answerPage } from '../answer-page.ts'
import { ApiPage } from '../pages/api-page.tsx'
import type { WebEnv } from '../web-env.ts'
import { type ApiRoute, type ServeParts, serveRoutes } from './api-route.ts'
import { checkRoute } from './check.ts'
import { type DeploymentParts, deploymentRoutes } from './deployment.ts'
import { enrollmentRoutes } from './enrollments.ts'
import { type EventParts, eventRoutes } from './events.ts'
import { explainRoutes } from './explain.ts'
import { type GrantParts, grantRoutes } from './grants.ts'
import { keyRoutes } from './keys.ts'
import { ladderRoutes } from './ladders.ts'
import { memberLinkRoutes } from './member-links.ts'
import { type OpenApi, openApiOf } from './openapi.ts'
import { orgTypeRoutes } from './org-types.ts'
import { organizationRoutes } from './organizations.ts'
import { type PlanParts, planRoutes } from './plans.ts'
import { productRoutes } from './products.ts'
import { webhookEndpointRoutes } from './webhook-endpoints.ts'

export type ApiParts = GrantParts &
  EventParts &
  PlanParts &
  DeploymentParts & {
    log: Log
    check: Pick<CheckMemory, 'check'>
    /** For what concerns the caller's tenant alone; left out: `db`. */
    own?: Db
    /** Where webhooks may go besides the open net; left out: nowhere. */
    privateAddresses?: PrivateAddresses
  }

/** Everything under /api/v1 that is described by schemas. Who may ask for what stands in routes-and-roles.ts. */
export function apiRoutes(parts: ApiParts): ApiRoute[] {
  const { db, own = db, ringExpiry, ringAgain, log, check } = parts
  return [
    checkRoute(check),
    ...enrollmentRoutes(own),
    ...organizationRoutes(own, db),
    ...explainRoutes(own),
    ...memberLinkRoutes(own),
    ...grantRoutes({ db: own, ringExpiry }),
    ...orgTypeRoutes({
      db,
      failed: ({ organizationId: organization, error }) =>
        log.error({ error, organization }, 'A backfill failed for one organization'),
    }),
    ...productRoutes(db),
    ...ladderRoutes(db),
    ...eventRoutes({ db, log, ringAgain }),
    ...deploymentRoutes(parts),
    ...keyRoutes(own),
    ...webhookEndpointRoutes(own, parts.privateAddresses ?? 'none'),
    ...planRoutes({ ...parts, db: own }),
  ]
}

export function api(parts: ApiParts & ServeParts): Hono<WebEnv> {
  const routes = apiRoutes(parts)
  return serveRoutes(described(new Hono<WebEnv>(), routes), routes, parts)
}

/** With the description of these routes, for programs and for people; made when it is first asked for. */
function described(app: Hono<WebEnv>, routes: readonly ApiRoute[]): Hono<WebEnv> {
  let made: OpenApi | undefined
  const description = () => {
    made ??= openApiOf(routes)
    return made
  }
  app.get('/openapi.json', (c) => c.json(description(), 200, { 'cache-control': 'no-cache' }))
  app.get('/docs', (c) => answerPage(c, 200, ApiPage, { api: description() }))
  return app
}
