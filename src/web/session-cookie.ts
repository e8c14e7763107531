import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { sessionSeconds } from '../auth/sessions.ts'
import type { WebContext } from './web-env.ts'

const name = 'stepladder'

/**
 * Over https the cookie is `__Host-stepladder`, which no other host and no plain connection can set; over http, as on
 * localhost, browsers refuse that name, and it is `stepladder`.
 */
export function sessionToken(c: WebContext, publicUrl: string | null): string | undefined {
  return isSecure(c, publicUrl) ? getCookie(c, name, 'host') : getCookie(c, name)
}

export function setSessionToken(c: WebContext, publicUrl: string | null, token: string): void {
  setCookie(c, name, token, { ...attributes(c, publicUrl), maxAge: sessionSeconds })
}

export function clearSessionToken(c: WebContext, publicUrl: string | null): void {
  deleteCookie(c, name, attributes(c, publicUrl))
}

function attributes(c: WebContext, publicUrl: string | null) {
  const base = { path: '/', httpOnly: true, sameSite: 'Lax' } as const
  return isSecure(c, publicUrl) ? { ...base, secure: true, prefix: 'host' as const } : base
}

/** A proxy's word is enough here: it can only make the cookie stricter. */
function isSecure(c: WebContext, publicUrl: string | null): boolean {
  if (c.req.header('x-forwarded-proto') === 'https') return true
  // The address itself, not PUBLIC_URL alone: who comes by http://localhost to a public deployment must get in too.
  if (!publicUrl?.startsWith('https:')) return new URL(c.req.url).protocol === 'https:'
  return c.req.header('host') === new URL(publicUrl).host
}
