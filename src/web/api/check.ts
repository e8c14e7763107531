import { z } from 'zod'
import type { KeyCheck } from '../../auth/api-keys.ts'
import type { CheckMemory } from '../../entitlements/check-memory.ts'
import { Refused } from '../../errors.ts'
import { within } from '../../within.ts'
import { routesAndRoles } from '../routes-and-roles.ts'
import { securityHeaders } from '../security-headers.ts'
import type { WebMiddleware } from '../web-env.ts'
import { checkAnswer } from './answers.ts'
import { apiRoute } from './api-route.ts'
import { customerId, text } from './fields.ts'

export const checkPath = '/api/v1/check'

/** Milliseconds. Whoever asks holds up a request of its own meanwhile. */
const timeLimit = 2_000

/** `GET /api/v1/check`: may this organization use that feature, and how much of it? */
export function checkRoute(memory: Pick<CheckMemory, 'check'>) {
  return apiRoute({
    method: 'get',
    path: '/check',
    does: 'Whether an organization may use a feature, and how much of it. It answers from memory and is made to be asked on every request.',
    gives: { 200: checkAnswer },
    query: z.strictObject({
      organization: text(255).optional(),
      customer: customerId.optional(),
      feature: text(255),
    }),
    answer: async ({ query: { organization, customer, feature }, caller: { tenantId } }) => {
      if ((organization === undefined) === (customer === undefined)) {
        const detail = 'Exactly one of the parameters "organization" and "customer" is needed.'
        throw new Refused('invalid_parameter', detail, 'Parameters: organization or customer, feature.', 400)
      }
      const asked =
        organization === undefined
          ? ({ tenantId, by: 'customer', name: customer! } as const)
          : ({ tenantId, by: 'organization', name: organization } as const)
      const found = await within(timeLimit, 'The database', memory.check(asked, feature))
      if (found) return { json: found }
      throw new Refused(
        'organization_unknown',
        'There is no such organization.',
        'Look at the id: it may be of another kind of thing.',
        404,
      )
    },
  })
}

const answerHeaders = {
  ...securityHeaders,
  'content-type': 'application/json',
  'cache-control': 'no-store',
}

/**
 * The short way, before all other middleware: a key that is remembered, a plain query, an answer in memory. Whatever is
 * otherwise goes the ordinary way through the guard to the route above, which answers the same and says what is wrong.
 */
export function checkFromMemory(
  memory: Pick<CheckMemory, 'recall'>,
  keys: Pick<KeyCheck, 'known'>,
): WebMiddleware {
  const mayAsk = new Set<string>(routesAndRoles[`GET ${checkPath}`] as readonly string[])
  return async (c, next) => {
    const incoming = c.env?.incoming
    const authorization = incoming?.headers.authorization
    if (!authorization?.startsWith('Bearer ')) return next()
    const caller = keys.known(authorization.slice(7))
    if (!caller || !mayAsk.has(caller.role)) return next()
    const asked = plainQuery(incoming!.url!)
    const answer = asked && memory.recall(caller.tenantId, asked.by, asked.name, asked.feature)
    return answer ? new Response(answer, { status: 200, headers: answerHeaders }) : next()
  }
}

type PlainQuery = { by: 'organization' | 'customer'; name: string; feature: string }

/** What a query asks, if it stands there as it is meant: both parameters once and no other, nothing encoded. Else null. */
export function plainQuery(url: string): PlainQuery | null {
  const start = url.indexOf('?') + 1
  const between = url.indexOf('&', start)
  if (start === 0 || between < 0 || url.length > 500 || /[%+#]/.test(url)) return null
  if (url.includes('&', between + 1)) return null
  const [first, last] = [url.slice(start, between), url.slice(between + 1)]
  const [about, what] = first.startsWith('feature=') ? [last, first] : [first, last]
  if (!what.startsWith('feature=')) return null
  const feature = what.slice(8)
  const by = about.startsWith('organization=')
    ? 'organization'
    : about.startsWith('customer=')
      ? 'customer'
      : null
  if (by === null || feature === '' || feature.length > 255) return null
  return { by, name: about.slice(by.length + 1), feature }
}
