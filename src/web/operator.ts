import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { answerPage } from './answer-page.ts'
import { type OperatorEventsParts, operatorEvents } from './operator-events.ts'
import { OperatorPage } from './pages/operator-page.tsx'
import { problem } from './problem.ts'
import { dashboardPolicy } from './security-headers.ts'
import type { WebEnv } from './web-env.ts'

export const dashboardPath = '/operator/queues'

/** The panel's pages, and the queue dashboard behind them. The guard has let in whoever comes here. */
export function operator(parts: OperatorEventsParts & { dashboard: Hono | null }): Hono<WebEnv> {
  const app = new Hono<WebEnv>()

  app.get('/operator', (c) => {
    const { name, role } = c.get('caller')!
    return answerPage(c, 200, OperatorPage, { viewer: { name, role } })
  })
  app.route('/', operatorEvents(parts))

  app.use(`${dashboardPath}/*`, bodyLimit({ maxSize: 1024 * 1024, onError: tooLarge }), async (c, next) => {
    c.header('content-security-policy', dashboardPolicy)
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
