import type { Log } from '../log.ts'
import { countDelivery, type DeliveryOutcome, observeAck } from '../metrics.ts'
import { readEnvelope } from '../stripe/event/envelope.ts'
import type { Taken } from '../stripe/inbox/inbox.ts'
import type { Delivery } from '../stripe/inbox/inbox-rows.ts'
import { type SignatureFault, verifySignature } from '../stripe/signature.ts'
import { type Problem, problem } from './problem.ts'
import { type ReadBody, readIncoming, readRequest } from './read-body.ts'
import { securityHeaders } from './security-headers.ts'
import type { WebContext } from './web-env.ts'

export type WebhookParts = {
  /** Resolves once the delivery is durable; rejects when nothing was stored. */
  take: (delivery: Delivery) => Promise<Taken>
  secrets: readonly string[]
  log: Log
  /** Unix milliseconds. */
  now?: () => number
}

/** Stripe's events are a few kilobytes, its largest a few hundred. */
export const largestBody = 1024 * 1024

const answerHeaders = { 'content-type': 'application/json', ...securityHeaders }
const answers = {
  stored: '{"received":true,"state":"stored"}',
  duplicate: '{"received":true,"state":"duplicate"}',
  different_body: '{"received":true,"state":"different_body"}',
}

const checkSecret = 'Check that STRIPE_WEBHOOK_SECRETS holds the signing secret of this very endpoint.'
const checkClock = 'Check the clock of this machine.'
const signatureProblems: Record<SignatureFault, Problem> = {
  missing: signatureProblem('missing', 'There is no Stripe-Signature header.', 'Let Stripe send it.'),
  malformed: signatureProblem('malformed', 'The Stripe-Signature header is not one that Stripe writes.', ''),
  stale: signatureProblem('stale', 'The signature is older than 300 seconds.', checkClock),
  future: signatureProblem('future', 'The signature is dated more than 300 seconds ahead.', checkClock),
  mismatch: signatureProblem('mismatch', 'No configured secret signed these bytes.', checkSecret),
}

/**
 * The receiver. Answers 200 once an event is durable, whatever it holds: a signed body that cannot be read is kept too.
 * What was not signed leaves nothing behind; what could not be stored is 503, so that Stripe sends it again.
 * The hot path: it reads node's own request where there is one, and answers with texts made beforehand.
 * Source: https://docs.stripe.com/webhooks
 */
export function webhook({ take, secrets, log, now = Date.now }: WebhookParts) {
  const warn = oncePerMinute(log, now)
  return async (c: WebContext): Promise<Response> => {
    const started = performance.now()
    const incoming = c.env?.incoming
    const header = (name: string) => (incoming ? one(incoming.headers[name]) : c.req.header(name))

    const method = incoming?.method ?? c.req.method
    if (method !== 'POST') return refuse(notAllowed, { allow: 'POST' })
    const encoding = header('content-encoding')
    if (encoding && encoding.toLowerCase() !== 'identity') return refuse(encoded)
    if (!isJson(header('content-type'))) return refuse(notJson)
    if (Number(header('content-length')) > largestBody) return refuse(tooLarge)

    const body: ReadBody = incoming
      ? await readIncoming(incoming, largestBody)
      : await readRequest(c.req.raw, largestBody)
    if (body === 'too_large') return refuse(tooLarge)
    if (body === 'cut_off') return refuse(cutOff)

    const signed = verifySignature(body, signatureOf(header('stripe-signature')), secrets, now() / 1000)
    if (!signed.ok) {
      const fault = signatureProblems[signed.reason]
      warn(fault.code, fault.detail)
      return refuse(fault, {}, 'bad_signature')
    }

    try {
      const state = await take({ body, envelope: readEnvelope(body) })
      countDelivery(state)
      observeAck((performance.now() - started) / 1000)
      return new Response(answers[state], { status: 200, headers: answerHeaders })
    } catch (error) {
      const { code, message } = error as { code?: string; message?: string }
      warn('inbox_unavailable', `A delivery could not be stored: ${code ?? message}`)
      return refuse(notStored, { 'retry-after': '5' }, 'unavailable')
    }
  }
}

const notAllowed = { status: 405, code: 'method_not_allowed', detail: 'Events are delivered by POST.' }
const encoded = {
  status: 400,
  code: 'content_encoding_unsupported',
  detail: 'The signature is over the plain bytes, so a compressed body is not taken.',
}
const notJson = {
  status: 415,
  code: 'content_type_unsupported',
  detail: 'An event is application/json.',
}
const tooLarge = { status: 413, code: 'body_too_large', detail: 'An event is at most 1 MiB.' }
const cutOff = { status: 400, code: 'body_cut_off', detail: 'The body ended before its length.' }
const notStored = {
  status: 503,
  code: 'inbox_unavailable',
  detail: 'The event was not stored. Send it again.',
}

function refuse(what: Problem, headers: Record<string, string> = {}, outcome: DeliveryOutcome = 'refused') {
  countDelivery(outcome)
  return problem(what, { ...securityHeaders, ...headers })
}

function signatureProblem(fault: SignatureFault, detail: string, next: string): Problem {
  return { status: 400, code: `signature_${fault}`, detail, ...(next ? { next } : {}) }
}

function isJson(type: string | undefined): boolean {
  // What Stripe sends, first.
  if (type === 'application/json; charset=utf-8') return true
  return type !== undefined && /^application\/json\s*(;|$)/i.test(type)
}

/**
 * node joins repeated headers with ', ', which Stripe never writes. The same header twice says one thing, and a proxy may
 * do that; two that differ are nobody's, and which of them counts is not ours to choose.
 */
function signatureOf(header: string | undefined): string | undefined {
  if (header === undefined || !header.includes(', ')) return header
  const [first, ...others] = header.split(', ')
  return others.every((other) => other === first) ? first : header.replaceAll(', ', ',')
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value
}

/** A wrong secret is told in the log, and a stranger who tries a thousand times cannot fill it. */
function oncePerMinute(log: Log, now: () => number): (code: string, message: string) => void {
  const last = new Map<string, number>()
  return (code, message) => {
    if (now() - (last.get(code) ?? Number.NEGATIVE_INFINITY) < 60_000) return
    last.set(code, now())
    log.warn({ code }, message)
  }
}
