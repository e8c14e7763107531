import { z } from 'zod'
import { createMemberLink, linkMinutes } from '../../auth/member-links.ts'
import type { Db } from '../../db/types.ts'
import { getOrganization } from '../../organization/organizations.ts'
import { memberDoorPath } from '../member-door.ts'
import { time } from './answers.ts'
import { type ApiRoute, apiRoute } from './api-route.ts'
import { idIn } from './fields.ts'

const minutes = `must be a whole number of minutes from 1 to ${linkMinutes.most}`

/** Links for members: what an operating company's own systems put into a mail or a page of theirs. */
export function memberLinkRoutes(db: Db): ApiRoute[] {
  return [
    apiRoute({
      method: 'post',
      path: '/organizations/:id/member-links',
      does: 'Makes a link that shows whoever opens it this organization’s own page, for some minutes.',
      gives: { 201: z.strictObject({ url: z.url(), expires_at: time }) },
      secret: true,
      body: z.strictObject({
        valid_for_minutes: z
          .int32(minutes)
          .min(1, minutes)
          .max(linkMinutes.most, minutes)
          .default(linkMinutes.usual),
      }),
      answer: async ({ params, body, caller, origin }) => {
        const { tenantId } = caller
        const made = await db.begin(async (tx) => {
          const { organizationId } = await getOrganization(tx, tenantId, idIn(params, 'id', 'organization'))
          return createMemberLink(tx, {
            tenantId,
            organizationId,
            minutes: body.valid_for_minutes,
            createdBy: caller.id,
          })
        })
        const url = new URL(memberDoorPath, origin)
        url.searchParams.set('link', made.token)
        return { status: 201, json: { url: url.toString(), expires_at: made.expiresAt.toISOString() } }
      },
    }),
  ]
}
