import type { Caller } from '../auth/api-keys.ts'
import { sessionToken, setSessionToken } from './session-cookie.ts'
import type { WebContext } from './web-env.ts'

export type SessionParts = {
  openSession: (caller: Caller) => Promise<string>
  closeSession: (token: string) => Promise<void>
  publicUrl: string | null
}

/** Signs somebody in: always with a new token, and whoever was signed in here before is not any more. Then on to the page. */
export async function enterSession(
  c: WebContext,
  parts: SessionParts,
  caller: Caller,
  next: string,
): Promise<Response> {
  const before = sessionToken(c, parts.publicUrl)
  if (before) await parts.closeSession(before)
  setSessionToken(c, parts.publicUrl, await parts.openSession(caller), caller.kind)
  return c.redirect(caller.role === 'member' ? '/member' : next, 303)
}

/** Only pages of the panel: a link that signs in and leads elsewhere is a trap. */
export function nextPage(wanted: string | null | undefined): string {
  return wanted && /^\/operator(\/[\w/-]*)?$/.test(wanted) ? wanted : '/operator'
}
