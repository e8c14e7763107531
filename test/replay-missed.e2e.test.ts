import { afterAll, describe, expect, test } from 'vitest'
import { readCatalogFile } from '../src/billing/catalog-file.ts'
import { play } from '../src/cli/simulate-play.ts'
import { type Delivery, deliveriesOf } from '../src/simulator/deliveries.ts'
import { type Life, livesOf } from '../src/simulator/life.ts'
import { SIMULATED_CATALOG } from '../src/simulator/prices.ts'
import { randomOf, whole } from '../src/simulator/random.ts'
import { applyCatalog } from '../src/stripe/catalog/apply-catalog.ts'
import { type TestDatabase, testDatabase } from './support/database.ts'
import { SECRET, startDeployment } from './support/deployment.ts'
import {
  changeRows,
  settled,
  tiersByCustomer,
  trueChangeRows,
  trueTiers,
  violations,
} from './support/outcome.ts'
import { testRedis } from './support/redis.ts'
import { type Command, command } from './support/started.ts'
import { type StandInOptions, stripeStandIn } from './support/stripe-stand-in.ts'

const now = Math.floor(Date.now() / 1000)
const LIVES = 1000
/** Lives that began within the 30 days that Stripe keeps: no other help than its list of events is needed, or given. */
const young = livesOf(6 * LIVES, { seed: 30, now, jitter: 2 })
  .filter((life) => life.events[0]!.at > now - 29 * 86_400)
  .slice(0, LIVES)
const catalog = readCatalogFile({
  ...SIMULATED_CATALOG,
  org_types: [{ key: 'coop', name: 'Co-op', default_ladder: 'core' }],
})
const redis = await testRedis()
afterAll(() => redis?.close())

type Missed = { outcome: string; listed: number; missing: number; taken: number; went_on_from: string | null }

type Scene = {
  db: TestDatabase
  lives: readonly Life[]
  /** Delivers these as Stripe would. */
  deliver: (deliveries: readonly Delivery[]) => Promise<unknown>
  /** `stepladder replay missed …` as a process of its own; the workers have no key and cannot ask Stripe for anything. */
  replayMissed: () => Command
  /** Starts the workers again, with a key: what is unresolved is looked at again. */
  letWorkersAsk: () => Promise<void>
}

/** A deployment without a key to Stripe, and a stand-in for Stripe that only the command may ask. */
async function scene(
  lives: readonly Life[],
  options: { redisUrl?: string | undefined; standIn?: StandInOptions },
  play_: (scene: Scene) => Promise<void>,
): Promise<void> {
  const db = await testDatabase({ max: 30 })
  const stripe = await stripeStandIn(lives, options.standIn)
  await applyCatalog(db.app, catalog)
  const redisUrls = options.redisUrl ? [options.redisUrl] : []
  let stepladder = await startDeployment(db, { redisUrls, workers: 2 })
  const env = {
    DATABASE_URL: db.appUrl,
    OWNER_DATABASE_URL: db.ownerUrl,
    STRIPE_API_KEY: 'rk_test_stand_in',
    STRIPE_API_BASE_URL: stripe.url,
    STEPLADDER_HOME: '/nowhere/stepladder',
    ...(options.redisUrl ? { REDIS_URL: options.redisUrl } : {}),
  }
  try {
    await play_({
      db,
      lives,
      deliver: (deliveries) =>
        play(deliveries, {
          url: stepladder.url,
          secret: SECRET,
          concurrency: 16,
          speed: null,
          onDelivered: () => {},
        }),
      replayMissed: () => command(['replay', 'missed', '--since', '30d', '--yes', '--json'], { env }),
      async letWorkersAsk() {
        await stepladder.close()
        stepladder = await startDeployment(db, { redisUrls, workers: 2, stripeApiBaseUrl: stripe.url })
        // Without a key they had been put off by ten minutes.
        await db.owner`update stripe.subscriptions set resolve_at = now() where unresolved is not null`
      },
    })
  } finally {
    await stepladder.close()
    await stripe.close()
    await db.close()
  }
}

async function said(running: Command): Promise<Missed> {
  expect(await running.ended, running.stderr()).toBe(0)
  return JSON.parse(running.stdout()) as Missed
}

/**
 * Every organization stands where it truly does. Now and then all events together allow two readings (a twin without a request in the
 * middle of a tie): those are held and counted, never guessed, and settled by asking Stripe, which these workers may not before.
 */
async function expectTruth({ db, lives, letWorkersAsk }: Scene): Promise<void> {
  const ambiguous = await settledOrAmbiguous(db)
  const certain = lives.filter((life) => !ambiguous.has(life.customer))
  const tiers = await tiersByCustomer(db.owner)
  for (const customer of ambiguous) tiers.delete(customer)
  expect(ambiguous.size).toBeLessThanOrEqual(lives.length / 50)
  expect(tiers).toEqual(trueTiers(certain))
  expect(await changeRows(db.owner)).toEqual(trueChangeRows(lives))
  if (ambiguous.size > 0) await letWorkersAsk()
  await settled(db.owner, 120)
  expect(await tiersByCustomer(db.owner)).toEqual(trueTiers(lives))
  expect(await violations(db.owner)).toEqual([])
}

/** Waits until nothing is open but what only Stripe can tell; answers whose that is. */
async function settledOrAmbiguous({ owner }: TestDatabase): Promise<Set<string>> {
  const until = performance.now() + 150_000
  for (;;) {
    const open = await owner<{ customer: string; why: string | null }[]>`
      select e.stripe_customer_id as customer, case when m.state is not null then s.unresolved end as why
      from stripe.events e
      cross join (values ('enrollment'), ('subscription-changes')) as k (write)
      left join stripe.event_writes m on m.event_id = e.event_id and m.write = k.write
      left join stripe.subscriptions s using (stripe_subscription_id)
      where m.state is null or m.state = 'waiting'`
    if (open.every(({ why }) => why === 'ambiguous')) return new Set(open.map(({ customer }) => customer))
    if (performance.now() > until) throw new Error(`still open: ${JSON.stringify(open.slice(0, 20))}`)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

const eventsIn = async ({ owner }: TestDatabase, source: string) =>
  (await owner`select from stripe.events where source = ${source}`).length

describe('a fifth of all events never came', () => {
  const backends: [string, string | undefined][] = [
    ['postgres', undefined],
    ...(redis ? ([['redis', redis.url]] as [string, string][]) : []),
  ]

  test.each(backends)(
    'of a thousand lives, on %s: `replay missed` alone brings every organization to its true tier',
    async (backend, redisUrl) => {
      expect(young).toHaveLength(LIVES)
      await scene(young, { redisUrl }, async (here) => {
        const { db, deliver, replayMissed } = here
        const deliveries = deliveriesOf(young, { seed: 5, shuffle: true, loss: 0.2 })
        const events = young.reduce((sum, life) => sum + life.events.length + 1, 0)
        await deliver(deliveries)
        const wrong = [...trueTiers(young)].filter(([, tier]) => tier !== 'public-tier').length
        const began = performance.now()
        const replayed = await said(replayMissed())
        console.log(
          `${backend}: ${events} events of ${LIVES} lives, ${deliveries.length} delivered; compared ${replayed.listed} and took in ${replayed.taken} in ${((performance.now() - began) / 1000).toFixed(1)} s`,
        )
        expect(wrong).toBeGreaterThan(0)
        expect(replayed).toMatchObject({
          outcome: 'taken',
          listed: events,
          taken: events - deliveries.length,
        })
        expect(await eventsIn(db, 'replay')).toBe(replayed.taken)
        await expectTruth(here)
        expect(await said(replayMissed())).toMatchObject({ outcome: 'nothing', missing: 0, taken: 0 })
      })
    },
    300_000,
  )

  test('and the command is killed at any point, again and again: what is run once more goes on, and ends as if it had not been', async () => {
    const lives = young.slice(0, 250)
    const random = randomOf(20261120)
    let running: Command | null = null
    let killAt = Number.POSITIVE_INFINITY
    let asked = 0
    const standIn: StandInOptions = {
      fault: () => {
        // Some moments later: while it waits for the answer, compares, stores, or notes how far it is.
        if (++asked === killAt) setTimeout(() => running?.process.kill('SIGKILL'), whole(random, 0, 100))
        return null
      },
    }
    await scene(lives, { standIn }, async (here) => {
      const { db, deliver, replayMissed } = here
      const deliveries = deliveriesOf(lives, { seed: 6, shuffle: true, loss: 0.2 })
      await deliver(deliveries)
      const ends: (number | null)[] = []
      const takenAt: number[] = []
      for (let kills = 0; kills < 4; kills++) {
        killAt = asked + whole(random, 2, 5)
        running = replayMissed()
        ends.push(await running.ended)
        takenAt.push(await eventsIn(db, 'replay'))
      }
      expect(ends).toEqual([null, null, null, null])
      killAt = Number.POSITIVE_INFINITY
      const last = replayMissed()
      const replayed = await said(last)
      expect(replayed.went_on_from, last.stderr()).not.toBeNull()
      const missing = lives.reduce((sum, life) => sum + life.events.length + 1, 0) - deliveries.length
      expect(takenAt.at(-1)! + replayed.taken).toBe(missing)
      expect(takenAt.at(-1)).toBeGreaterThan(0)
      await expectTruth(here)
    })
  }, 300_000)

  test('two replays at once beside live traffic that brings the same events: nothing is stored or done twice', async () => {
    const lives = young.slice(250, 550)
    const [before, after] = [lives.slice(0, 150), lives.slice(150)]
    await scene(lives, {}, async (here) => {
      const { db, deliver, replayMissed } = here
      await deliver(deliveriesOf(before, { seed: 7, shuffle: true, loss: 0.2 }))
      const [, ...both] = await Promise.all([
        deliver(deliveriesOf(after, { seed: 8, shuffle: true, duplicates: 0.2 })),
        said(replayMissed()),
        said(replayMissed()),
      ])
      const events = lives.reduce((sum, life) => sum + life.events.length + 1, 0)
      const [stored] = await db.owner<{ webhook: number; replay: number }[]>`
        select count(*) filter (where source = 'webhook')::int as webhook,
          count(*) filter (where source = 'replay')::int as replay
        from stripe.events`
      expect(stored!.webhook + stored!.replay).toBe(events)
      expect(both.reduce((sum, { taken }) => sum + taken, 0)).toBe(stored!.replay)
      await expectTruth(here)
    })
  }, 300_000)
})
