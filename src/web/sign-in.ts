import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { Caller } from '../auth/api-keys.ts'
import { answerPage } from './answer-page.ts'
import { enterSession, nextPage, type SessionParts } from './enter-session.ts'
import { SignInPage, type SignInWays } from './pages/sign-in-page.tsx'
import { problem } from './problem.ts'
import { clearSessionToken, sessionToken } from './session-cookie.ts'
import { socketAddress, type WebContext, type WebEnv } from './web-env.ts'
import type { WrongKeyLimit } from './wrong-key-limit.ts'

export type SignInParts = SessionParts & {
  callerOfKey: (key: string) => Promise<Caller | null>
  ways: SignInWays
  limit: WrongKeyLimit
}

/** The panel's door: a key against a session. The key itself goes into no cookie, no log and no page. */
export function signIn(parts: SignInParts): Hono<WebEnv> {
  const { limit, ways } = parts
  const app = new Hono<WebEnv>()
  const page = (c: WebContext, status: 200 | 400 | 401 | 403 | 429, next: string, fault?: string) =>
    answerPage(c, status, SignInPage, { next, ways, ...(fault !== undefined && { fault }) })

  app.get('/sign-in', (c) => page(c, 200, nextPage(c.req.query('next'))))

  app.post('/sign-in', bodyLimit({ maxSize: 4096, onError: tooLarge }), async (c) => {
    const form = new URLSearchParams(await c.req.text())
    const next = nextPage(form.get('next'))
    if (!ways.key)
      return page(c, 403, next, 'Keys do not open the panel here: sign in through the identity provider.')
    const key = (form.get('key') ?? '').trim()
    if (key === '') return page(c, 400, next, 'Enter an API key.')
    const caller = await parts.callerOfKey(key)
    if (!caller) {
      const wait = limit(socketAddress(c) ?? 'unknown')
      if (wait === 0) return page(c, 401, next, 'That key is not known, or was revoked.')
      c.header('retry-after', String(wait))
      return page(c, 429, next, `Too many wrong keys. Try again in ${wait} seconds.`)
    }
    if (caller.role === 'member' && caller.organizationId === null) {
      const fault =
        'That key is a member’s, and of no organization. The panel needs an operator’s or a viewer’s.'
      return page(c, 403, next, fault)
    }
    return enterSession(c, parts, caller, next)
  })

  app.post('/sign-out', async (c) => {
    const token = sessionToken(c, parts.publicUrl)
    if (token) await parts.closeSession(token)
    clearSessionToken(c, parts.publicUrl)
    return c.redirect('/operator/sign-in', 303)
  })

  return app
}

function tooLarge(): Response {
  return problem({ status: 413, code: 'body_too_large', detail: 'That is not a sign-in form.' })
}
