import { z } from 'zod'
import type { Db } from '../../db/types.ts'
import { getOrganization } from '../../organization/organizations.ts'
import { explain, explainAt } from '../../stripe/enrollment/explain.ts'
import { subjectOfOrganization } from '../../stripe/enrollment/explain-subject.ts'
import { explainAnswer } from './answers.ts'
import { type ApiRoute, apiRoute } from './api-route.ts'
import { idIn, instant } from './fields.ts'

/** Why an organization stands where it does: the same document as the command `explain` prints. */
export function explainRoutes(db: Db): ApiRoute[] {
  return [
    apiRoute({
      method: 'get',
      path: '/organizations/:id/explain',
      does: 'Tells why it stands where it does, what is held and what comes next; `at=`: as of a time that has passed.',
      gives: { 200: explainAnswer },
      query: z.strictObject({ at: instant.optional() }),
      answer: async ({ params, query: { at }, caller }) => {
        const now = new Date()
        const asked = idIn(params, 'id', 'organization')
        // At one moment: a move between two of its questions would make the answer contradict itself.
        const json = await db.begin('isolation level repeatable read read only', async (tx) => {
          const { organizationId } = await getOrganization(tx, caller.tenantId, asked)
          const subject = await subjectOfOrganization(tx, organizationId)
          return at === undefined ? explain(tx, subject, now) : explainAt(tx, subject, at, now)
        })
        return { json }
      },
    }),
  ]
}
