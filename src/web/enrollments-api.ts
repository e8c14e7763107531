import { Hono } from 'hono'
import { z } from 'zod'
import { problem } from './problem.ts'
import type { WebEnv } from './web-env.ts'

export type EnrollmentFilter = {
  tenantId: string
  organizationId?: string
  customer?: string
  ladder?: string
  limit: number
  cursor: string | null
}

export type EnrollmentsParts = {
  listEnrollments: (filter: EnrollmentFilter) => Promise<unknown>
}

const text = z
  .string()
  .min(1, 'must not be empty')
  .max(255, 'is too long')
  .refine((value) => !value.includes('\0'), 'must not contain NUL')

/** Unknown parameters are errors: a misspelt filter would otherwise answer with everybody. */
const query = z.strictObject({
  customer: text.regex(/^cus_/, 'must be a customer’s id, cus_…').optional(),
  organization: z.guid('must be an organization’s id, a UUID').optional(),
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
export function enrollmentsApi(parts: EnrollmentsParts): Hono<WebEnv> {
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
    const { organization, customer, ladder, limit, cursor } = read.data
    const page = await parts.listEnrollments({
      tenantId: c.get('caller')!.tenantId,
      ...(organization === undefined ? {} : { organizationId: organization.toLowerCase() }),
      ...(customer === undefined ? {} : { customer }),
      ...(ladder === undefined ? {} : { ladder }),
      limit,
      cursor: cursor ?? null,
    })
    return c.json(page as object, 200, { 'cache-control': 'no-store' })
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
