import { Hono } from 'hono'
import type { CodeFlow } from '../auth/code-flow.ts'
import { Refused } from '../errors.ts'
import type { Log } from '../log.ts'
import { answerPage } from './answer-page.ts'
import { enterSession, nextPage, type SessionParts } from './enter-session.ts'
import { SignInPage, type SignInWays } from './pages/sign-in-page.tsx'
import { problemOf } from './problem.ts'
import { keepSetOut, takeSetOut } from './session-cookie.ts'
import { socketAddress, type WebContext, type WebEnv } from './web-env.ts'
import type { WrongKeyLimit } from './wrong-key-limit.ts'

export type IdentitySignInParts = SessionParts & {
  flow: CodeFlow
  ways: SignInWays
  limit: WrongKeyLimit
  log: Log
}

/** Where the provider sends browsers back to. It has to be told to it beforehand, letter by letter. */
export const callbackPath = '/operator/sign-in/callback'

/** The panel's door by way of the identity provider. What fails on the way is the sign-in page again, with the reason. */
export function identitySignIn(parts: IdentitySignInParts): Hono<WebEnv> {
  const { flow, ways, limit, log, publicUrl } = parts
  const app = new Hono<WebEnv>()
  const redirectUri = (c: WebContext) => new URL(callbackPath, publicUrl ?? c.req.url).toString()

  app.get('/sign-in/begin', async (c) => {
    const next = nextPage(c.req.query('next'))
    const { url, setOut } = await flow.begin(redirectUri(c))
    keepSetOut(c, publicUrl, { ...setOut, next })
    c.header('cache-control', 'no-store')
    return c.redirect(url, 303)
  })

  app.get('/sign-in/callback', async (c) => {
    const kept = takeSetOut(c, publicUrl)
    const next = nextPage(kept?.next)
    if (!kept)
      return failed(
        c,
        401,
        next,
        'This browser did not begin that sign-in, or it took longer than ten minutes.',
      )
    const caller = await flow
      .finish(redirectUri(c), new URL(c.req.url).search, kept)
      .catch((error: unknown) => {
        const wait = problemOf(error).status < 500 ? limit(socketAddress(c) ?? 'unknown') : 0
        if (wait === 0) throw error
        c.header('retry-after', String(wait))
        throw new Refused(
          'too_many_sign_ins',
          'Too many sign-ins failed.',
          `Try again in ${wait} seconds.`,
          429,
        )
      })
    log.info({ tenant: caller.tenantId, outcome: caller.role }, 'Somebody signed in')
    return enterSession(c, parts, caller, next)
  })

  const failed = (c: WebContext, status: 401 | 403 | 429 | 500 | 503, next: string, fault: string) =>
    answerPage(c, status, SignInPage, { next, ways, fault })

  app.onError((error, c) => {
    const { status, code, detail, next: step } = problemOf(error)
    if (status === 500) log.error({ error, path: c.req.path, status }, detail)
    else log.warn({ code, status }, 'A sign-in through the identity provider failed')
    return failed(c, status as 401, '/operator', step ? `${detail} ${step}` : detail)
  })
  return app
}
