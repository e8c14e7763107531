import { z } from 'zod'
import { catalogDescription, catalogKey, catalogName, tierRank } from '../../billing/catalog-fields.ts'
import { changeLadder, createLadder, deleteLadder } from '../../billing/change-ladder.ts'
import { getLadder, listLadders } from '../../billing/ladders.ts'
import { putTiers, removeTier } from '../../billing/put-tiers.ts'
import type { Db } from '../../db/types.ts'
import { changeCatalog } from '../../stripe/catalog/change-catalog.ts'
import { ladderAnswer, pageAnswer } from './answers.ts'
import { type ApiRoute, apiRoute } from './api-route.ts'
import { page, pageOf, readCursor } from './fields.ts'
import { keyCursor } from './products.ts'
import { shownLadder } from './shown.ts'

/** Plan ladders and their tiers (R57–R61). */
export function ladderRoutes(db: Db): ApiRoute[] {
  return [
    apiRoute({
      method: 'get',
      path: '/ladders',
      does: 'Lists ladders with their tiers, lowest rank first, and how many stand on each.',
      gives: { 200: pageAnswer(ladderAnswer) },
      query: z.strictObject(page),
      answer: async ({ query }) => {
        const { limit } = query
        const after = readCursor(query.cursor, keyCursor)
        const rows = await listLadders(db, { after, limit: limit + 1 })
        return { json: pageOf(rows, limit, shownLadder, ({ key }) => key) }
      },
    }),
    apiRoute({
      method: 'post',
      path: '/ladders',
      does: 'Adds a ladder, without tiers.',
      gives: { 201: ladderAnswer },
      body: z.strictObject({
        key: catalogKey,
        name: catalogName,
        description: catalogDescription.nullish(),
      }),
      answer: async ({ body }) => {
        const ladder = await changeCatalog(db, (tx) => createLadder(tx, body))
        return { status: 201, json: shownLadder(ladder) }
      },
    }),
    apiRoute({
      method: 'get',
      path: '/ladders/:key',
      does: 'Tells one ladder.',
      gives: { 200: ladderAnswer },
      answer: async ({ params }) => ({ json: shownLadder(await getLadder(db, params.key!)) }),
    }),
    apiRoute({
      method: 'patch',
      path: '/ladders/:key',
      does: 'Renames a ladder, or describes it anew.',
      gives: { 200: ladderAnswer },
      body: z.strictObject({
        name: catalogName.optional(),
        description: catalogDescription.nullable().optional(),
      }),
      answer: async ({ params, body }) => ({
        json: shownLadder(await changeCatalog(db, (tx) => changeLadder(tx, params.key!, body))),
      }),
    }),
    apiRoute({
      method: 'delete',
      path: '/ladders/:key',
      does: 'Deletes a ladder with its tiers; one that was ever used is only put out of use.',
      gives: { 200: z.strictObject({ outcome: z.string(), key: z.string() }) },
      answer: async ({ params }) => {
        const outcome = await changeCatalog(db, (tx) => deleteLadder(tx, params.key!))
        return { json: { outcome, key: params.key! } }
      },
    }),
    apiRoute({
      method: 'put',
      path: '/ladders/:key/tiers',
      does: 'Attaches products or gives tiers other ranks, several at once; what is not named stays.',
      gives: { 200: ladderAnswer },
      body: z.strictObject({
        tiers: z
          .array(z.strictObject({ product: catalogKey, rank: tierRank }))
          .min(1)
          .max(200),
      }),
      answer: async ({ params, body }) => ({
        json: shownLadder(await changeCatalog(db, (tx) => putTiers(tx, params.key!, body.tiers))),
      }),
    }),
    apiRoute({
      method: 'put',
      path: '/ladders/:key/tiers/:product',
      does: 'Attaches one product, or gives the tier another rank.',
      gives: { 200: ladderAnswer },
      body: z.strictObject({ rank: tierRank }),
      answer: async ({ params, body }) => {
        const tier = { product: params.product!, rank: body.rank }
        const ladder = await changeCatalog(db, (tx) => putTiers(tx, params.key!, [tier]))
        return { json: shownLadder(ladder) }
      },
    }),
    apiRoute({
      method: 'delete',
      path: '/ladders/:key/tiers/:product',
      does: 'Takes a product off the ladder; only when nobody stands on it.',
      gives: { 200: ladderAnswer },
      answer: async ({ params }) => ({
        json: shownLadder(await changeCatalog(db, (tx) => removeTier(tx, params.key!, params.product!))),
      }),
    }),
  ]
}
