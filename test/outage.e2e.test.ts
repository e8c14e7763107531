import { expect, test } from 'vitest'
import { readCatalogFile } from '../src/billing/catalog-file.ts'
import { type Played, play } from '../src/cli/simulate-play.ts'
import { connect } from '../src/db/connect.ts'
import type { Db } from '../src/db/types.ts'
import { deliveriesOf } from '../src/simulator/deliveries.ts'
import { livesOf } from '../src/simulator/life.ts'
import { SIMULATED_CATALOG } from '../src/simulator/prices.ts'
import { applyCatalog } from '../src/stripe/catalog/apply-catalog.ts'
import { testDatabase } from './support/database.ts'
import { SECRET, startDeployment } from './support/deployment.ts'
import {
  changeRows,
  settled,
  tiersByCustomer,
  trueChangeRows,
  trueTiers,
  violations,
} from './support/outcome.ts'
import { ownServer } from './support/own-server.ts'
import { type TestRedis, testRedis } from './support/redis.ts'
import { stripeStandIn } from './support/stripe-stand-in.ts'

const OUTAGE_SECONDS = 30
/** Deliveries a second: traffic goes on before, during and after. */
const SPEED = 40

const lives = livesOf(160, { seed: 30, now: Math.floor(Date.now() / 1000), jitter: 2 })
const deliveries = deliveriesOf(lives, { seed: 3, duplicates: 0.2, shuffle: true })
const catalog = readCatalogFile({
  ...SIMULATED_CATALOG,
  org_types: [{ key: 'coop', name: 'Co-op', default_ladder: 'core' }],
})
const wait = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000))

async function playThrough(url: string, outage: () => Promise<void>): Promise<Played> {
  const playing = play(deliveries, {
    url,
    secret: SECRET,
    concurrency: 16,
    speed: SPEED,
    onDelivered: () => {},
    patienceMs: 120_000,
  })
  await wait(3)
  await outage()
  return playing
}

async function nothingIsLost(db: Db, played: Played): Promise<void> {
  expect(played.stored + played.duplicate).toBe(deliveries.length)
  await settled(db, 150)
  expect(await tiersByCustomer(db)).toEqual(trueTiers(lives))
  expect(await changeRows(db)).toEqual(trueChangeRows(lives))
  expect(await violations(db)).toEqual([])
}

test('Postgres stopped for half a minute while Stripe posts: 503 until it is back, and nothing is lost', async () => {
  const server = await ownServer()
  const stripe = await stripeStandIn(lives)
  const app = connect(server.appUrl, { max: 20 })
  const owner = connect(server.ownerUrl, { max: 4 })
  await applyCatalog(app, catalog)
  const stepladder = await startDeployment({ app, appUrl: server.appUrl }, { stripeApiBaseUrl: stripe.url })
  try {
    const played = await playThrough(stepladder.url, async () => {
      await server.stop()
      await wait(OUTAGE_SECONDS / 2)
      const ready = await fetch(`${stepladder.url}/readyz`)
      const alive = await fetch(`${stepladder.url}/healthz`)
      expect([ready.status, alive.status]).toEqual([503, 200])
      await wait(OUTAGE_SECONDS / 2)
      await server.start()
    })
    expect(played.retries).toBeGreaterThan(0)
    await nothingIsLost(owner, played)
  } finally {
    await stepladder.close()
    await Promise.all([app.end({ timeout: 2 }), owner.end({ timeout: 2 })])
    await stripe.close()
    await server.close()
  }
}, 300_000)

test('Redis stopped for half a minute, and empty when it comes back: every event is acknowledged, and nothing is lost', async () => {
  const redis = await testRedis()
  if (!redis) return expect(process.env.REQUIRE_REDIS).toBeUndefined()
  const port = Number(new URL(redis.url).port)
  const stripe = await stripeStandIn(lives)
  const db = await testDatabase({ max: 20 })
  await applyCatalog(db.app, catalog)
  const stepladder = await startDeployment(db, { redisUrls: [redis.url], stripeApiBaseUrl: stripe.url })
  const revived: (TestRedis | null)[] = []
  try {
    const played = await playThrough(stepladder.url, async () => {
      await redis.close()
      await wait(OUTAGE_SECONDS / 2)
      const ready = await fetch(`${stepladder.url}/readyz`)
      expect(ready.status).toBe(200)
      await wait(OUTAGE_SECONDS / 2)
      revived.push(await testRedis(port))
    })
    expect(played.retries).toBe(0)
    await nothingIsLost(db.owner, played)
  } finally {
    await stepladder.close()
    await revived[0]?.close()
    await stripe.close()
    await db.close()
  }
}, 300_000)
