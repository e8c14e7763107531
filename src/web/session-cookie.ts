import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { z } from 'zod'
import type { Caller } from '../auth/api-keys.ts'
import { linkSessionSeconds, sessionSeconds } from '../auth/sessions.ts'
import type { WebContext } from './web-env.ts'

const name = 'stepladder'
const setOutName = 'stepladder-sign-in'
const setOutSeconds = 600

/**
 * Over https the cookie is `__Host-stepladder`, which no other host and no plain connection can set; over http, as on
 * localhost, browsers refuse that name, and it is `stepladder`. Where PUBLIC_URL is https it is always the former, whatever a request says
 * of itself: else whoever gets a browser to ask by plain http would be shown the session.
 */
export function sessionToken(c: WebContext, publicUrl: string | null): string | undefined {
  return isSecure(c, publicUrl) ? getCookie(c, name, 'host') : getCookie(c, name)
}

export function setSessionToken(
  c: WebContext,
  publicUrl: string | null,
  token: string,
  kind: Caller['kind'],
): void {
  const maxAge = kind === 'link' ? linkSessionSeconds : sessionSeconds
  setCookie(c, name, token, { ...attributes(c, publicUrl), maxAge })
}

export function clearSessionToken(c: WebContext, publicUrl: string | null): void {
  deleteCookie(c, name, attributes(c, publicUrl))
}

/**
 * The session's form token where the queue dashboard's script finds it, and sends it back by itself. It may be read: another
 * site cannot, and by itself it opens nothing.
 */
export function setDashboardToken(c: WebContext, publicUrl: string | null, token: string): void {
  setCookie(c, 'XSRF-TOKEN', token, {
    path: '/operator/queues',
    sameSite: 'Strict',
    secure: isSecure(c, publicUrl),
  })
}

const setOut = z.object({ state: z.string(), nonce: z.string(), verifier: z.string(), next: z.string() })
type KeptSetOut = z.output<typeof setOut>

/**
 * What a browser that goes to the identity provider brings back. It is kept in the browser itself, so that nobody who only asks for the
 * page makes us remember anything. Lax, since the way back begins at the provider's site.
 */
export function keepSetOut(c: WebContext, publicUrl: string | null, kept: KeptSetOut): void {
  const text = Buffer.from(JSON.stringify(kept)).toString('base64url')
  setCookie(c, setOutName, text, { ...attributes(c, publicUrl), maxAge: setOutSeconds })
}

/** The same when it came back: good for once. Null when there is none that can be read. */
export function takeSetOut(c: WebContext, publicUrl: string | null): KeptSetOut | null {
  const text = isSecure(c, publicUrl) ? getCookie(c, setOutName, 'host') : getCookie(c, setOutName)
  if (text === undefined) return null
  deleteCookie(c, setOutName, attributes(c, publicUrl))
  try {
    return setOut.safeParse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))).data ?? null
  } catch {
    return null
  }
}

function attributes(c: WebContext, publicUrl: string | null) {
  const base = { path: '/', httpOnly: true, sameSite: 'Lax' } as const
  return isSecure(c, publicUrl) ? { ...base, secure: true, prefix: 'host' as const } : base
}

/** A proxy's word is enough here: it can only make the cookie stricter. */
function isSecure(c: WebContext, publicUrl: string | null): boolean {
  if (publicUrl?.startsWith('https:') || c.req.header('x-forwarded-proto') === 'https') return true
  return new URL(c.req.url).protocol === 'https:'
}
