import { z } from 'zod'
import { listApiKeys, revokeApiKey, roles, scopes } from '../../auth/api-keys.ts'
import { issueKey } from '../../auth/issue-key.ts'
import type { Db } from '../../db/types.ts'
import { pageAnswer, time } from './answers.ts'
import { type ApiRoute, apiRoute } from './api-route.ts'
import { idCursor, idIn, page, pageOf, readCursor, text } from './fields.ts'

const keyAnswer = z
  .strictObject({
    id: z.uuid(),
    prefix: z.string().describe('The part of it that may be shown.'),
    name: z.string(),
    role: z.enum(roles),
    scopes: z.array(z.string()),
    organization: z.uuid().nullable().describe('The one that a member’s key is for.'),
    created_at: time,
    last_used_at: time.nullable(),
    revoked_at: time.nullable(),
  })
  .meta({ id: 'ApiKey' })

/** API keys of the caller's tenant. */
export function keyRoutes(db: Db): ApiRoute[] {
  return [
    apiRoute({
      method: 'get',
      path: '/keys',
      does: 'Lists keys, the newest first; the keys themselves cannot be shown again.',
      gives: { 200: pageAnswer(keyAnswer) },
      query: z.strictObject(page),
      answer: async ({ query: { limit, cursor }, caller }) => {
        const last = readCursor(cursor, idCursor)
        const keys = await listApiKeys(db, caller.tenantId)
        // There are few: a page is cut out here.
        const rows = keys.slice(last === null ? 0 : keys.findIndex(({ id }) => id === last) + 1)
        return { json: pageOf(rows, limit, shownKey, ({ id }) => id) }
      },
    }),
    apiRoute({
      method: 'post',
      path: '/keys',
      does: 'Makes a key, which is shown in this answer alone; nobody gives away what they do not have.',
      gives: { 201: z.strictObject({ id: z.uuid(), key: z.string() }) },
      secret: true,
      body: z.strictObject({
        role: z.enum(roles),
        name: text(100).optional(),
        scopes: z.array(z.enum(scopes)).max(10).optional(),
        organization: text(255).optional(),
      }),
      answer: async ({ body: { role, name, scopes, organization }, caller }) => {
        const key = {
          role,
          ...(name !== undefined && { name }),
          ...(scopes && { scopes }),
          ...(organization !== undefined && { organization }),
        }
        return { status: 201, json: await issueKey(db, caller, key) }
      },
    }),
    apiRoute({
      method: 'post',
      path: '/keys/:id/revoke',
      does: 'Revokes a key, and with it every session that was opened with it.',
      gives: { 200: z.strictObject({ outcome: z.enum(['revoked', 'already']), id: z.uuid() }) },
      answer: async ({ params, caller }) => {
        const id = idIn(params, 'id', 'key')
        return { json: { outcome: await revokeApiKey(db, id, caller.tenantId), id } }
      },
    }),
  ]
}

function shownKey(row: Awaited<ReturnType<typeof listApiKeys>>[number]) {
  const { id, prefix, name, role, scopes, organization } = row
  return {
    id,
    prefix,
    name,
    role,
    scopes,
    organization,
    created_at: row.createdAt.toISOString(),
    last_used_at: row.lastUsedAt?.toISOString() ?? null,
    revoked_at: row.revokedAt?.toISOString() ?? null,
  }
}
