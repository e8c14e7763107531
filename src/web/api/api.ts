import { Hono } from 'hono'
import type { CheckMemory } from '../../entitlements/check-memory.ts'
import type { Log } from '../../log.ts'
import type { WebEnv } from '../web-env.ts'
import { type ApiRoute, serveRoutes } from './api-route.ts'
import { checkRoute } from './check.ts'
import { enrollmentRoutes } from './enrollments.ts'
import { type EventParts, eventRoutes } from './events.ts'
import { explainRoutes } from './explain.ts'
import { type GrantParts, grantRoutes } from './grants.ts'
import { ladderRoutes } from './ladders.ts'
import { orgTypeRoutes } from './org-types.ts'
import { organizationRoutes } from './organizations.ts'
import { productRoutes } from './products.ts'

export type ApiParts = GrantParts & EventParts & { log: Log; check: Pick<CheckMemory, 'check'> }

/** Everything under /api/v1 that is described by schemas. Who may ask for what stands in routes-and-roles.ts. */
export function apiRoutes({ db, ringExpiry, ringAgain, log, check }: ApiParts): ApiRoute[] {
  return [
    checkRoute(check),
    ...enrollmentRoutes(db),
    ...organizationRoutes(db),
    ...explainRoutes(db),
    ...grantRoutes({ db, ringExpiry }),
    ...orgTypeRoutes({
      db,
      failed: ({ organizationId: organization, error }) =>
        log.error({ error, organization }, 'A backfill failed for one organization'),
    }),
    ...productRoutes(db),
    ...ladderRoutes(db),
    ...eventRoutes({ db, log, ringAgain }),
  ]
}

export function api(parts: ApiParts): Hono<WebEnv> {
  return serveRoutes(new Hono<WebEnv>(), apiRoutes(parts))
}
