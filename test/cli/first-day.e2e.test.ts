import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readCatalogFile } from '../../src/billing/catalog-file.ts'
import { livesOf } from '../../src/simulator/life.ts'
import { SIMULATED_CATALOG } from '../../src/simulator/prices.ts'
import { applyCatalog } from '../../src/stripe/catalog/apply-catalog.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { testFolder } from '../support/folder.ts'
import { tiersByCustomer, trueTiers, violations } from '../support/outcome.ts'
import { type Command, command } from '../support/started.ts'
import { type StripeStandIn, stripeStandIn } from '../support/stripe-stand-in.ts'

/** `FIRST_DAY_LIVES=14000` is an account with some 10,000 live subscriptions. */
const LIVES = Number(process.env.FIRST_DAY_LIVES ?? 1000)
const lives = livesOf(LIVES, { seed: 20261121, now: Math.floor(Date.now() / 1000) })
const LIVE = ['trialing', 'active', 'past_due', 'unpaid', 'paused']
const live = lives.filter(({ truth }) => LIVE.includes(truth.status))
const catalog = {
  ...SIMULATED_CATALOG,
  org_types: [{ key: 'coop', name: 'Co-op', default_ladder: 'core' }],
}

let stripe: StripeStandIn
/** Of Stripe's list only so many pages are told; for the next one Stripe asks for patience. */
let pages = Number.POSITIVE_INFINITY
const databases: TestDatabase[] = []
beforeAll(async () => {
  stripe = await stripeStandIn(lives, {
    fault: ({ path }) =>
      path === '/v1/subscriptions' && pages-- <= 0 ? { status: 429, retryAfter: 100 } : null,
  })
})
afterAll(async () => {
  await stripe.close()
  for (const db of databases) await db.close()
})

/** An installation with a catalog and nothing else: no worker runs, no event ever came. */
async function installation(): Promise<TestDatabase> {
  const db = await testDatabase()
  databases.push(db)
  await applyCatalog(db.app, readCatalogFile(catalog))
  return db
}

function repair(db: TestDatabase, home: string): Command {
  return command(['reconcile', '--repair', '--json'], {
    env: {
      DATABASE_URL: db.appUrl,
      STEPLADDER_HOME: home,
      STRIPE_API_KEY: 'rk_test_stand_in',
      STRIPE_API_BASE_URL: stripe.url,
      AUTO_PROVISION: 'coop',
    },
  })
}

async function ended(running: Command) {
  const code = await running.ended
  expect([code, running.stderr()]).toEqual([0, expect.any(String)])
  return JSON.parse(running.stdout()) as {
    outcome: string
    resumed: boolean
    looked: number
    seconds: number
    by_class: object
  }
}

describe(`the first day of an account with ${live.length} live subscriptions`, () => {
  test('one command takes in all of them and their customers: every tier is true, and a second run finds nothing to do', async () => {
    const home = testFolder()
    const db = await installation()
    const done = await ended(repair(db, home))
    console.log(`${live.length} subscriptions taken in, of ${done.looked} looked at, in ${done.seconds} s`)
    expect(done).toMatchObject({
      outcome: 'repaired',
      by_class: { missing_here: { repaired: live.length } },
    })
    expect(await tiersByCustomer(db.owner)).toEqual(trueTiers(live))
    expect(await violations(db.owner)).toEqual([])
    const again = await ended(repair(db, home))
    expect(again).toMatchObject({ outcome: 'agrees', by_class: {} })
    const [row] = await db.owner<{ fetches: number }[]>`select count(*)::int as fetches from stripe.fetches`
    expect(row!.fetches).toBe(live.length)
  }, 600_000)

  test('killed halfway and run again, it goes on and ends the same', async () => {
    const home = testFolder()
    const db = await installation()
    pages = Math.floor(live.length / 200)
    const half = pages * 100
    const first = repair(db, home)
    for (;;) {
      const [run] = await db.owner<{ looked: number }[]>`select looked from stripe.reconcile_runs`
      if (run?.looked === half) break
      if (first.process.exitCode !== null) throw new Error(`it ended too early: ${first.stderr()}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    first.process.kill('SIGKILL')
    expect(await first.ended).toBeNull()
    pages = Number.POSITIVE_INFINITY
    const before = (await tiersByCustomer(db.owner)).size
    expect(before).toBeGreaterThan(half / 2)
    expect(before).toBeLessThanOrEqual(half)
    const done = await ended(repair(db, home))
    expect(done).toMatchObject({ outcome: 'repaired', resumed: true })
    expect(await tiersByCustomer(db.owner)).toEqual(trueTiers(live))
    expect(await violations(db.owner)).toEqual([])
  }, 600_000)
})
