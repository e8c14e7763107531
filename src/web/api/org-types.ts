import { z } from 'zod'
import { catalogKey, catalogName } from '../../billing/catalog-fields.ts'
import type { Db } from '../../db/types.ts'
import type { BackfillOutcome } from '../../entitlements/backfill-defaults.ts'
import { backfillSome } from '../../entitlements/backfill-some.ts'
import { createOrgType, renameOrgType, setDefaultLadder } from '../../organization/change-org-type.ts'
import { readOrgTypes } from '../../organization/org-types.ts'
import { changeCatalog } from '../../stripe/catalog/change-catalog.ts'
import { backfillAnswer, orgTypeAnswer, pageAnswer } from './answers.ts'
import { type ApiRoute, apiRoute } from './api-route.ts'
import { idCursor, page, pageOf, readCursor, text } from './fields.ts'
import { keyCursor } from './products.ts'
import { actorOf, shownOrgType } from './shown.ts'

export type OrgTypeParts = {
  db: Db
  /** Told of each organization for which the backfill failed unexpectedly. */
  failed: (outcome: BackfillOutcome) => void
}

/** Kinds of organizations, and what they start on (R33, R39–R42). */
export function orgTypeRoutes({ db, failed }: OrgTypeParts): ApiRoute[] {
  return [
    apiRoute({
      method: 'get',
      path: '/org-types',
      does: 'Lists kinds of organizations, with the ladder on which each starts.',
      gives: { 200: pageAnswer(orgTypeAnswer) },
      query: z.strictObject(page),
      answer: async ({ query: { limit, cursor } }) => {
        const after = readCursor(cursor, keyCursor)
        // There are few, and the catalog reads them whole: a page is cut out here.
        const rows = (await readOrgTypes(db)).filter(({ key }) => after === null || key > after)
        return { json: pageOf(rows, limit, shownOrgType, ({ key }) => key) }
      },
    }),
    apiRoute({
      method: 'post',
      path: '/org-types',
      does: 'Adds a kind of organization.',
      gives: { 201: orgTypeAnswer },
      body: z.strictObject({ key: catalogKey, name: catalogName, default_ladder: catalogKey.nullish() }),
      answer: async ({ body }) => {
        const { key, name, default_ladder: defaultLadder = null } = body
        const orgType = await changeCatalog(db, (tx) => createOrgType(tx, { key, name, defaultLadder }))
        return { status: 201, json: shownOrgType(orgType) }
      },
    }),
    apiRoute({
      method: 'patch',
      path: '/org-types/:key',
      does: 'Renames a kind of organization.',
      gives: { 200: orgTypeAnswer },
      body: z.strictObject({ name: catalogName }),
      answer: async ({ params, body }) => ({
        json: shownOrgType(await changeCatalog(db, (tx) => renameOrgType(tx, params.key!, body.name))),
      }),
    }),
    apiRoute({
      method: 'put',
      path: '/org-types/:key/default-ladder',
      does: 'Says on which ladder new organizations of this kind start; null: on none. It moves nobody.',
      gives: { 200: orgTypeAnswer },
      body: z.strictObject({ ladder: catalogKey.nullable() }),
      answer: async ({ params, body }) => ({
        json: shownOrgType(await changeCatalog(db, (tx) => setDefaultLadder(tx, params.key!, body.ladder))),
      }),
    }),
    apiRoute({
      method: 'post',
      path: '/org-types/:key/backfill',
      does: 'Gives existing organizations of this kind what a new one starts on, so many in one call.',
      gives: { 200: backfillAnswer },
      body: z.strictObject({
        limit: z.int32().min(1).max(1000).default(1000),
        cursor: text(1000).optional(),
      }),
      answer: async ({ params, body, caller }) => {
        const { counts, outcomes, next } = await backfillSome(
          db,
          {
            orgType: params.key!,
            tenantId: caller.tenantId,
            actor: actorOf(caller),
            after: readCursor(body.cursor, idCursor),
          },
          body.limit,
        )
        for (const outcome of outcomes) if (outcome.error !== undefined) failed(outcome)
        return {
          json: {
            ...counts,
            organizations: outcomes.map(({ organizationId, name, outcome, reason }) => ({
              organization_id: organizationId,
              name,
              outcome,
              reason,
            })),
            next_cursor: next && Buffer.from(next).toString('base64url'),
          },
        }
      },
    }),
  ]
}
