import { afterAll, describe, expect, test } from 'vitest'
import { readCatalogFile } from '../src/billing/catalog-file.ts'
import { play } from '../src/cli/simulate-play.ts'
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
import { type TestRedis, testRedis } from './support/redis.ts'
import { stripeStandIn } from './support/stripe-stand-in.ts'

const LIVES = 1000
const lives = livesOf(LIVES, { seed: 20261120, now: Math.floor(Date.now() / 1000), jitter: 2 })
const deliveries = deliveriesOf(lives, { seed: 7, duplicates: 0.2, shuffle: true })
const catalog = {
  ...SIMULATED_CATALOG,
  org_types: [{ key: 'coop', name: 'Co-op', default_ladder: 'core' }],
}

const redis: TestRedis | null = await testRedis()
afterAll(() => redis?.close())

const outcomes: { backend: string; tiers: Map<string, string>; rows: string[] }[] = []

describe('a thousand lives through real parts', () => {
  test.each([['postgres', []], ...(redis ? ([['redis', [redis.url]]] as const) : [])] as [
    string,
    string[],
  ][])(
    'shuffled, a fifth twice, sixteen at once, on %s: every organization ends on its true tier, each event has one set of change rows',
    async (backend, redisUrls) => {
      const db = await testDatabase({ max: 40 })
      const stripe = await stripeStandIn(lives)
      await applyCatalog(db.app, readCatalogFile(catalog))
      const stepladder = await startDeployment(db, { redisUrls, stripeApiBaseUrl: stripe.url, workers: 3 })
      try {
        const played = await play(deliveries, {
          url: stepladder.url,
          secret: SECRET,
          concurrency: 16,
          speed: null,
          onDelivered: () => {},
        })
        const seconds = await settled(db.owner, 240)
        const tiers = await tiersByCustomer(db.owner)
        const rows = await changeRows(db.owner)
        console.log(
          `${backend}: ${deliveries.length} deliveries of ${LIVES} lives in ${played.seconds.toFixed(1)} s, settled ${seconds.toFixed(1)} s later, ${stripe.asked()} fetches`,
        )
        expect(played.stored + played.duplicate).toBe(deliveries.length)
        expect(tiers).toEqual(trueTiers(lives))
        expect(rows).toEqual(trueChangeRows(lives))
        expect(await violations(db.owner)).toEqual([])
        expect(
          await db.owner`select from stripe.event_writes where state in ('waiting', 'parked')`,
        ).toHaveLength(0)
        outcomes.push({ backend, tiers, rows })
      } finally {
        await stepladder.close()
        await stripe.close()
        await db.close()
      }
    },
    400_000,
  )

  test('tiers and change rows are equal on both backends', () => {
    if (!redis) return expect(outcomes.map(({ backend }) => backend)).toEqual(['postgres'])
    const [one, other] = outcomes
    expect(outcomes).toHaveLength(2)
    expect(other!.tiers).toEqual(one!.tiers)
    expect(other!.rows).toEqual(one!.rows)
  })
})
