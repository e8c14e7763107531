import { Hono } from 'hono'
import type { Caller } from '../auth/api-keys.ts'
import { enterSession, type SessionParts } from './enter-session.ts'
import { problem } from './problem.ts'
import { socketAddress, type WebEnv } from './web-env.ts'
import type { WrongKeyLimit } from './wrong-key-limit.ts'

export type MemberDoorParts = SessionParts & {
  callerOfMemberLink: (token: string) => Promise<Caller | null>
  limit: WrongKeyLimit
}

export const memberDoorPath = '/member/enter'

/** Where a link leads that was made for a member: a session, and on to the member's page without the token in its address. */
export function memberDoor(parts: MemberDoorParts): Hono<WebEnv> {
  const { limit } = parts
  const app = new Hono<WebEnv>()
  app.get(memberDoorPath, async (c) => {
    const address = socketAddress(c) ?? 'unknown'
    const wait = limit.waitFor(address)
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
    const caller = await parts.callerOfMemberLink(c.req.query('link') ?? '')
    if (caller) {
      c.header('cache-control', 'no-store')
      return enterSession(c, parts, caller, '/member')
    }
    limit.wrong(address)
    return problem({
      status: 404,
      code: 'link_unknown',
      detail: 'This link opens nothing, or does not any more.',
      next: 'Ask for another one.',
    })
  })
  return app
}
