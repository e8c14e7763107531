import { afterAll, expect, test } from 'vitest'
import { readCatalogFile } from '../src/billing/catalog-file.ts'
import { play } from '../src/cli/simulate-play.ts'
import { freePort } from '../src/db/cluster.ts'
import type { KillPoint } from '../src/processes/kill-points.ts'
import { deliveriesOf } from '../src/simulator/deliveries.ts'
import { livesOf } from '../src/simulator/life.ts'
import { SIMULATED_CATALOG } from '../src/simulator/prices.ts'
import { applyCatalog } from '../src/stripe/catalog/apply-catalog.ts'
import { testDatabase } from './support/database.ts'
import {
  changeRows,
  settled,
  tiersByCustomer,
  trueChangeRows,
  trueTiers,
  violations,
} from './support/outcome.ts'
import { startWorker, type TestProcess } from './support/process.ts'
import { testRedis } from './support/redis.ts'
import { stripeStandIn } from './support/stripe-stand-in.ts'

type Part = 'receiver' | 'enrollment' | 'subscription-changes'

/** Who dies, and where: each is killed in the middle of a chunk of traffic of its own, and started again by nobody's wits. */
const DEATHS: [Part, KillPoint][] = [
  ['receiver', 'after-inbox-commit'],
  ['enrollment', 'before-commit'],
  ['enrollment', 'after-commit'],
  ['enrollment', 'between-writes'],
  ['enrollment', 'before-job-completion'],
  ['subscription-changes', 'before-commit'],
  ['subscription-changes', 'after-commit'],
  ['subscription-changes', 'before-job-completion'],
]
/** At which time that a process reaches its point it dies: change rows come in few and large batches. */
const timesReached: Record<Part, number> = { receiver: 3, enrollment: 3, 'subscription-changes': 1 }
const LIVES_A_DEATH = 12
const SECRET = 'whsec_of_this_test'

const lives = livesOf(DEATHS.length * LIVES_A_DEATH, {
  seed: 99,
  now: Math.floor(Date.now() / 1000),
  jitter: 2,
})
const catalog = readCatalogFile({
  ...SIMULATED_CATALOG,
  org_types: [{ key: 'coop', name: 'Co-op', default_ladder: 'core' }],
})
const redis = await testRedis()
afterAll(() => redis?.close())

test.each([['postgres', null], ...(redis ? ([['redis', redis.url]] as const) : [])] as [
  string,
  string | null,
][])(
  'killed at every named point, on %s: after a restart everything is as it truly is, without help',
  async (_, redisUrl) => {
    const db = await testDatabase()
    // It lists no events: what is lost here is not to be helped by the gap watch.
    const stripe = await stripeStandIn(lives, { keepDays: 0 })
    await applyCatalog(db.app, catalog)
    const port = String(await freePort())
    const environment: Record<string, string> = {
      DATABASE_URL: db.appUrl,
      OWNER_DATABASE_URL: db.ownerUrl,
      STRIPE_WEBHOOK_SECRETS: SECRET,
      STRIPE_API_KEY: 'rk_test_stand_in',
      STRIPE_API_BASE_URL: stripe.url,
      AUTO_PROVISION: 'coop',
      PORT: port,
      ...(redisUrl ? { REDIS_URL: redisUrl } : {}),
    }
    const parts = new Map<Part, TestProcess>()
    const start = async (part: Part, killAt = '') =>
      parts.set(part, await startWorker(part, { ...environment, STEPLADDER_KILL_AT: killAt }))
    try {
      await Promise.all(
        (['receiver', 'enrollment', 'subscription-changes'] as const).map((part) => start(part)),
      )
      const deaths: (NodeJS.Signals | null)[] = []
      for (const [n, [victim, point]] of DEATHS.entries()) {
        await parts.get(victim)!.stop()
        await start(victim, `${point}:${timesReached[victim]}`)
        const chunk = lives.slice(n * LIVES_A_DEATH, (n + 1) * LIVES_A_DEATH)
        const deliveries = deliveriesOf(chunk, { seed: n, duplicates: 0.2, shuffle: true })
        const died = parts.get(victim)!.ended.then(async (signal) => {
          deaths.push(signal)
          await start(victim)
        })
        const options = { url: `http://127.0.0.1:${port}`, secret: SECRET, concurrency: 8, speed: null }
        await play(deliveries, { ...options, onDelivered: () => {} })
        await died
      }
      expect(deaths).toEqual(DEATHS.map(() => 'SIGKILL'))
      await settled(db.owner, 150)
      expect(await tiersByCustomer(db.owner)).toEqual(trueTiers(lives))
      expect(await changeRows(db.owner)).toEqual(trueChangeRows(lives))
      expect(await violations(db.owner)).toEqual([])
    } finally {
      await Promise.all([...parts.values()].map((part) => part.stop()))
      await stripe.close()
      await db.close()
    }
  },
  400_000,
)
