import { type CatalogFile, CatalogInvalid } from '../../billing/catalog-file.ts'
import { putLadders, putProducts } from '../../billing/catalog-rows.ts'
import type { HeldCatalog } from '../../billing/held-catalog.ts'
import {
  type CatalogPlan,
  type CatalogReport,
  type Changes,
  changesAnything,
  planCatalog,
  productsOfNewKind,
} from '../../billing/plan-catalog.ts'
import type { Db, Tx } from '../../db/types.ts'
import { putOrgTypes } from '../../organization/org-types.ts'
import { wake } from '../inbox/waiting.ts'
import { holdCatalogAlone, putStripeMappings } from './catalog-mappings.ts'
import { pricesWaitingUnder, resolveAgain } from './catalog-wake.ts'
import { readCatalog } from './export-catalog.ts'

export type AppliedCatalog = {
  dryRun: boolean
  /** False: everything stood like this already. */
  changed: boolean
  report: CatalogReport
  /** Writes that were waiting for something which is in the catalog now, and are taken up. */
  woken: number
  /** Subscriptions whose prices mean something else now, and that are resolved again. */
  resolving: number
}

/**
 * Brings the catalog to what a file says, in one transaction: rows, what stands for them at Stripe, and the waking of what was
 * waiting for them. What the file leaves out stays; applied again, it changes nothing. A dry run does all of it and takes it
 * back. No worker decides from the catalog meanwhile: they wait for the commit, and it waits for theirs.
 * @throws CatalogInvalid (422) with every reason why the file does not fit this catalog.
 */
export async function applyCatalog(
  db: Db,
  file: CatalogFile,
  options: { dryRun?: boolean } = {},
): Promise<AppliedCatalog> {
  const dryRun = options.dryRun ?? false
  const undone = new TakenBack()
  let passedOver: string[] = []
  const outcome = await db
    .begin(async (tx) => {
      await holdCatalogAlone(tx)
      const held = await readCatalog(tx)
      const plan = planCatalog(held, file)
      if (plan.problems.length > 0) throw new CatalogInvalid(plan.problems)
      await writeCatalog(tx, plan, file)
      const taken = await takeUp(tx, held, plan, file)
      passedOver = taken.passedOver
      const { woken, resolving } = taken
      undone.outcome = {
        dryRun,
        changed: changesAnything(plan.report),
        report: plan.report,
        woken,
        resolving,
      }
      if (dryRun) throw undone
      return undone.outcome
    })
    .catch((error: unknown) => {
      if (error === undone) return undone.outcome!
      throw error
    })
  // Held by a worker then, which waited for the catalog; once it has committed, they can be marked too.
  if (!dryRun && passedOver.length > 0) {
    await db`
      update stripe.subscriptions set resolve_at = clock_timestamp()
      where stripe_subscription_id = any(${passedOver})
    `
  }
  return outcome
}

/** Thrown inside a dry run's transaction, so that it is rolled back. */
class TakenBack extends Error {
  outcome: AppliedCatalog | undefined
}

async function writeCatalog(tx: Tx, { after, report }: CatalogPlan, file: CatalogFile): Promise<void> {
  await putProducts(tx, after.products.filter(isTouched(report.products)))
  await putLadders(tx, after.ladders.filter(isTouched(report.ladders)))
  await putOrgTypes(tx, after.orgTypes.filter(isTouched(report.orgTypes)))
  await putStripeMappings(tx, {
    products: file.products.flatMap(({ key, stripe }) => stripe.products.map((id) => ({ id, key }))),
    prices: file.products.flatMap(({ key, stripe }) => stripe.prices.map((id) => ({ id, key }))),
  })
}

function isTouched({ created, changed }: Changes): (thing: { key: string }) => boolean {
  const touched = new Set([...created, ...changed.map(({ key }) => key)])
  return ({ key }) => touched.has(key)
}

/**
 * Wakes what waits for anything that the file names, whether or not it named it for the first time: what is in the catalog is
 * waited for by mistake. Subscriptions are resolved again only where what their prices mean may have changed; another rank is
 * no such change and moves nobody.
 */
async function takeUp(
  tx: Tx,
  held: HeldCatalog,
  { after, report }: CatalogPlan,
  file: CatalogFile,
): Promise<{ woken: number; resolving: number; passedOver: string[] }> {
  const otherKind = new Set(productsOfNewKind(held, after))
  const ofOtherKind = after.products.filter(({ key }) => otherKind.has(key))
  const products = [
    ...file.products.flatMap(({ stripe }) => stripe.products),
    ...ofOtherKind.flatMap(({ stripeProducts }) => stripeProducts),
  ]
  const prices = [
    ...file.products.flatMap(({ stripe }) => stripe.prices),
    ...ofOtherKind.flatMap(({ stripePrices }) => stripePrices),
  ]
  const woken = await wake(tx, [
    ...new Set([...prices, ...(await pricesWaitingUnder(tx, products))].map((id) => `price:${id}`)),
    ...new Set(products.map((id) => `product:${id}`)),
    ...file.org_types.map(({ key }) => `org_type:${key}`),
  ])
  const touched = ({ created, changed }: Changes) => [...created, ...changed.map(({ key }) => key)]
  const { marked, passedOver } = await resolveAgain(tx, {
    products: [
      ...touched(report.stripeProducts),
      ...ofOtherKind.flatMap(({ stripeProducts }) => stripeProducts),
    ],
    prices: [...touched(report.stripePrices), ...ofOtherKind.flatMap(({ stripePrices }) => stripePrices)],
  })
  return { woken, resolving: marked + passedOver.length, passedOver }
}
