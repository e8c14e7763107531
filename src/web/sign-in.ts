import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { Caller } from '../auth/api-keys.ts'
import { answerPage } from './answer-page.ts'
import { SignInPage } from './pages/sign-in-page.tsx'
import { problem } from './problem.ts'
import { clearSessionToken, sessionToken, setSessionToken } from './session-cookie.ts'
import { socketAddress, type WebContext, type WebEnv } from './web-env.ts'
import { wrongKeyLimit } from './wrong-key-limit.ts'

export type SignInParts = {
  openSession: (key: string) => Promise<{ token: string; caller: Caller } | null>
  closeSession: (token: string) => Promise<void>
  publicUrl: string | null
  now?: () => number
}

/** The panel's door: a key against a session. The key itself goes into no cookie, no log and no page. */
export function signIn(parts: SignInParts): Hono<WebEnv> {
  const limit = wrongKeyLimit(parts.now)
  const app = new Hono<WebEnv>()

  app.get('/sign-in', (c) => page(c, 200, { next: nextPage(c.req.query('next')) }))

  app.post('/sign-in', bodyLimit({ maxSize: 4096, onError: tooLarge }), async (c) => {
    const form = new URLSearchParams(await c.req.text())
    const next = nextPage(form.get('next'))
    const address = socketAddress(c) ?? 'unknown'
    const wait = limit.waitFor(address)
    if (wait > 0) {
      c.header('retry-after', String(wait))
      return page(c, 429, { next, fault: `Too many wrong keys. Try again in ${wait} seconds.` })
    }
    const key = (form.get('key') ?? '').trim()
    if (key === '') return page(c, 400, { next, fault: 'Enter an API key.' })
    const opened = await parts.openSession(key)
    if (!opened) {
      limit.wrong(address)
      return page(c, 401, { next, fault: 'That key is not known, or was revoked.' })
    }
    if (opened.caller.role === 'member') {
      await parts.closeSession(opened.token)
      return page(c, 403, {
        next,
        fault: 'That key is a member’s. The panel needs an operator’s or a viewer’s.',
      })
    }
    // Whoever was signed in here before is not any more.
    const before = sessionToken(c, parts.publicUrl)
    if (before) await parts.closeSession(before)
    setSessionToken(c, parts.publicUrl, opened.token)
    return c.redirect(next, 303)
  })

  app.post('/sign-out', async (c) => {
    const token = sessionToken(c, parts.publicUrl)
    if (token) await parts.closeSession(token)
    clearSessionToken(c, parts.publicUrl)
    return c.redirect('/operator/sign-in', 303)
  })

  return app
}

function page(c: WebContext, status: 200 | 400 | 401 | 403 | 429, data: { next: string; fault?: string }) {
  return answerPage(c, status, SignInPage, data)
}

/** Only pages of the panel: a link that signs in and leads elsewhere is a trap. */
function nextPage(wanted: string | null | undefined): string {
  return wanted && /^\/operator(\/[\w/-]*)?$/.test(wanted) ? wanted : '/operator'
}

function tooLarge(): Response {
  return problem({ status: 413, code: 'body_too_large', detail: 'That is not a sign-in form.' })
}
