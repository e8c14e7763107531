import { z } from 'zod'
import type { Db } from '../../db/types.ts'
import type { PrivateAddresses } from '../../outbound/addresses.ts'
import {
  changeEndpoint,
  createEndpoint,
  deleteEndpoint,
  type Endpoint,
  getEndpoint,
  listEndpoints,
  rotateEndpointSecret,
} from '../../outbound/endpoints.ts'
import { clearAlarmsAbout } from '../../stripe/alarms.ts'
import { pageAnswer, time } from './answers.ts'
import { type ApiRoute, apiRoute } from './api-route.ts'
import { idCursor, idIn, page, pageOf, readCursor, text } from './fields.ts'

const endpoint = z.strictObject({
  id: z.uuid(),
  url: z.string(),
  description: z.string(),
  created_at: time,
  disabled_at: time.nullable(),
  disabled_why: z
    .enum(['operator', 'failing'])
    .nullable()
    .describe('`failing`: it took nothing for three days.'),
  pending: z.int().describe('Messages that wait to be taken.'),
  parked: z.int().describe('Those of them that are tried no more.'),
  failures: z.int().describe('Tries in a row after which nothing had been taken.'),
  last_taken_at: time.nullable().describe('Null also when that is over a week ago.'),
  last_error: z.string().nullable(),
  old_secret_until: time
    .nullable()
    .describe('Until then the secret before the last rotation signs too; null: one signs alone.'),
})
const endpointAnswer = endpoint.meta({ id: 'WebhookEndpoint' })
const endpointMadeAnswer = endpoint
  .extend({
    secret: z.string().describe('By which each message is signed (Standard Webhooks). It is shown once.'),
  })
  .meta({ id: 'WebhookEndpointMade' })

const url = text(2_000)
const description = text(500)

/** Other systems of the caller's tenant, which are told of each move between tiers. */
export function webhookEndpointRoutes(db: Db, allowed: PrivateAddresses): ApiRoute[] {
  return [
    apiRoute({
      method: 'get',
      path: '/webhook-endpoints',
      does: 'Lists where moves between tiers are told, the earliest first.',
      gives: { 200: pageAnswer(endpointAnswer) },
      query: z.strictObject(page),
      answer: async ({ query: { limit, cursor }, caller }) => {
        const after = readCursor(cursor, idCursor)
        const rows = await listEndpoints(db, caller.tenantId, { after, limit: limit + 1 })
        return { json: pageOf(rows, limit, shownEndpoint, ({ endpointId }) => endpointId) }
      },
    }),
    apiRoute({
      method: 'post',
      path: '/webhook-endpoints',
      does: 'Adds one: it is told of every move from now on, at least once and in order for each organization.',
      gives: { 201: endpointMadeAnswer },
      secret: true,
      body: z.strictObject({ url, description: description.optional() }),
      answer: async ({ body, caller: { tenantId } }) => {
        const json = await db.begin(async (tx) => {
          const asked = { tenantId, url: body.url, description: body.description ?? '', allowed }
          const { endpointId, secret } = await createEndpoint(tx, asked)
          return { ...shownEndpoint(await getEndpoint(tx, tenantId, endpointId)), secret }
        })
        return { status: 201, json }
      },
    }),
    apiRoute({
      method: 'get',
      path: '/webhook-endpoints/:id',
      does: 'Tells one, and what waits for it.',
      gives: { 200: endpointAnswer },
      answer: async ({ params, caller }) => ({
        json: shownEndpoint(await getEndpoint(db, caller.tenantId, idIn(params, 'id', 'webhook_endpoint'))),
      }),
    }),
    apiRoute({
      method: 'patch',
      path: '/webhook-endpoints/:id',
      does: 'Changes one, disables or enables it; enabled again, it is told of all that it missed, and of what was parked.',
      gives: { 200: endpointAnswer },
      body: z.strictObject({
        url: url.optional(),
        description: description.optional(),
        disabled: z.boolean().optional(),
      }),
      answer: async ({ params, body, caller: { tenantId } }) => {
        const endpointId = idIn(params, 'id', 'webhook_endpoint')
        const changed = await db.begin((tx) => changeEndpoint(tx, { tenantId, endpointId, allowed, ...body }))
        if (body.disabled === false) await clearAlarmsAbout(db, [endpointId])
        return { json: shownEndpoint(changed) }
      },
    }),
    apiRoute({
      method: 'post',
      path: '/webhook-endpoints/:id/rotate-secret',
      does: 'Gives one a new secret, which is shown in this answer alone; for 24 hours the old one signs beside it.',
      gives: { 200: endpointMadeAnswer },
      secret: true,
      answer: async ({ params, caller: { tenantId } }) => {
        const endpointId = idIn(params, 'id', 'webhook_endpoint')
        const { endpoint, secret } = await db.begin((tx) =>
          rotateEndpointSecret(tx, { tenantId, endpointId, now: new Date() }),
        )
        return { json: { ...shownEndpoint(endpoint), secret } }
      },
    }),
    apiRoute({
      method: 'delete',
      path: '/webhook-endpoints/:id',
      does: 'Deletes one, with what waits for it.',
      gives: { 200: z.strictObject({ outcome: z.literal('deleted'), id: z.uuid() }) },
      answer: async ({ params, caller: { tenantId } }) => {
        const id = idIn(params, 'id', 'webhook_endpoint')
        await db.begin((tx) => deleteEndpoint(tx, tenantId, id))
        await clearAlarmsAbout(db, [id])
        return { json: { outcome: 'deleted', id } }
      },
    }),
  ]
}

function shownEndpoint(row: Endpoint) {
  return {
    id: row.endpointId,
    url: row.url,
    description: row.description,
    created_at: row.createdAt.toISOString(),
    disabled_at: row.disabledAt?.toISOString() ?? null,
    disabled_why: row.disabledWhy,
    pending: row.pending,
    parked: row.parked,
    failures: row.failures,
    last_taken_at: row.lastTakenAt?.toISOString() ?? null,
    last_error: row.lastError,
    old_secret_until: row.oldSecretUntil?.toISOString() ?? null,
  }
}
