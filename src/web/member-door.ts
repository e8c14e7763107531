import { Hono } from 'hono'
import type { Caller } from '../auth/api-keys.ts'
import type { Session } from '../auth/sessions.ts'
import { enterSession, type SessionParts } from './enter-session.ts'
import { problem } from './problem.ts'
import { sessionToken } from './session-cookie.ts'
import { socketAddress, type WebEnv } from './web-env.ts'
import type { WrongKeyLimit } from './wrong-key-limit.ts'

export type MemberDoorParts = SessionParts & {
  callerOfMemberLink: (token: string) => Promise<Caller | null>
  findSession: (token: string) => Promise<Session | null>
  /** Of its own: links that ran out are no wrong keys. */
  limit: WrongKeyLimit
}

export const memberDoorPath = '/member/enter'

/**
 * Where a link leads that was made for a member: a session, and on to the member's page without the token in its address. Nobody is signed
 * out by it who came in by something else: any page can lead a browser here.
 */
export function memberDoor(parts: MemberDoorParts): Hono<WebEnv> {
  const { limit } = parts
  const app = new Hono<WebEnv>()
  app.get(memberDoorPath, async (c) => {
    const before = sessionToken(c, parts.publicUrl)
    const session = before === undefined ? null : await parts.findSession(before)
    if (session && session.caller.kind !== 'link')
      return problem({
        status: 409,
        code: 'signed_in_already',
        detail: 'Somebody is signed in here, who did not come by a link.',
        next: 'Open the link in a private window, or sign out of the panel first.',
      })
    const caller = await parts.callerOfMemberLink(c.req.query('link') ?? '')
    if (caller) {
      c.header('cache-control', 'no-store')
      return enterSession(c, parts, caller, '/member')
    }
    const wait = limit(socketAddress(c) ?? 'unknown')
    if (wait > 0)
      return problem(
        {
          status: 429,
          code: 'too_many_wrong_keys',
          detail: 'Too many links that open nothing came from this address.',
          next: `Try again in ${wait} seconds.`,
        },
        { 'retry-after': String(wait) },
      )
    return problem({
      status: 404,
      code: 'link_unknown',
      detail: 'This link opens nothing, or does not any more.',
      next: 'Ask for another one.',
    })
  })
  return app
}
