import type { Next } from 'hono'
import type { Caller } from '../auth/api-keys.ts'
import { answersForHighRisk } from '../auth/high-risk-approval.ts'
import type { Session } from '../auth/sessions.ts'
import { answerRefused, cameFrom, wantsPage } from './answer-refused.ts'
import { bringsCsrfToken } from './csrf.ts'
import { notFound, problem } from './problem.ts'
import { forWhom, type Rule, ruleFor } from './routes-and-roles.ts'
import { sessionToken, setSessionToken } from './session-cookie.ts'
import { socketAddress, type WebContext, type WebMiddleware } from './web-env.ts'

export type GuardParts = {
  /** Whose key, or whose token of the identity provider. */
  callerOfBearer: (text: string, address: string) => Promise<Caller | null>
  findSession: (token: string) => Promise<Session | null>
  renewSession: (token: string) => Promise<string | null>
  publicUrl: string | null
}

/**
 * Stands before every route but the receiver's and lets in whom routes-and-roles.ts names, no one else.
 * An `Authorization` header is judged by itself: a wrong key is not made good by a session.
 */
export function guard(parts: GuardParts): WebMiddleware {
  return async (c, next) => {
    const rule = ruleFor(c.req.method, c.req.path)
    if (rule === 'unknown') return notFound()
    if (typeof rule === 'object' && 'allow' in rule) return notAllowed(rule.allow)
    if (isMutation(c) && !isOwnOrigin(c, parts.publicUrl) && !c.req.header('authorization')) {
      // Without a session there is nobody who could be led astray: a program that forgot its key is told so.
      if (rule !== 'everyone' && rule !== 'leaving' && sessionToken(c, parts.publicUrl) === undefined)
        return unauthenticated(c)
      return foreign()
    }
    if (rule === 'everyone') return next()
    // With an https address there is a proxy, and one on this machine may say of nobody that it forwards them.
    if (rule === 'scraper' && !parts.publicUrl?.startsWith('https:') && isFromThisMachine(c)) return next()

    const authorization = c.req.header('authorization')
    if (authorization !== undefined && rule !== 'leaving') {
      const bearer = /^Bearer +(\S+) *$/i.exec(authorization)?.[1]
      const caller = bearer ? await parts.callerOfBearer(bearer, socketAddress(c) ?? 'unknown') : null
      return caller ? enter(c, next, rule, caller) : unauthenticated(c)
    }
    const token = sessionToken(c, parts.publicUrl)
    const session = token ? await parts.findSession(token) : null
    if (!session) return rule === 'leaving' ? next() : unauthenticated(c)
    c.set('csrf', session.csrf)
    if (isMutation(c) && !(await bringsCsrfToken(c, session.csrf))) return withoutToken(c, session.caller)
    const answer = await (rule === 'leaving' ? next() : enter(c, next, rule, session.caller))
    if (!session.due || isMutation(c)) return answer
    const renewed = await parts.renewSession(token!)
    // Once the answer is there: a Response that was made elsewhere takes over no header that was set before it.
    if (answer instanceof Response) c.res = answer
    if (renewed) setSessionToken(c, parts.publicUrl, renewed, session.caller.kind)
  }
}

function enter(c: WebContext, next: Next, rule: Exclude<Rule, 'everyone' | 'leaving'>, caller: Caller) {
  if (!mayEnter(rule, caller)) return wrongRole(c, rule, caller)
  c.set('caller', caller)
  return next()
}

function mayEnter(rule: Exclude<Rule, 'everyone' | 'leaving'>, caller: Caller): boolean {
  // A signed route has no caller; were one ever to come here, it would stay outside.
  if (rule === 'signed') return false
  if (rule === 'member') return caller.organizationId !== null
  if (rule === 'approver') return answersForHighRisk(caller)
  return rule === 'scraper' ? caller.role !== 'member' : rule.includes(caller.role)
}

function isMutation(c: WebContext): boolean {
  return c.req.method !== 'GET' && c.req.method !== 'HEAD'
}

/**
 * Whether a page of ours sent it: browsers say so in headers that scripts cannot set. Who brings a key by itself is no
 * browser that could be led astray, and is not asked.
 */
function isOwnOrigin(c: WebContext, publicUrl: string | null): boolean {
  const origin = c.req.header('origin')
  if (origin === undefined) return c.req.header('sec-fetch-site') === 'same-origin'
  if (!URL.canParse(origin)) return false
  if (publicUrl && new URL(publicUrl).origin === origin) return true
  return new URL(origin).host === c.req.header('host')
}

const forwardingHeaders = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via']

/**
 * From the socket's other end and never from a header. A reverse proxy on this machine would pass everyone in: what was
 * forwarded is not from here, and neither is what asks for another name (a page whose name was pointed at 127.0.0.1).
 */
function isFromThisMachine(c: WebContext): boolean {
  const address = socketAddress(c)
  if (address === null || !/^(127\.|::1$|::ffff:127\.)/.test(address)) return false
  if (forwardingHeaders.some((name) => c.req.header(name) !== undefined)) return false
  const host = (c.req.header('host') ?? '').replace(/:\d+$/, '')
  return host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)
}

/** A person with a browser is led to the door; a program is told. */
function unauthenticated(c: WebContext): Response {
  if (wantsPage(c)) {
    // What was sent is gone: it has to be sent again, from the page on which it was filled in.
    const next = isMutation(c) ? cameFrom(c) : c.req.path
    return c.redirect(`/operator/sign-in?next=${encodeURIComponent(next)}`, 303)
  }
  return problem(
    {
      status: 401,
      code: 'unauthenticated',
      detail: 'A valid API key is needed.',
      next: 'Send `Authorization: Bearer <API key>`; make one with: stepladder keys create --role viewer',
    },
    { 'www-authenticate': 'Bearer realm="stepladder"' },
  )
}

function wrongRole(c: WebContext, rule: Rule, caller: Caller): Response | Promise<Response> {
  return answerRefused(c, caller, {
    status: 403,
    code: 'wrong_role',
    detail: `This is not open to you: you come with the role ${caller.role}.`,
    next: forWhom(rule),
  })
}

function foreign(): Response {
  return problem({
    status: 403,
    code: 'foreign_origin',
    detail: 'This was not sent from a page of this site.',
  })
}

function withoutToken(c: WebContext, caller: Caller): Response | Promise<Response> {
  return answerRefused(c, caller, {
    status: 403,
    code: 'csrf_token_missing',
    detail: 'This does not carry the token of its session.',
    next: 'Load the page again and send it once more. Programs bring a key instead: `Authorization: Bearer <API key>`.',
  })
}

function notAllowed(allow: readonly string[]): Response {
  return problem(
    { status: 405, code: 'method_not_allowed', detail: 'That method is not offered here.' },
    { allow: allow.join(', ') },
  )
}
