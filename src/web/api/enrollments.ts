import { z } from 'zod'
import type { Reader } from '../../db/types.ts'
import { listEnrollments } from '../../entitlements/enrollments.ts'
import { Refused } from '../../errors.ts'
import { type ApiRoute, apiRoute } from './api-route.ts'
import { customerId, page, text } from './fields.ts'

/** Who stands on which tier, and what holds it there, within the caller's tenant. */
export function enrollmentRoutes(reader: Reader): ApiRoute[] {
  return [
    apiRoute({
      method: 'get',
      path: '/enrollments',
      does: 'Lists who stands on which tier, and what holds it there.',
      query: z.strictObject({
        customer: customerId.optional(),
        organization: text(255).optional(),
        ladder: text(255).optional(),
        ...page,
      }),
      answer: async ({ query, caller }) => {
        try {
          return { json: await listEnrollments(reader, { ...query, tenantId: caller.tenantId }) }
        } catch (error) {
          const { code } = error as { code?: string }
          // 22021: a cursor put together by hand, with what Postgres takes for no text.
          if (code !== 'cursor_invalid' && code !== '22021') throw error
          throw new Refused(
            'invalid_parameter',
            'The parameter "cursor" is not one that a page gave.',
            'Start without a cursor.',
            400,
          )
        }
      },
    }),
  ]
}
