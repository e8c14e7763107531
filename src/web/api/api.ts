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
import { memberLinkRoutes } from './member-links.ts'
import { orgTypeRoutes } from './org-types.ts'
import { organizationRoutes } from './organizations.ts'
import { type PlanParts, planRoutes } from './plans.ts'
import { productRoutes } from './products.ts'

export type ApiParts = GrantParts & EventParts & PlanParts & { log: Log; check: Pick<CheckMemory, 'check'> }

/** Everything under /api/v1 that is described by schemas. Who may ask for what stands in routes-and-roles.ts. */
export function apiRoutes(parts: ApiParts): ApiRoute[] {
  const { db, ringExpiry, ringAgain, log, check } = parts
  return [
    checkRoute(check),
    ...enrollmentRoutes(db),
    ...organizationRoutes(db),
    ...explainRoutes(db),
    ...memberLinkRoutes(db),
    ...grantRoutes({ db, ringExpiry }),
    ...orgTypeRoutes({
      db,
      failed: ({ organizationId: organization, error }) =>
        log.error({ error, organization }, 'A backfill failed for one organization'),
    }),
    ...productRoutes(db),
    ...ladderRoutes(db),
    ...eventRoutes({ db, log, ringAgain }),
    ...planRoutes(parts),
  ]
}

export function api(parts: ApiParts & { publicUrl: string | null }): Hono<WebEnv> {
  return serveRoutes(new Hono<WebEnv>(), apiRoutes(parts), parts.publicUrl)
}
