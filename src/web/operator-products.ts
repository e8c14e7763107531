import { Hono } from 'hono'
import { z } from 'zod'
import { catalogKey, catalogName, flatKind, flatKinds, productStatuses } from '../billing/catalog-fields.ts'
import { changeProduct, createProduct, publishProduct, retireProduct } from '../billing/change-product.ts'
import { listLadders } from '../billing/ladders.ts'
import { getProduct, listProducts } from '../billing/products.ts'
import { publishAndAttach } from '../billing/put-tiers.ts'
import type { Db } from '../db/types.ts'
import type { Log } from '../log.ts'
import { readStripeMappings } from '../stripe/catalog/catalog-mappings.ts'
import { changeCatalog } from '../stripe/catalog/change-catalog.ts'
import { answerPage } from './answer-page.ts'
import { refuseChanged } from './changed-meanwhile.ts'
import { readFeatures } from './feature-fields.ts'
import { keyInPath } from './key-in-path.ts'
import { ProductPage } from './pages/product-page.tsx'
import { ProductsPage, productPath, productsPath } from './pages/products-page.tsx'
import { onAction } from './panel-action.ts'
import { panelErrors } from './panel-errors.ts'
import { type Faults, faultsOfRefusal, readForm, type Typed } from './read-form.ts'
import type { SentForm } from './sent-form.ts'
import { typedRank } from './typed-rank.ts'
import { viewerOf } from './viewer.ts'
import type { WebContext, WebEnv } from './web-env.ts'

const onePage = 50
/** More ladders than anybody chooses from. */
const mostChoices = 500

const newProduct = z.object({ name: catalogName, key: catalogKey, type: flatKind.optional() })
const productNames = newProduct.omit({ key: true })
const place = z.object({ ladder: catalogKey, rank: typedRank })

/** By what the list is narrowed; what is not known narrows nothing. */
const narrowing = z.object({
  status: z.enum(productStatuses).optional().catch(undefined),
  kind: z
    .enum(['plan', ...flatKinds, 'none'])
    .optional()
    .catch(undefined),
  after: catalogKey.optional().catch(undefined),
})

/** What is sold (R58, R73, D11). The guard has let in whoever comes here; the verbs are the API's. */
export function operatorProducts({ db, log }: { db: Db; log: Log }): Hono<WebEnv> {
  const app = new Hono<WebEnv>()
  app.onError(panelErrors(log, productsPath))

  async function list(c: WebContext, status: 200 | 422, form: { typed: Typed; faults: Faults }) {
    const { after = null, ...narrowed } = narrowing.parse(c.req.query())
    const [rows, mappings] = await Promise.all([
      listProducts(db, { ...narrowed, after, limit: onePage + 1 }),
      readStripeMappings(db),
    ])
    const products = rows.slice(0, onePage)
    return answerPage(c, status, ProductsPage, {
      viewer: viewerOf(c),
      products,
      mappings: new Map(mappings.map((mapping) => [mapping.key, mapping])),
      narrowed,
      first: after === null ? null : listPath(narrowed),
      next: rows.length > onePage ? listPath({ ...narrowed, after: products.at(-1)!.key }) : null,
      ...form,
    })
  }

  async function one(c: WebContext, status: 200 | 422, key: string, sent: SentForm) {
    const product = await getProduct(db, key)
    const [mappings, ladders] = await Promise.all([
      readStripeMappings(db),
      listLadders(db, { limit: mostChoices }),
    ])
    const mapping = mappings.find((one) => one.key === key) ?? null
    return answerPage(c, status, ProductPage, { viewer: viewerOf(c), product, mapping, ladders, sent })
  }

  app.get(productsPath, (c) => list(c, 200, { typed: {}, faults: {} }))
  app.get(`${productsPath}/:key`, (c) => one(c, 200, keyInPath(c, 'product'), null))

  onAction(app, productsPath, async (c, form) => {
    const { typed, faults, data } = readForm(form, newProduct)
    if (!data) return list(c, 422, { typed, faults })
    try {
      const made = await changeCatalog(db, (tx) => createProduct(tx, data))
      return { to: productPath(made.key), told: `${made.name} was created, as a draft.` }
    } catch (error) {
      return list(c, 422, { typed, faults: faultsOfRefusal(error, { product_key_taken: 'key' }) })
    }
  })

  onAction(app, `${productsPath}/:key`, async (c, form) => {
    const key = keyInPath(c, 'product')
    const { typed, faults, data } = readForm(form, productNames)
    if (!data) return one(c, 422, key, { form: 'names', typed, faults })
    try {
      // The field of the type is left out for a plan; where it is there, empty means none.
      const type = form.has('type') ? (data.type ?? null) : undefined
      await changeCatalog(db, (tx) => changeProduct(tx, key, { name: data.name, type }))
      return { to: productPath(key), told: 'The product was changed.' }
    } catch (error) {
      const fieldOf = { tier_has_type: 'type', product_without_type: 'type' }
      return one(c, 422, key, { form: 'names', typed, faults: faultsOfRefusal(error, fieldOf) })
    }
  })

  onAction(app, `${productsPath}/:key/features`, async (c, form) => {
    const key = keyInPath(c, 'product')
    const held = await getProduct(db, key)
    refuseChanged(form, held.features, `what ${held.name} includes`)
    const { typed, faults, changes } = readFeatures(form, held.features)
    if (!changes) return one(c, 422, key, { form: 'features', typed, faults })
    await changeCatalog(db, async (tx) => {
      refuseChanged(form, (await getProduct(tx, key)).features, `what ${held.name} includes`)
      await changeProduct(tx, key, { features: changes })
    })
    const names = Object.keys(changes)
    return {
      to: productPath(key),
      told: names.length === 0 ? 'Nothing was changed.' : `Changed: ${names.join(', ')}.`,
    }
  })

  onAction(app, `${productsPath}/:key/publish`, async (c) => {
    const key = keyInPath(c, 'product')
    const product = await changeCatalog(db, (tx) => publishProduct(tx, key))
    return { to: productPath(key), told: `${product.name} is published.` }
  })

  onAction(app, `${productsPath}/:key/retire`, async (c) => {
    const key = keyInPath(c, 'product')
    const product = await changeCatalog(db, (tx) => retireProduct(tx, key))
    return { to: productPath(key), told: `${product.name} is retired: whoever has it keeps it.` }
  })

  onAction(app, `${productsPath}/:key/publish-and-attach`, async (c, form) => {
    const key = keyInPath(c, 'product')
    const { typed, faults, data } = readForm(form, place)
    if (!data) return one(c, 422, key, { form: 'publish', typed, faults })
    try {
      const product = await changeCatalog(db, (tx) => publishAndAttach(tx, key, data))
      return {
        to: productPath(key),
        told: `${product.name} is published, and a plan of ${data.ladder} at rank ${data.rank}.`,
      }
    } catch (error) {
      const fieldOf = { ladder_unknown: 'ladder', rank_taken: 'rank', product_held_flat: 'ladder' }
      return one(c, 422, key, { form: 'publish', typed, faults: faultsOfRefusal(error, fieldOf) })
    }
  })
  return app
}

function listPath(query: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return given.length === 0 ? productsPath : `${productsPath}?${new URLSearchParams(given)}`
}
