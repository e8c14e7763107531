import { createHmac, timingSafeEqual } from 'node:crypto'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { z } from 'zod'
import { csrfToken } from './csrf.ts'
import type { WebContext } from './web-env.ts'

/** What the next page says at its top, once. `next`: the next step to take. */
export type Flash = { kind: 'done' | 'fault'; text: string; next?: string | undefined }

const flashOf = z.object({ kind: z.enum(['done', 'fault']), text: z.string(), next: z.string().optional() })

const name = 'stepladder-flash'
/** Characters. A cookie has 4,096 bytes at most, and a browser drops a longer one without a word. */
const longest = { text: 500, next: 300 }

/**
 * Has the next page say something. It travels in a cookie for a minute, signed with what only this session has: another
 * site, or another host of this domain, can set a cookie and could otherwise put words into our mouth.
 */
export function setFlash(c: WebContext, { kind, text, next }: Flash): void {
  const short = { kind, text: text.slice(0, longest.text), next: next?.slice(0, longest.next) }
  const told = Buffer.from(JSON.stringify(short)).toString('base64url')
  setCookie(c, name, `${told}.${signatureOf(c, told)}`, { ...attributes, maxAge: 60 })
}

/** What is to be said on the page that is being answered; then it is gone. */
export function takeFlash(c: WebContext): Flash | null {
  const [told, signature] = getCookie(c, name)?.split('.') ?? []
  if (told === undefined || signature === undefined || csrfToken(c) === '') return null
  deleteCookie(c, name, attributes)
  const [a, b] = [Buffer.from(signature), Buffer.from(signatureOf(c, told))]
  if (a.length !== b.length || !timingSafeEqual(a, b)) return null
  return flashOf.parse(JSON.parse(Buffer.from(told, 'base64url').toString('utf8')))
}

const attributes = { path: '/', httpOnly: true, sameSite: 'Lax' } as const

function signatureOf(c: WebContext, told: string): string {
  return createHmac('sha256', csrfToken(c)).update(told).digest('base64url')
}
