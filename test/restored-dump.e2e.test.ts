import { afterAll, expect, inject, test } from 'vitest'
import { readCatalogFile } from '../src/billing/catalog-file.ts'
import { play } from '../src/cli/simulate-play.ts'
import { connect } from '../src/db/connect.ts'
import { deliveriesOf } from '../src/simulator/deliveries.ts'
import { livesOf } from '../src/simulator/life.ts'
import { SIMULATED_CATALOG } from '../src/simulator/prices.ts'
import { applyCatalog } from '../src/stripe/catalog/apply-catalog.ts'
import { testDatabase } from './support/database.ts'
import { SECRET, startDeployment } from './support/deployment.ts'
import { testFolder } from './support/folder.ts'
import { settled, tiersByCustomer, trueTiers, violations } from './support/outcome.ts'
import { command } from './support/started.ts'
import { stripeStandIn } from './support/stripe-stand-in.ts'
import { asRole } from './support/test-server.ts'

const now = Math.floor(Date.now() / 1000)
const HOUR = 3600
/** Every one of these lives ends, or grows quiet, within the last hour. */
const lives = livesOf(200, { seed: 20261122, now })
const LIVE = ['trialing', 'active', 'past_due', 'unpaid', 'paused']
const catalog = {
  ...SIMULATED_CATALOG,
  org_types: [{ key: 'coop', name: 'Co-op', default_ladder: 'core' }],
}
const restored = `t_restored_${process.pid}`

/** As of this moment: PostgreSQL copies the files, which is what a restored backup is. */
async function restoreFrom(name: string): Promise<void> {
  const superuser = connect(inject('testServer'), { max: 1 })
  try {
    await superuser`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name}`
    await superuser`create database ${superuser(restored)} template ${superuser(name)} owner stepladder_owner`
  } finally {
    await superuser.end()
  }
}

afterAll(async () => {
  const superuser = connect(inject('testServer'), { max: 1 })
  await superuser`drop database if exists ${superuser(restored)} with (force)`
  await superuser.end()
})

test('a database restored from an hour-old backup is brought to truth by `replay missed` and `reconcile --repair`', async () => {
  // Of that hour Stripe lists the last half only, as it keeps thirty days and an outage may have been longer.
  const stripe = await stripeStandIn(lives, { keepDays: 1 / 48 })
  const db = await testDatabase({ max: 20 })
  await applyCatalog(db.app, readCatalogFile(catalog))
  const before = lives
    .map((life) => ({ ...life, events: life.events.filter(({ at }) => at < now - HOUR) }))
    .filter(({ events }) => events.length > 0)
  const first = await startDeployment(db, {})
  const told = deliveriesOf(before, { seed: 1, duplicates: 0, shuffle: false })
  await play(told, { url: first.url, secret: SECRET, concurrency: 16, speed: null, onDelivered: () => {} })
  await settled(db.owner, 120)
  await first.close()
  const [{ name } = { name: '' }] = await db.owner<{ name: string }[]>`select current_database() as name`
  await restoreFrom(name)
  await db.close()

  const appUrl = asRole(inject('testServer'), 'app', restored)
  const app = connect(appUrl, { max: 20 })
  const running = await startDeployment({ app, appUrl }, { stripeApiBaseUrl: stripe.url })
  const home = testFolder()
  const stepladder = async (...args: string[]) => {
    const ran = command([...args, '--yes', '--json'], {
      env: {
        DATABASE_URL: appUrl,
        STEPLADDER_HOME: home,
        STRIPE_API_KEY: 'rk_test_stand_in',
        STRIPE_API_BASE_URL: stripe.url,
        AUTO_PROVISION: 'coop',
      },
    })
    expect([await ran.ended, ran.stderr()]).toEqual([0, expect.any(String)])
    return JSON.parse(ran.stdout()) as Record<string, unknown>
  }
  try {
    const wrong = async () => {
      const tiers = await tiersByCustomer(app)
      const truth = trueTiers(lives.filter(({ truth }) => LIVE.includes(truth.status)))
      // Whoever came and went within the hour and is told by nobody has no place, and needs none.
      const known = trueTiers(lives.filter(({ customer }) => tiers.has(customer)))
      return [...new Map([...truth, ...known])].filter(([customer, tier]) => tiers.get(customer) !== tier)
    }
    expect((await wrong()).length).toBeGreaterThan(5)
    const replayed = await stepladder('replay', 'missed', '--since', '2h')
    await settled(app, 120)
    const left = (await wrong()).length
    const repaired = await stepladder('reconcile', '--repair')
    console.log(
      `${told.length} events in the backup; replay missed took in ${replayed.taken}, ${left} still wrong; reconcile: ${JSON.stringify(repaired.by_class)}`,
    )
    expect(Number(replayed.taken)).toBeGreaterThan(5)
    expect(left).toBeGreaterThan(0)
    expect(await wrong()).toEqual([])
    expect(await violations(app)).toEqual([])
  } finally {
    await running.close()
    await app.end({ timeout: 2 })
    await stripe.close()
  }
}, 400_000)
