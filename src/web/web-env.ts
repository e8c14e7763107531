import type { HttpBindings } from '@hono/node-server'
import type { Context, MiddlewareHandler } from 'hono'
import type { Caller } from '../auth/api-keys.ts'

/** `incoming` is absent where a test asks the app without a server. */
export type WebEnv = {
  Bindings: Partial<HttpBindings>
  /** `csrf`: the token of the session by which the caller came; absent where a key or a token was brought. */
  Variables: { caller: Caller | null; csrf?: string }
}
export type WebContext = Context<WebEnv>
export type WebMiddleware = MiddlewareHandler<WebEnv>

/** The address at the other end of the socket, never what a header says; null without a server. */
export function socketAddress(c: WebContext): string | null {
  return c.env?.incoming?.socket.remoteAddress ?? null
}
