import { Hono } from 'hono'
import { z } from 'zod'
import type { Reader } from '../db/types.ts'
import { listEnrollments } from '../entitlements/enrollments.ts'
import { problem } from './problem.ts'
import type { WebEnv } from './web-env.ts'

const text = z
  .string()
  .min(1, 'must not be empty')
  .max(255, 'is too long')
  .refine((value) => !value.includes('\0'), 'must not contain NUL')

/** Unknown parameters are errors: a misspelt filter would otherwise answer with everybody. */
const query = z.strictObject({
  customer: text.regex(/^cus_/, 'must be a customer’s id, cus_…').optional(),
  organization: text.optional(),
  ladder: text.optional(),
  limit: z.coerce
    .number('must be a whole number from 1 to 200')
    .int('must be a whole number from 1 to 200')
    .min(1, 'must be from 1 to 200')
    .max(200, 'must be from 1 to 200')
    .default(50),
  cursor: text.optional(),
})

/** `GET /api/v1/enrollments`: who stands on which tier, and what holds it there, within the caller's tenant. */
export function enrollmentsApi(reader: Reader): Hono<WebEnv> {
  const app = new Hono<WebEnv>()
  app.get('/enrollments', async (c) => {
    const given = Object.entries(c.req.queries())
    const twice = given.find(([, values]) => values.length > 1)
    if (twice) return invalid(twice[0], 'was given twice')
    const read = query.safeParse(Object.fromEntries(given.map(([name, values]) => [name, values[0]])))
    if (!read.success) {
      const issue = read.error.issues[0]!
      if (issue.code === 'unrecognized_keys')
        return invalid(issue.keys[0]!, 'is not a parameter of this list')
      return invalid(String(issue.path[0]), issue.message)
    }
    try {
      const page = await listEnrollments(reader, { ...read.data, tenantId: c.get('caller')!.tenantId })
      return c.json(page, 200, { 'cache-control': 'no-store' })
    } catch (error) {
      const { code } = error as { code?: string }
      // 22021: a cursor put together by hand, with what Postgres takes for no text.
      if (code === 'cursor_invalid' || code === '22021')
        return invalid('cursor', 'is not one that a page gave')
      throw error
    }
  })
  return app
}

function invalid(name: string, why: string): Response {
  // Names are the caller's own words: shown, but not at any length.
  const detail = `The parameter ${JSON.stringify(name.slice(0, 60))} ${why}.`
  return problem({
    status: 400,
    code: 'invalid_parameter',
    detail,
    next: 'Parameters: customer, organization, ladder, limit, cursor.',
  })
}
