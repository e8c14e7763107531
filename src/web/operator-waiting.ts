import { Hono } from 'hono'
import { z } from 'zod'
import { catalogKey } from '../billing/catalog-fields.ts'
import { listProducts } from '../billing/products.ts'
import type { Db } from '../db/types.ts'
import { UsageError } from '../errors.ts'
import type { Log } from '../log.ts'
import { changeCatalog } from '../stripe/catalog/change-catalog.ts'
import { mapPrice } from '../stripe/catalog/map-price.ts'
import { heldGroups } from '../stripe/inbox/held-groups.ts'
import { answerPage } from './answer-page.ts'
import { priceId } from './api/fields.ts'
import { mapPricePath, WaitingPage, waitingPath } from './pages/waiting-page.tsx'
import { onAction } from './panel-action.ts'
import { panelErrors } from './panel-errors.ts'
import { readForm } from './read-form.ts'
import { viewerOf } from './viewer.ts'
import type { WebEnv } from './web-env.ts'

const mostGroups = 200
/** More than one chooses from by eye; the catalog file has no such end. */
const mostProducts = 500

const mapping = z.object({ product: catalogKey, price: priceId })

/** What is held, and what frees it. The guard has let in whoever comes here. */
export function operatorWaiting({ db, log }: { db: Db; log: Log }): Hono<WebEnv> {
  const app = new Hono<WebEnv>()
  app.onError(panelErrors(log, waitingPath))
  app.get(waitingPath, async (c) => {
    const { tenantId, role } = c.get('caller')!
    const groups = await heldGroups(db, tenantId, mostGroups + 1)
    const mayMap = role === 'operator' && groups.some(({ reason }) => reason === 'unmapped_price')
    return answerPage(c, 200, WaitingPage, {
      viewer: viewerOf(c),
      groups: groups.slice(0, mostGroups),
      products: mayMap ? await listProducts(db, { limit: mostProducts }) : [],
      more: groups.length > mostGroups,
    })
  })

  onAction(app, mapPricePath, async (_, form) => {
    const { data } = readForm(form, mapping)
    if (!data)
      throw new UsageError('product_missing', 'No product was chosen.', 'Choose what the price stands for.')
    const product = await changeCatalog(db, (tx) => mapPrice(tx, data.product, data.price))
    return {
      to: waitingPath,
      told: `${data.price} stands for ${product.name} now. What waited for it is taken up.`,
    }
  })
  return app
}
