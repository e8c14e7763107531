import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseCatalogFile } from '../billing/catalog-file.ts'
import { isEmbedded } from '../db/embedded-home.ts'
import type { Db } from '../db/types.ts'
import { reapplyDefaults } from '../entitlements/reapply-defaults.ts'
import { Refused } from '../errors.ts'
import { createOrganizations } from '../organization/create-organization.ts'
import { SIMULATED_PRICES, type SimulatedPrice } from '../simulator/prices.ts'
import { applyCatalog } from '../stripe/catalog/apply-catalog.ts'
import { meaningsOfPrices } from '../stripe/catalog/catalog-mappings.ts'
import type { PriceMeaning } from '../stripe/enrollment/target.ts'
import type { Session } from './session.ts'
import { organizationKeyOf } from './simulate-lives.ts'

/** The ladder on which the simulator's truth is told. */
export const simulatedLadder = 'core'

const sampleCatalog = fileURLToPath(new URL('./sample-catalog.yaml', import.meta.url))
/** Organizations in one transaction. */
const atOnce = 500

/**
 * Sees to it that simulated events can be applied: test mode, prices that the catalog knows, and an organization for each life.
 * In local mode a catalog that lacks the prices gets the sample's; elsewhere somebody has to want that.
 * @returns what was done, to be said.
 * @throws Refused with the next step, where this deployment is not one to simulate in.
 */
export async function prepareGround(session: Session, run: string, subscriptions: number): Promise<string[]> {
  const { app, config, appUrl } = session
  await refuseLiveMode(app)
  const notes: string[] = []
  let lacking = await whatTheCatalogLacks(app)
  if (lacking !== null && isEmbedded(config.home, appUrl)) {
    await applyCatalog(app, parseCatalogFile(readFileSync(sampleCatalog, 'utf8')))
    notes.push('Applied the sample catalog: it maps the prices that the simulator sells.')
    lacking = await whatTheCatalogLacks(app)
  }
  if (lacking !== null) {
    throw new Refused(
      'catalog_lacks_simulated_prices',
      lacking,
      'Apply the sample catalog first: `stepladder catalog apply src/cli/sample-catalog.yaml --dry-run`, then without --dry-run.',
    )
  }
  await createForLives(app, { run, subscriptions, preferred: config.autoProvision })
  return notes
}

async function refuseLiveMode(app: Db): Promise<void> {
  const [deployment] = await app<{ mode: string }[]>`select mode from stripe.deployment`
  if (deployment?.mode !== 'live') return
  throw new Refused(
    'live_mode',
    'This deployment serves live mode: simulated events are of test mode, and it would ignore them all.',
    'Simulate in a deployment of its own: another STEPLADDER_HOME and PORT, or another database.',
  )
}

/** In one sentence, or null when everything that is sold is mapped as the simulator's truth takes it. */
async function whatTheCatalogLacks(app: Db): Promise<string | null> {
  const sold = SIMULATED_PRICES.map(({ price, stripeProduct }) => ({ price, product: stripeProduct }))
  const meaningOf = await meaningsOfPrices(app, sold)
  const [ladder] = await app<{ planLadderId: string; first: string | null; orgTypes: number }[]>`
    select l.plan_ladder_id, p.product_key as first,
      (select count(*)::int from organization.org_types o where o.default_plan_ladder_id = l.plan_ladder_id) as org_types
    from billing.plan_ladders l
    left join billing.plan_ladder_tiers t on t.plan_ladder_id = l.plan_ladder_id and t.rank = 0
    left join billing.products p on p.product_id = t.product_id
    where l.ladder_key = ${simulatedLadder}`
  if (ladder?.first !== 'public-tier')
    return `The catalog has no ladder ${simulatedLadder} that begins with public-tier.`
  for (const sale of SIMULATED_PRICES) {
    const amiss = amissWith(sale, meaningOf(sale.price, sale.stripeProduct), ladder.planLadderId)
    if (amiss !== null) return amiss
  }
  return ladder.orgTypes > 0 ? null : `The catalog has no org type that starts on ladder ${simulatedLadder}.`
}

function amissWith(sale: SimulatedPrice, meaning: PriceMeaning | null, planLadderId: string): string | null {
  if (meaning === null) return `The catalog does not know the price ${sale.price}, which the simulator sells.`
  if (meaning.productKey !== sale.product)
    return `The catalog takes ${sale.price} for ${meaning.productKey}; the simulator sells it as ${sale.product}.`
  const stands = meaning.ladders.some((tier) => tier.planLadderId === planLadderId)
  if (sale.product === 'extra-seats' ? meaning.ladders.length === 0 : stands) return null
  return sale.product === 'extra-seats'
    ? 'The catalog has extra-seats as a tier; the simulator sells it as an add-on.'
    : `The catalog has ${sale.product} not on ladder ${simulatedLadder}.`
}

/** One organization for each life, under the key that its events name. Those of an interrupted run are there already. */
async function createForLives(
  app: Db,
  wanted: { run: string; subscriptions: number; preferred: string | null },
): Promise<void> {
  const { run, subscriptions, preferred } = wanted
  const [type] = await app<{ tenantId: string; orgTypeId: string }[]>`
    select t.tenant_id, o.org_type_id
    from organization.org_types o
    join billing.plan_ladders l on l.plan_ladder_id = o.default_plan_ladder_id and l.ladder_key = ${simulatedLadder}
    cross join organization.tenants t
    where t.tenant_key = 'default'
    order by o.org_type_key is not distinct from ${preferred}::text desc, o.org_type_key limit 1`
  for (let from = 0; from < subscriptions; from += atOnce) {
    const some = Array.from({ length: Math.min(atOnce, subscriptions - from) }, (_, n) => ({
      ...type!,
      name: `Simulated ${from + n}`,
      organizationKey: organizationKeyOf(run, from + n),
    }))
    await app.begin((tx) => createOrganizations(tx, some, reapplyDefaults))
  }
}
