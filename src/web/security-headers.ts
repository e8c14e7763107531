import type { WebMiddleware } from './web-env.ts'

/**
 * On every answer. `same-origin` and not `no-referrer`: with the latter browsers send `Origin: null` with our own forms,
 * and the check of origins could not tell them from a stranger's.
 */
export const securityHeaders = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
} as const

/** Pages: our own style sheets, script files and forms, and nothing inline. */
export const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

/** The queue dashboard, made by others: it styles inline, and the fonts that it asks for elsewhere are refused. */
export const dashboardPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; " +
  "connect-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"

/** Sets what the handler did not set by itself. */
export function withSecurityHeaders(): WebMiddleware {
  return async (c, next) => {
    await next()
    for (const [name, value] of Object.entries(securityHeaders)) {
      if (!c.res.headers.has(name)) c.res.headers.set(name, value)
    }
  }
}
