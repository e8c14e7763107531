import { type CatalogFile, CatalogInvalid } from '../../billing/catalog-file.ts'
import { putLadders, putProducts } from '../../billing/catalog-rows.ts'
import type { HeldCatalog } from '../../billing/held-catalog.ts'
import { holdCatalog, holdCatalogAlone } from '../../billing/hold-catalog.ts'
import {
  type CatalogPlan,
  type CatalogReport,
  type Changes,
  changesAnything,
  planCatalog,
  productsOfNewKind,
} from '../../billing/plan-catalog.ts'
import type { Db, Tx } from '../../db/types.ts'
import { Refused } from '../../errors.ts'
import { putOrgTypes } from '../../organization/org-types.ts'
import { countAsleep, wake } from '../inbox/waiting.ts'
import { type BlastRadius, blastRadius, type RadiusParts } from './blast-radius.ts'
import { putStripeMappings } from './catalog-mappings.ts'
import { pricesWaitingUnder, resolveAgain, subscriptionsCarrying } from './catalog-wake.ts'
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
  /** Of a dry run alone. */
  radius?: BlastRadius
}

/**
 * Brings the catalog to what a file says, in one transaction: rows, what stands for them at Stripe, and the waking of what was
 * waiting for them. What the file leaves out stays; applied again, it changes nothing. No worker decides from the catalog
 * meanwhile: they wait for the commit, and it waits for theirs. See `tryCatalog` for a dry run.
 * @throws CatalogInvalid (422) with every reason why the file does not fit this catalog.
 */
export async function applyCatalog(db: Db, file: CatalogFile): Promise<AppliedCatalog> {
  let passedOver: string[] = []
  const outcome = await db.begin(async (tx) => {
    await holdCatalogAlone(tx)
    const { report, keys, touched } = await writtenCatalog(tx, file)
    const woken = await wake(tx, keys)
    const resolving = await resolveAgain(tx, touched)
    passedOver = resolving.passedOver
    return {
      dryRun: false,
      changed: changesAnything(report),
      report,
      woken,
      resolving: resolving.marked + passedOver.length,
    }
  })
  // Held by a worker then, which waited for the catalog; once it has committed, they can be marked too.
  if (passedOver.length > 0) {
    await db`
      update stripe.subscriptions set resolve_at = clock_timestamp()
      where stripe_subscription_id = any(${passedOver})
    `
  }
  return outcome
}

/** A lock that a dry run does not get within so long is not waited for: others may be waiting for what it holds itself. */
const lockPatience = '1s'

/**
 * Does what `applyCatalog` does and takes it back, and says where everybody would stand then (`BlastRadius`), by the code that
 * moves them in truth. It keeps nobody from working: it holds the catalog as a worker does, so that only changes of the catalog
 * wait for it, and of subscriptions and pools one batch at a time for about a tenth of a second. One at a time.
 * @throws CatalogInvalid as `applyCatalog`; Refused `catalog_busy` when another change or dry run is under way, or the database is.
 */
export async function tryCatalog(db: Db, file: CatalogFile, parts: RadiusParts): Promise<AppliedCatalog> {
  const undone = new TakenBack()
  return db
    .begin(async (tx): Promise<AppliedCatalog> => {
      await tx`
        select set_config('lock_timeout', ${lockPatience}, true), set_config('statement_timeout', '20s', true)
      `
      const [alone] = await tx<{ held: boolean }[]>`
        select pg_try_advisory_xact_lock(hashtextextended('stepladder.catalog.dry-run', 0)) as held
      `
      if (!alone!.held) throw busy('Another dry run of a catalog is under way.')
      await holdCatalog(tx)
      const { report, keys, touched } = await writtenCatalog(tx, file)
      const subscriptions = await subscriptionsCarrying(tx, touched)
      undone.outcome = {
        dryRun: true,
        changed: changesAnything(report),
        report,
        woken: await countAsleep(tx, keys),
        resolving: subscriptions.length,
        radius: await blastRadius(tx, { keys, subscriptions }, parts),
      }
      throw undone
    })
    .catch((error: unknown) => {
      if (error === undone) return undone.outcome!
      const { code } = error as { code?: unknown }
      if (code === '55P03') throw busy('The catalog is being changed just now.')
      if (code === '57014') throw busy('The database took longer than 20 seconds for one step of a dry run.')
      throw error
    })
}

function busy(what: string): Refused {
  return new Refused('catalog_busy', what, 'Nothing was changed; try again in a moment.')
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

/** Writes what a file says, and answers what is to be taken up because of it. @throws CatalogInvalid */
async function writtenCatalog(tx: Tx, file: CatalogFile): Promise<{ report: CatalogReport } & ToTakeUp> {
  const held = await readCatalog(tx)
  const plan = planCatalog(held, file)
  if (plan.problems.length > 0) throw new CatalogInvalid(plan.problems)
  await writeCatalog(tx, plan, file)
  return { report: plan.report, ...(await toTakeUp(tx, held, plan, file)) }
}

type ToTakeUp = {
  /** What writes may be waiting on. */
  keys: string[]
  /** Stripe's ids that mean something else. */
  touched: { products: string[]; prices: string[] }
}

/**
 * What waits for anything that the file names is taken up, whether or not it named it for the first time: what is in the catalog
 * is waited for by mistake. Subscriptions are resolved again only where what their prices mean may have changed; another rank is
 * no such change and moves nobody.
 */
async function toTakeUp(
  tx: Tx,
  held: HeldCatalog,
  { after, report }: CatalogPlan,
  file: CatalogFile,
): Promise<ToTakeUp> {
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
  const keys = [
    ...new Set([...prices, ...(await pricesWaitingUnder(tx, products))].map((id) => `price:${id}`)),
    ...new Set(products.map((id) => `product:${id}`)),
    ...file.org_types.map(({ key }) => `org_type:${key}`),
  ]
  const touched = ({ created, changed }: Changes) => [...created, ...changed.map(({ key }) => key)]
  return {
    keys,
    touched: {
      products: [
        ...touched(report.stripeProducts),
        ...ofOtherKind.flatMap(({ stripeProducts }) => stripeProducts),
      ],
      prices: [...touched(report.stripePrices), ...ofOtherKind.flatMap(({ stripePrices }) => stripePrices)],
    },
  }
}
