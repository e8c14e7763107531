import Stripe from 'stripe'
import { Refused, Unavailable } from '../../errors.ts'

/** Whether Stripe does not know what was asked for. */
export function isMissing(error: unknown): boolean {
  return error instanceof Refused && error.code === 'stripe_missing'
}

/** Why another try may help, and the least wait that Stripe asks for; null where it would hear the same again. */
export function worthATry(error: unknown): { why: string; askedMs: number } | null {
  if (!(error instanceof Stripe.errors.StripeError)) return null
  const { statusCode } = error
  if (statusCode === undefined) return { why: 'no answer', askedMs: 0 }
  if (statusCode !== 429 && statusCode !== 409 && statusCode < 500) return null
  const asked = Number((error.headers as Record<string, string> | undefined)?.['retry-after'])
  return {
    why: statusCode === 429 ? 'too many requests (429)' : `HTTP ${statusCode}`,
    askedMs: asked > 0 ? asked * 1000 : 0,
  }
}

/** An error of Stripe's as one for people; whatever else was thrown is left as it is. */
export function apiErrorOf(error: unknown, tries: number): unknown {
  if (!(error instanceof Stripe.errors.StripeError)) return error
  const { statusCode, message } = error
  if (statusCode === 404) {
    return new Refused('stripe_missing', `Stripe does not know it: ${message}`, 'Look at the id.', 404)
  }
  if (statusCode === 401) {
    return new Refused(
      'stripe_key_refused',
      'Stripe does not take STRIPE_API_KEY: it is no key of its, or was revoked.',
      'Make a restricted, read-only key in the dashboard (Developers, API keys), and set STRIPE_API_KEY to it.',
      401,
    )
  }
  if (statusCode === 403) return lacksPermission(message)
  if (statusCode !== undefined && worthATry(error) === null) {
    return new Refused(
      'stripe_refused',
      `Stripe does not take the question (HTTP ${statusCode}): ${message}`,
      'Look whether this version of Stepladder is current; else report it.',
    )
  }
  const said = statusCode === undefined ? message : `HTTP ${statusCode}`
  return new Unavailable(
    'stripe_unavailable',
    `Stripe did not answer after ${tries} tries: ${said}`,
    'Look at status.stripe.com and at STRIPE_API_BASE_URL, then run the same again: nothing is lost or done twice.',
    { cause: error },
  )
}

/** Stripe names what is missing, as in "Having the 'rak_event_read' permission would allow this request to continue". */
function lacksPermission(message: string): Refused {
  const permission = /\brak_\w+/.exec(message)?.[0]
  return new Refused(
    'stripe_key_refused',
    permission
      ? `STRIPE_API_KEY lacks a permission: Stripe wants ${permission}.`
      : 'STRIPE_API_KEY may not read this at Stripe.',
    `Edit the key in the dashboard (Developers, API keys) and give it ${permission ? `that permission (${inWords(permission)})` : 'read permission for subscriptions, customers, events, products and prices'}.`,
    403,
  )
}

/** `rak_event_read` as the dashboard says it: Event, read. */
function inWords(permission: string): string {
  const words = permission.split('_').slice(1)
  const kind = words.pop()
  return `${words.join(' ')}: ${kind}`
}
