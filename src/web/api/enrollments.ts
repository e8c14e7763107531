import { z } from 'zod'
import type { Reader } from '../../db/types.ts'
import { listEnrollments } from '../../entitlements/enrollments.ts'
import { enrollmentAnswer, pageAnswer } from './answers.ts'
import { type ApiRoute, apiRoute } from './api-route.ts'
import { customerId, page, pageOf, readCursor, text } from './fields.ts'

const placeCursor = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12} [a-z0-9-]+$/

/** Who stands on which tier, and what holds it there, within the caller's tenant. */
export function enrollmentRoutes(reader: Reader): ApiRoute[] {
  return [
    apiRoute({
      method: 'get',
      path: '/enrollments',
      does: 'Lists who stands on which tier, and what holds it there.',
      gives: { 200: pageAnswer(enrollmentAnswer) },
      query: z.strictObject({
        customer: customerId.optional(),
        organization: text(255).optional(),
        ladder: text(255).optional(),
        ...page,
      }),
      answer: async ({ query, caller }) => {
        const { limit, cursor, ...filters } = query
        const last = readCursor(cursor, placeCursor)?.split(' ')
        const rows = await listEnrollments(reader, {
          ...filters,
          tenantId: caller.tenantId,
          after: last ? { organizationId: last[0]!, ladder: last[1]! } : null,
          limit: limit + 1,
        })
        const keyOf = (row: (typeof rows)[number]) => `${row.organization_id} ${row.ladder}`
        return { json: pageOf(rows, limit, (row) => row, keyOf) }
      },
    }),
  ]
}
