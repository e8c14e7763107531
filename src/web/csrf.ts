import { timingSafeEqual } from 'node:crypto'
import type { WebContext } from './web-env.ts'

/** The field in which a form of ours carries its session's token. */
export const csrfField = 'csrf'

/** A form that is read before its handler sees it; each handler has a limit of its own besides. */
const largestForm = 1024 * 1024

/** What a page's forms carry in `csrfField`, and its scripts in the header `x-csrf-token`; '' where there is no session. */
export function csrfToken(c: WebContext): string {
  return c.get('csrf') ?? ''
}

/**
 * Whether a request carries its session's token: in a header, or in a form. `x-xsrf-token` is what the queue dashboard sends by
 * itself from the cookie that it is given (see operator.ts).
 */
export async function bringsCsrfToken(c: WebContext, expected: string): Promise<boolean> {
  const told =
    c.req.header('x-csrf-token') ?? c.req.header('x-xsrf-token') ?? (await formOf(c))?.get(csrfField)
  if (told === undefined || told === null) return false
  const [a, b] = [Buffer.from(told), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/**
 * The form that a page of ours has sent, if it is one: with a length, as browsers tell it, and not too long. The framework keeps its
 * text, so that the handler reads it again.
 */
export async function formOf(c: WebContext): Promise<URLSearchParams | null> {
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(c.req.header('content-type') ?? '')) return null
  const length = c.req.header('content-length')
  if (length === undefined || Number(length) > largestForm) return null
  return new URLSearchParams(await c.req.text())
}
