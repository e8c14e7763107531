import { UnrecoverableError } from 'bullmq'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Unavailable } from '../../src/errors.ts'
import { silentLog } from '../../src/log.ts'
import { openQueues, type QueueBackend, type WorkQueue } from '../../src/queue/backend.ts'
import { type QueueName, queueNames, type WorkPayload } from '../../src/queue/names.ts'
import { createRing, type Ring } from '../../src/queue/ring.ts'
import { type Served, type ServeParts, serveQueue } from '../../src/queue/serve.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { testRedis } from '../support/redis.ts'

const redis = await testRedis()
const kinds = redis ? (['redis', 'postgres'] as const) : (['postgres'] as const)
let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(async () => {
  await db.close()
  await redis?.close()
})

describe.each(kinds)('queues on %s', (kind) => {
  let backend: QueueBackend
  let queues: Record<QueueName, WorkQueue>
  let ring: Ring
  let serving: Served[] = []

  beforeEach(async () => {
    backend = openQueues({
      redisUrls: kind === 'redis' ? [redis!.url] : [],
      databaseUrl: db.appUrl,
      log: silentLog,
    })
    queues = {
      enrollment: backend.queue('enrollment'),
      'subscription-changes': backend.queue('subscription-changes'),
    }
    for (const name of queueNames) await queues[name].obliterate({ force: true })
    ring = createRing(queues, { log: silentLog })
  })
  afterEach(async () => {
    for (const served of serving) await served.close(500)
    serving = []
    for (const name of queueNames) await queues[name].close()
    await backend.close()
  })

  function serve(handle: (work: WorkPayload) => Promise<void>, parts: Partial<ServeParts> = {}): Served {
    const enrollment = {
      backend,
      queue: queues.enrollment,
      log: silentLog,
      giveUp: async () => {},
      backoffMs: 20,
      awayMs: 50,
    }
    const served = serveQueue('enrollment', handle, { ...enrollment, ...parts })
    serving.push(served)
    return served
  }

  test('the backend answers, and nothing is wrong with its settings', async () => {
    expect(await backend.check()).toEqual([])
    expect(backend.kind).toBe(kind)
  })

  test('what is rung at the same time goes together, at most 64 events to a job, to both queues', async () => {
    const heard = await Promise.all(Array.from({ length: 130 }, (_, id) => ring.ring([id])))
    expect(heard.every(Boolean)).toBe(true)
    for (const name of queueNames) {
      const jobs = await queues[name].getJobs(['waiting'])
      expect(jobs.map((job) => job.data.events.length).sort((a, b) => a - b)).toEqual([2, 64, 64])
    }
  })

  test('a worker hears the ring, for events at once and for a subscription at its time', async () => {
    const worked: [WorkPayload, number][] = []
    serve(async (work) => void worked.push([work, Date.now()]))
    const at = Date.now() + 700
    await ring.ringSubscriptions(['sub_1'], new Date(at))
    await ring.ring([1, 2], { queues: ['enrollment'] })
    await ring.ring([3], { queues: ['enrollment'], again: true })
    await expect.poll(() => worked.length, { timeout: 10_000 }).toBe(3)
    const works = worked.map(([work]) => work)
    expect(works).toContainEqual({ events: [1, 2] })
    expect(works).toContainEqual({ events: [3], again: true })
    const [look, when] = worked.find(([work]) => work.subscriptions)!
    expect(look).toEqual({ events: [], subscriptions: ['sub_1'] })
    expect(when).toBeGreaterThanOrEqual(at - 20)
    expect(await queues.enrollment.getJobCounts('completed', 'failed')).toEqual({ completed: 0, failed: 0 })
  })

  test('a batch that fails is taken one by one; the poisonous event gets its own tries, then is given up and shown by itself', async () => {
    const done: number[] = []
    const tries: number[] = []
    const givenUp: [WorkPayload, unknown][] = []
    const poison = Object.assign(new Error('no such thing'), { code: '22P02' })
    serve(
      async ({ events }) => {
        if (events.length > 1) throw poison
        if (events[0] === 7) {
          tries.push(7)
          throw poison
        }
        done.push(...events)
      },
      { giveUp: async (work, error) => void givenUp.push([work, error]), attempts: 3 },
    )
    await ring.ring([5, 6, 7, 8], { queues: ['enrollment'] })
    await expect.poll(() => givenUp.length, { timeout: 10_000 }).toBe(1)
    expect(done.sort()).toEqual([5, 6, 8])
    // Once in its turn, three times by itself.
    expect(tries).toHaveLength(4)
    expect(givenUp[0]).toEqual([{ events: [7] }, poison])
    await expect
      .poll(() => queues.enrollment.getJobCounts('failed', 'delayed', 'active'))
      .toMatchObject({ failed: 1, delayed: 0, active: 0 })
    const [failed] = await queues.enrollment.getJobs(['failed'])
    expect(failed!.data).toEqual({ events: [7], again: true })
  })

  test('what was given up and is retried at the dashboard runs although it is parked', async () => {
    const worked: WorkPayload[] = []
    let broken = true
    serve(async (work) => {
      if (broken) throw new UnrecoverableError('broken')
      worked.push(work)
    })
    await ring.ring([9], { queues: ['enrollment'] })
    await expect.poll(() => queues.enrollment.getFailedCount(), { timeout: 10_000 }).toBe(1)
    broken = false
    const [failed] = await queues.enrollment.getJobs(['failed'])
    await failed!.retry('failed')
    await expect.poll(() => worked, { timeout: 10_000 }).toEqual([{ events: [9], again: true }])
  })

  test('a database that is away costs no event a try: the whole job waits and is done when it is back', async () => {
    let away = 0
    const givenUp: WorkPayload[] = []
    const worked: WorkPayload[] = []
    serve(
      async (work) => {
        if (away++ < 9)
          throw away % 2
            ? new Unavailable('x', 'y', 'z')
            : Object.assign(new Error('gone'), { code: '57P01' })
        worked.push(work)
      },
      { giveUp: async (work) => void givenUp.push(work) },
    )
    await ring.ring([1, 2, 3], { queues: ['enrollment'] })
    await expect.poll(() => worked, { timeout: 15_000 }).toEqual([{ events: [1, 2, 3] }])
    expect(givenUp).toEqual([])
    expect(away).toBe(10)
  })

  test('giving up that fails is done again: nothing ends unmarked', async () => {
    let asked = 0
    serve(
      async () => {
        throw new UnrecoverableError('never')
      },
      {
        giveUp: async () => {
          if (++asked < 3) throw Object.assign(new Error('gone'), { code: 'ECONNREFUSED' })
        },
      },
    )
    await ring.ring([1], { queues: ['enrollment'] })
    await expect.poll(() => queues.enrollment.getFailedCount(), { timeout: 10_000 }).toBe(1)
    expect(asked).toBe(3)
  })

  test('closing lets the work end; what does not end in time is cut off and done by the next worker', async () => {
    const ended: number[] = []
    const gate = withResolvers()
    const recovery = { lockDuration: 1000, stalledInterval: 500, concurrency: 2 }
    const slow = serve(
      async ({ events }) => {
        await new Promise((resolve) => setTimeout(resolve, 300))
        ended.push(...events)
      },
      { settings: recovery },
    )
    await ring.ring([1], { queues: ['enrollment'] })
    await expect.poll(() => queues.enrollment.getActiveCount(), { interval: 10 }).toBe(1)
    await slow.close(5000)
    expect(ended).toEqual([1])

    const stuck = serve(() => gate.promise, { settings: recovery })
    await ring.ring([2], { queues: ['enrollment'] })
    await expect.poll(() => queues.enrollment.getActiveCount(), { interval: 10 }).toBe(1)
    const began = Date.now()
    await stuck.close(300)
    expect(Date.now() - began).toBeLessThan(5000)
    serve(async ({ events }) => void ended.push(...events), { settings: recovery })
    await expect.poll(() => ended, { timeout: 15_000 }).toEqual([1, 2])
    gate.resolve()
  })
})

function withResolvers() {
  let resolve = () => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
