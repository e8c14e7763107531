import { afterAll, beforeAll, expect, test } from 'vitest'
import { silentLog } from '../../src/log.ts'
import { openQueues } from '../../src/queue/backend.ts'
import { createRing } from '../../src/queue/ring.ts'
import { serveQueue } from '../../src/queue/serve.ts'
import { livesOf } from '../../src/simulator/life.ts'
import { stripeEvent } from '../../src/simulator/stripe-event.ts'
import { readEnvelope } from '../../src/stripe/event/envelope.ts'
import { markWrites, writes } from '../../src/stripe/inbox/event-writes.ts'
import { createInbox } from '../../src/stripe/inbox/inbox.ts'
import { sweep } from '../../src/stripe/inbox/sweep.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { type TestRedis, testRedis } from '../support/redis.ts'

/** Earlier versions of BullMQ never came back from more than 6 s. `OUTAGE_SECONDS=30` for the long one. */
const outageSeconds = Number(process.env.OUTAGE_SECONDS ?? 7)

let redis: TestRedis | null
let db: TestDatabase
beforeAll(async () => {
  redis = await testRedis()
  db = await testDatabase()
})
afterAll(async () => {
  await db.close()
  await redis?.close()
})

const waiting = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test.for(['stopped', 'frozen'] as const)(
  'while Redis is %s, deliveries are kept and acknowledged; when it is back, what nobody was rung for is swept and done',
  { timeout: (outageSeconds + 60) * 1000 },
  async (how) => {
    if (!redis) return
    const port = Number(new URL(redis.url).port)
    const backend = openQueues({ redisUrls: [redis.url], databaseUrl: db.appUrl, log: silentLog })
    const queues = {
      enrollment: backend.queue('enrollment'),
      'subscription-changes': backend.queue('subscription-changes'),
    }
    const ring = createRing(queues, { log: silentLog, timeoutMs: 500 })
    const handled = { enrollment: 0, 'subscription-changes': 0 }
    const serving = writes.map((write) =>
      serveQueue(
        write,
        async ({ events }) => {
          await db.app.begin(async (tx) => {
            const rows = await tx<{ eventId: string }[]>`
              select event_id from stripe.events where inbox_id = any(${events}) order by 1`
            // The work lasts a while, so that some of it is under way when Redis goes.
            await tx`select pg_sleep(0.05)`
            await markWrites(
              tx,
              write,
              rows.map(({ eventId }) => ({ eventId, state: 'done' })),
            )
          })
          handled[write] += events.length
        },
        { backend, queue: queues[write], log: silentLog, giveUp: async () => {} },
      ),
    )
    const inbox = createInbox(db.app, {
      onStored: (unmarked) => {
        for (const write of writes) void ring.ring(unmarked[write], { queues: [write] })
      },
    })
    const stop = new AbortController()
    const sweeping = sweep(db.app, ring, { log: silentLog, signal: stop.signal, everyMs: 200 })

    const [life] = livesOf(1, { seed: how.length, now: 1_780_000_000 })
    const told = stripeEvent(life!.events[0]!)
    let sent = 0
    let slowest = 0
    const deliver = async (until: number) => {
      while (Date.now() < until) {
        const body = Buffer.from(JSON.stringify({ ...told, id: `evt_${how}_${sent++}` }))
        const began = performance.now()
        expect(await inbox.take({ body, envelope: readEnvelope(body) })).toBe('stored')
        slowest = Math.max(slowest, performance.now() - began)
        await waiting(5)
      }
    }
    await deliver(Date.now() + 300)
    if (how === 'stopped') await redis.close()
    else redis.freeze()
    await deliver(Date.now() + outageSeconds * 1000)
    if (how === 'stopped') redis = await testRedis(port)
    else redis.thaw()
    await deliver(Date.now() + 300)

    const open = async () => {
      const [row] = await db.app<{ open: number }[]>`
        select count(*)::int as open from stripe.events e cross join unnest(${[...writes]}::text[]) as write
        where not exists (select from stripe.event_writes w where w.event_id = e.event_id and w.write = write.write)`
      return row!.open
    }
    await expect.poll(open, { timeout: 30_000, interval: 200 }).toBe(0)
    // Fast, although the queue did not hear: the answer to Stripe never waits for it.
    expect(slowest).toBeLessThan(2500)
    for (const write of writes) expect(handled[write]).toBeGreaterThanOrEqual(sent)

    stop.abort()
    await sweeping
    for (const served of serving) await served.close(1000)
    for (const write of writes) await queues[write].close()
    await backend.close()
  },
)
