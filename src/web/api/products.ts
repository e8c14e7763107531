import { z } from 'zod'
import {
  catalogKey,
  catalogName,
  featureChanges,
  flatKind,
  flatKinds,
  productStatuses,
  tierRank,
} from '../../billing/catalog-fields.ts'
import { changeProduct, createProduct, publishProduct, retireProduct } from '../../billing/change-product.ts'
import { getProduct, listProducts } from '../../billing/products.ts'
import { publishAndAttach } from '../../billing/put-tiers.ts'
import type { Db } from '../../db/types.ts'
import { changeCatalog } from '../../stripe/catalog/change-catalog.ts'
import { mapPrice } from '../../stripe/catalog/map-price.ts'
import { pageAnswer, productAnswer } from './answers.ts'
import { type ApiRoute, apiRoute } from './api-route.ts'
import { page, pageOf, priceId, readCursor } from './fields.ts'
import { shownProduct } from './shown.ts'

export const keyCursor = /^[a-z0-9-]+$/

/** What is sold. The catalog is one per deployment: what an operator changes here counts for all tenants. */
export function productRoutes(db: Db): ApiRoute[] {
  return [
    apiRoute({
      method: 'get',
      path: '/products',
      does: 'Lists products, by key.',
      gives: { 200: pageAnswer(productAnswer) },
      query: z.strictObject({
        status: z.enum(productStatuses).optional(),
        kind: z.enum(['plan', ...flatKinds, 'none']).optional(),
        ...page,
      }),
      answer: async ({ query }) => {
        const { status, kind, limit } = query
        const after = readCursor(query.cursor, keyCursor)
        const rows = await listProducts(db, { status, kind, after, limit: limit + 1 })
        return { json: pageOf(rows, limit, shownProduct, ({ key }) => key) }
      },
    }),
    apiRoute({
      method: 'post',
      path: '/products',
      does: 'Adds a product, as a draft.',
      gives: { 201: productAnswer },
      body: z.strictObject({
        key: catalogKey,
        name: catalogName,
        type: flatKind.nullish(),
        features: featureChanges.optional(),
      }),
      answer: async ({ body }) => {
        const product = await changeCatalog(db, (tx) => createProduct(tx, body))
        return { status: 201, json: shownProduct(product) }
      },
    }),
    apiRoute({
      method: 'get',
      path: '/products/:key',
      does: 'Tells one product.',
      gives: { 200: productAnswer },
      answer: async ({ params }) => ({ json: shownProduct(await getProduct(db, params.key!)) }),
    }),
    apiRoute({
      method: 'patch',
      path: '/products/:key',
      does: 'Renames a product, gives it another type, or changes what it includes; null takes a feature away.',
      gives: { 200: productAnswer },
      body: z.strictObject({
        name: catalogName.optional(),
        type: flatKind.nullable().optional(),
        features: featureChanges.optional(),
      }),
      answer: async ({ params, body }) => ({
        json: shownProduct(await changeCatalog(db, (tx) => changeProduct(tx, params.key!, body))),
      }),
    }),
    apiRoute({
      method: 'post',
      path: '/products/:key/publish',
      does: 'Offers a product; one that is no tier needs a type first.',
      gives: { 200: productAnswer },
      answer: async ({ params }) => ({
        json: shownProduct(await changeCatalog(db, (tx) => publishProduct(tx, params.key!))),
      }),
    }),
    apiRoute({
      method: 'post',
      path: '/products/:key/publish-and-attach',
      does: 'Publishes a product and makes it a tier, in one step.',
      gives: { 200: productAnswer },
      body: z.strictObject({ ladder: catalogKey, rank: tierRank }),
      answer: async ({ params, body }) => ({
        json: shownProduct(await changeCatalog(db, (tx) => publishAndAttach(tx, params.key!, body))),
      }),
    }),
    apiRoute({
      method: 'post',
      path: '/products/:key/prices',
      does: 'Says that a price of Stripe’s stands for the product, for the first time; what waited for it is taken up.',
      gives: { 200: productAnswer },
      body: z.strictObject({ price: priceId }),
      answer: async ({ params, body }) => ({
        json: shownProduct(await changeCatalog(db, (tx) => mapPrice(tx, params.key!, body.price))),
      }),
    }),
    apiRoute({
      method: 'post',
      path: '/products/:key/retire',
      does: 'Offers a product no longer; whoever has it keeps it.',
      gives: { 200: productAnswer },
      answer: async ({ params }) => ({
        json: shownProduct(await changeCatalog(db, (tx) => retireProduct(tx, params.key!))),
      }),
    }),
  ]
}
