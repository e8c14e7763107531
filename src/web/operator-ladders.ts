import { Hono } from 'hono'
import { z } from 'zod'
import { catalogDescription, catalogKey, catalogName } from '../billing/catalog-fields.ts'
import { changeLadder, createLadder, deleteLadder } from '../billing/change-ladder.ts'
import { getLadder, type Ladder, listLadders } from '../billing/ladders.ts'
import { getProduct, listProducts, type Product } from '../billing/products.ts'
import { publishAndAttach, putTiers, removeTier } from '../billing/put-tiers.ts'
import type { Db } from '../db/types.ts'
import { Refused } from '../errors.ts'
import type { Log } from '../log.ts'
import { changeCatalog } from '../stripe/catalog/change-catalog.ts'
import { answerPage } from './answer-page.ts'
import { refuseChanged } from './changed-meanwhile.ts'
import { addressWith } from './event-filters.ts'
import { keyInPath } from './key-in-path.ts'
import { LadderPage } from './pages/ladder-page.tsx'
import { rankField, ranksShown } from './pages/ladder-tiers.tsx'
import { LaddersPage, ladderPath, laddersPath } from './pages/ladders-page.tsx'
import { type Done, onAction } from './panel-action.ts'
import { panelErrors } from './panel-errors.ts'
import { type Faults, faultsOfRefusal, readForm, type Typed } from './read-form.ts'
import type { SentForm } from './sent-form.ts'
import { typedRank } from './typed-rank.ts'
import { viewerOf } from './viewer.ts'
import type { WebContext, WebEnv } from './web-env.ts'

const onePage = 50
/** More products without a type than anybody chooses from. */
const mostChoices = 2000

const newLadder = z.object({ name: catalogName, key: catalogKey, description: catalogDescription.optional() })
const ladderNames = newLadder.omit({ key: true })
const newTier = z.object({ product: catalogKey, rank: typedRank })

/** The field at which a refusal can be mended. */
const fieldOf = {
  product_unknown: 'product',
  product_not_published: 'product',
  product_retired: 'product',
  product_held_flat: 'product',
  tier_has_type: 'product',
  rank_taken: 'rank',
}

/** Plan ladders and their tiers (R57–R61). The guard has let in whoever comes here; the verbs are the API's. */
export function operatorLadders({ db, log }: { db: Db; log: Log }): Hono<WebEnv> {
  const app = new Hono<WebEnv>()
  app.onError(panelErrors(log, laddersPath))

  async function list(c: WebContext, status: 200 | 422, form: { typed: Typed; faults: Faults }) {
    const asked = catalogKey.safeParse(c.req.query('after'))
    const after = asked.success ? asked.data : null
    const rows = await listLadders(db, { after, limit: onePage + 1 })
    const ladders = rows.slice(0, onePage)
    return answerPage(c, status, LaddersPage, {
      viewer: viewerOf(c),
      ladders,
      first: after === null ? null : laddersPath,
      next: rows.length > onePage ? addressWith(laddersPath, {}, { after: ladders.at(-1)!.key }) : null,
      ...form,
    })
  }

  async function one(c: WebContext, status: 200 | 422, key: string, sent: SentForm) {
    const ladder = await getLadder(db, key)
    const plans = (await listProducts(db, { limit: mostChoices })).filter(
      (product) => product.type === null && !product.ladders.some(({ ladder }) => ladder === key),
    )
    return answerPage(c, status, LadderPage, {
      viewer: viewerOf(c),
      ladder,
      plans: {
        published: plans.filter(({ status }) => status === 'published'),
        others: plans.filter(({ status }) => status !== 'published'),
      },
      sent,
    })
  }

  /** Puts a product on the ladder of the path, by a verb; what is refused stands at its field. */
  async function add(
    c: WebContext,
    form: URLSearchParams,
    name: 'attach' | 'publish',
    verb: (key: string, tier: z.output<typeof newTier>) => Promise<Product>,
  ): Promise<Done | Response> {
    const key = keyInPath(c, 'ladder')
    const { typed, faults, data } = readForm(form, newTier)
    if (!data) return one(c, 422, key, { form: name, typed, faults })
    try {
      const product = await verb(key, data)
      return { to: ladderPath(key), told: `${product.name} is a tier now, at rank ${data.rank}.` }
    } catch (error) {
      return one(c, 422, key, { form: name, typed, faults: faultsOfRefusal(error, fieldOf) })
    }
  }

  app.get(laddersPath, (c) => list(c, 200, { typed: {}, faults: {} }))
  app.get(`${laddersPath}/:key`, (c) => one(c, 200, keyInPath(c, 'ladder'), null))

  onAction(app, laddersPath, async (c, form) => {
    const { typed, faults, data } = readForm(form, newLadder)
    if (!data) return list(c, 422, { typed, faults })
    try {
      const made = await changeCatalog(db, (tx) => createLadder(tx, data))
      return { to: ladderPath(made.key), told: `${made.name} was created. Put plans on it next.` }
    } catch (error) {
      return list(c, 422, { typed, faults: faultsOfRefusal(error, { ladder_key_taken: 'key' }) })
    }
  })

  onAction(app, `${laddersPath}/:key`, async (c, form) => {
    const key = keyInPath(c, 'ladder')
    const { typed, faults, data } = readForm(form, ladderNames)
    if (!data) return one(c, 422, key, { form: 'names', typed, faults })
    // An empty description is none.
    const { name, description = null } = data
    await changeCatalog(db, (tx) => changeLadder(tx, key, { name, description }))
    return { to: ladderPath(key), told: 'Name and description were changed.' }
  })

  onAction(app, `${laddersPath}/:key/delete`, async (c) => {
    const key = keyInPath(c, 'ladder')
    const outcome = await changeCatalog(db, (tx) => deleteLadder(tx, key))
    const told =
      outcome === 'deleted'
        ? `The ladder ${key} was deleted.`
        : `The ladder ${key} is out of use, without tiers. It was used before, so the history keeps it.`
    return { to: laddersPath, told }
  })

  onAction(app, `${laddersPath}/:key/ranks`, async (c, form) => {
    const key = keyInPath(c, 'ladder')
    const ladder = await getLadder(db, key)
    refuseChanged(form, ranksShown(ladder), `the tiers of ${ladder.name}`)
    const { typed, faults, ranks } = readRanks(form, ladder)
    if (!ranks) return one(c, 422, key, { form: 'ranks', typed, faults })
    await changeCatalog(db, async (tx) => {
      refuseChanged(form, ranksShown(await getLadder(tx, key)), `the tiers of ${ladder.name}`)
      await putTiers(tx, key, ranks)
    })
    return { to: ladderPath(key), told: 'The ranks were changed.' }
  })

  onAction(app, `${laddersPath}/:key/tiers`, (c, form) =>
    add(c, form, 'attach', (key, { product, rank }) =>
      changeCatalog(db, async (tx) => {
        const chosen = await getProduct(tx, product)
        if (chosen.status !== 'published') throw notPublished(chosen)
        await putTiers(tx, key, [{ product, rank }])
        return chosen
      }),
    ),
  )

  onAction(app, `${laddersPath}/:key/publish-and-attach`, (c, form) =>
    add(c, form, 'publish', (key, { product, rank }) =>
      changeCatalog(db, (tx) => publishAndAttach(tx, product, { ladder: key, rank })),
    ),
  )

  onAction(app, `${laddersPath}/:key/tiers/:product/remove`, async (c) => {
    const key = keyInPath(c, 'ladder')
    const product = keyInPath(c, 'product', 'product')
    await changeCatalog(db, (tx) => removeTier(tx, key, product))
    return { to: ladderPath(key), told: `${product} is no tier of this ladder any more.` }
  })
  return app
}

/** The rank that was typed for each tier. Two alike are told at both, by the other's name. */
function readRanks(form: URLSearchParams, { tiers }: Ladder) {
  const schema = z.object(Object.fromEntries(tiers.map(({ product }) => [rankField(product), typedRank])))
  const { typed, faults, data } = readForm(form, schema)
  if (!data) return { typed, faults, ranks: null }
  const ranks = tiers.map(({ product, name }) => ({ product, name, rank: data[rankField(product)]! }))
  const alike = ranks.flatMap(({ product, rank }) => {
    const other = ranks.find((one) => one.product !== product && one.rank === rank)
    return other ? [[rankField(product), `is given to ${other.name} too`] as const] : []
  })
  if (alike.length > 0) return { typed, faults: Object.fromEntries(alike), ranks: null }
  return { typed, faults, ranks: ranks.map(({ product, rank }) => ({ product, rank })) }
}

/** The API attaches drafts too; here it would be an accident, and publishing stands beside it (R58, D11). */
function notPublished({ name, status }: Product): Refused {
  return new Refused(
    'product_not_published',
    `${name} is not published: it is ${status}.`,
    'Publish and attach it in one step.',
    422,
  )
}
