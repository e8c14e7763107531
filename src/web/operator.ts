import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { answerPage } from './answer-page.ts'
import { csrfToken } from './csrf.ts'
import { type OperatorEventsParts, operatorEvents } from './operator-events.ts'
import { operatorKeys } from './operator-keys.ts'
import { OperatorPage } from './pages/operator-page.tsx'
import { problem } from './problem.ts'
import { dashboardPolicy } from './security-headers.ts'
import { setDashboardToken } from './session-cookie.ts'
import { viewerOf } from './viewer.ts'
import type { WebEnv } from './web-env.ts'

export const dashboardPath = '/operator/queues'

export type OperatorParts = OperatorEventsParts & { dashboard: Hono | null; publicUrl: string | null }

/** The panel's pages, and the queue dashboard behind them. The guard has let in whoever comes here. */
export function operator(parts: OperatorParts): Hono<WebEnv> {
  const app = new Hono<WebEnv>()

  app.get('/operator', (c) => answerPage(c, 200, OperatorPage, { viewer: viewerOf(c) }))
  app.route('/', operatorEvents(parts))
  app.route('/', operatorKeys(parts))

  app.use(`${dashboardPath}/*`, bodyLimit({ maxSize: 1024 * 1024, onError: tooLarge }), async (c, next) => {
    c.header('content-security-policy', dashboardPolicy)
    // The dashboard is made by others: its HTTP library sends this cookie back as the header `x-xsrf-token`.
    if (c.req.method === 'GET' && csrfToken(c) !== '') setDashboardToken(c, parts.publicUrl, csrfToken(c))
    await next()
  })
  const { dashboard } = parts
  if (dashboard) {
    // The dashboard's own router knows its first page without the slash alone.
    app.get(`${dashboardPath}/`, (c) => {
      const { headers } = c.req.raw
      return app.fetch(new Request(new URL(dashboardPath, c.req.url), { headers }), c.env)
    })
    app.route(dashboardPath, dashboard)
  }
  return app
}

function tooLarge(): Response {
  return problem({ status: 413, code: 'body_too_large', detail: 'At most 1 MiB can be sent here.' })
}
