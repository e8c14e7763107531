import type { ErrorHandler } from 'hono'
import type { Log } from '../log.ts'
import { answerPage } from './answer-page.ts'
import { ErrorPage } from './pages/error-page.tsx'
import { problemOf } from './problem.ts'
import { viewerOf } from './viewer.ts'
import type { WebEnv } from './web-env.ts'

/** What went wrong on a page of the panel, as a page with the next step; `at`: the tab to which it leads back. */
export function panelErrors(log: Log, at: string): ErrorHandler<WebEnv> {
  return (error, c) => {
    const what = problemOf(error)
    if (what.status >= 500)
      log.error({ error, method: c.req.method, path: c.req.path, status: what.status }, what.detail)
    return answerPage(c, what.status as 500, ErrorPage, { viewer: viewerOf(c), at, problem: what })
  }
}
