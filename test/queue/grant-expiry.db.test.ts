import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { extendGrant } from '../../src/entitlements/extend-grant.ts'
import { issueGrant } from '../../src/entitlements/issue-grant.ts'
import { silentLog } from '../../src/log.ts'
import { type Bells, openBells } from '../../src/processes/bells.ts'
import { serveEnrollment } from '../../src/processes/serve-writes.ts'
import { startSweeper } from '../../src/processes/start-sweeper.ts'
import {
  aLadder,
  anOrgType,
  founded,
  type Ladder,
  type Organization,
  place,
} from '../entitlements/fixture.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { testRedis } from '../support/redis.ts'

const redis = await testRedis()
const kinds = redis ? (['redis', 'postgres'] as const) : (['postgres'] as const)
let db: TestDatabase
let ladder: Ladder
let org: Organization
beforeAll(async () => {
  db = await testDatabase()
  ladder = await aLadder(db.app)
})
beforeEach(async () => {
  org = await founded(db.app, await anOrgType(db.app, ladder))
})
afterAll(async () => {
  await db.close()
  await redis?.close()
})

const actor = { type: 'operator' }
const reason = 'A trial'
const here = () => place(db.app, org, ladder)
const soon = (ms: number) => new Date(Date.now() + ms)

const issue = (validUntil: Date | null) =>
  db.app.begin((tx) =>
    issueGrant(tx, { ...org, product: ladder.tiers[1]!.productKey, reason, validUntil, actor }),
  )

describe.each(kinds)('a grant’s expiry on %s', (kind) => {
  let bells: Bells
  beforeEach(async () => {
    const redisUrls = kind === 'redis' ? [redis!.url] : []
    bells = openBells({ redisUrls, databaseUrl: db.appUrl, log: silentLog })
    await bells.queues.enrollment.obliterate({ force: true })
    return () => bells.close()
  })

  const ring = async ({ expiry }: { expiry: { grantId: string; at: Date } | null }) => {
    if (expiry) expect(await bells.ring.ringGrant(expiry.grantId, expiry.at)).toBe(true)
  }
  const delayed = () => bells.queues.enrollment.getJobs(['delayed'])
  const serve = () => {
    const config = { stripeApiKey: null, stripeApiBaseUrl: null, autoProvision: null }
    return serveEnrollment({ db: db.app, bells, config, log: silentLog, reached: () => {} })
  }

  test('R44 is one delayed job, keyed to the grant, only when the grant has an end', async () => {
    const trial = await issue(soon(3_600_000))
    await ring(trial)
    await ring(trial)
    const [job, ...others] = await delayed()
    expect(others).toEqual([])
    expect(job).toMatchObject({ id: `grant-${trial.grantId}`, name: 'grant-expiry' })
    expect(job!.data).toEqual({ events: [], grants: [trial.grantId] })
    expect(Math.abs(job!.delay - 3_600_000)).toBeLessThan(30_000)
    const open = await db.app.begin((tx) => extendGrant(tx, { ...org, reason, actor }))
    await ring(open)
    expect(await delayed()).toHaveLength(1)
  })

  test('R45 ends the grant when its time has come', async () => {
    const trial = await issue(soon(600))
    await ring(trial)
    const worker = serve()
    await expect.poll(async () => (await here())?.rank, { timeout: 15_000 }).toBe(0)
    await worker.close(500)
    expect(await bells.queues.enrollment.getJobCounts('failed')).toEqual({ failed: 0 })
  })

  test('R48 that was set for a grant extended since fires and changes nothing', async () => {
    const trial = await issue(soon(500))
    await ring(trial)
    const extension = await db.app.begin((tx) =>
      extendGrant(tx, { ...org, reason, validUntil: soon(3_600_000), actor }),
    )
    await ring(extension)
    const worker = serve()
    await expect.poll(async () => (await delayed()).length, { timeout: 15_000 }).toBe(1)
    await expect
      .poll(() => bells.queues.enrollment.getJobCounts('active', 'failed', 'waiting'))
      .toEqual({ active: 0, failed: 0, waiting: 0 })
    await worker.close(500)
    expect((await delayed()).map(({ id }) => id)).toEqual([`grant-${extension.grantId}`])
    expect(await here()).toMatchObject({ rank: 1, holder: extension.grantId })
  })

  test('that nobody rang for is found by the sweep', async () => {
    await issue(soon(300))
    const sweeper = startSweeper({ db: db.app, ring: bells.ring, log: silentLog, everyMs: 100 })
    await expect.poll(async () => (await here())?.rank, { timeout: 15_000 }).toBe(0)
    await sweeper.close()
  })
})
