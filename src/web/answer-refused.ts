import type { Caller } from '../auth/api-keys.ts'
import { answerPage } from './answer-page.ts'
import { nextPage } from './enter-session.ts'
import { ErrorPage } from './pages/error-page.tsx'
import { type Problem, problem } from './problem.ts'
import { viewerOf } from './viewer.ts'
import type { WebContext } from './web-env.ts'

/** Whether a person with a browser is at a page, and not a program. */
export function wantsPage(c: WebContext): boolean {
  return /^\/(operator|member)(\/|$)/.test(c.req.path) && (c.req.header('accept') ?? '').includes('text/html')
}

/** The page of the panel from which a form was sent, or a link followed; where nobody says, the first one. */
export function cameFrom(c: WebContext): string {
  const referer = c.req.header('referer') ?? ''
  return nextPage(URL.canParse(referer) ? new URL(referer).pathname : null)
}

/** What is refused to somebody who is signed in: on a page to a person, to a program as it is. */
export function answerRefused(c: WebContext, caller: Caller, what: Problem): Response | Promise<Response> {
  if (!wantsPage(c)) return problem(what)
  c.set('caller', caller)
  const at = caller.role === 'member' ? '/member' : cameFrom(c)
  return answerPage(c, what.status as 403, ErrorPage, { viewer: viewerOf(c), at, problem: what })
}
