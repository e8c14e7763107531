import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Unavailable } from '../../src/errors.ts'
import { getPlan } from '../../src/governance/repository/get-plan.ts'
import { createLog, silentLog } from '../../src/log.ts'
import { createEndpoint } from '../../src/outbound/endpoints.ts'
import { type Bells, openBells } from '../../src/processes/bells.ts'
import { startUpkeep, type UpkeepWork } from '../../src/processes/start-upkeep.ts'
import { dashboardApp } from '../../src/queue/dashboard.ts'
import { addSoon } from '../../src/queue/schedule.ts'
import { livesOf } from '../../src/simulator/life.ts'
import { openAlarms } from '../../src/stripe/alarms.ts'
import { openOrganization } from '../../src/stripe/customers/open-organization.ts'
import { anAccount, seededPlan } from '../governance/plan-fixture.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { testRedis } from '../support/redis.ts'
import { stripeStandIn } from '../support/stripe-stand-in.ts'
import { webhookReceiver } from '../support/webhook-receiver.ts'

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

const patience = { timeout: 30_000, interval: 50 }
/** Often, and never: the tasks that a test is not about. */
const seldom = { cron: '0 0 1 1 *' }
const often = { every: 300 }
const key = { stripeApiKey: 'rk_test_of_this_test', stripeApiBaseUrl: null, autoProvision: 'coop' }
const nothing = async () => {}

describe.each(kinds)('upkeep on %s', (kind) => {
  let bells: Bells
  const open: { close: () => Promise<void> }[] = []
  beforeEach(async () => {
    bells = openBellsHere()
    await bells.upkeep.obliterate({ force: true })
    await db.owner`delete from stripe.upkeep`
    await db.owner`delete from stripe.alarms`
  })
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close()
  })
  function openBellsHere(): Bells {
    const redisUrls = kind === 'redis' ? [redis!.url] : []
    const opened = openBells({ redisUrls, databaseUrl: db.appUrl, log: silentLog })
    open.push(opened)
    return opened
  }
  function start(parts: Partial<Parameters<typeof startUpkeep>[0]> = {}) {
    const times = { 'gap-watch': seldom, notices: seldom, reconcile: seldom }
    const started = startUpkeep({ db: db.app, bells, config: key, log: silentLog, times, ...parts })
    open.push(started)
    return started
  }
  const work = (more: Partial<UpkeepWork>): UpkeepWork => ({
    'gap-watch': nothing,
    notices: nothing,
    reconcile: nothing,
    ...more,
  })
  const times = { 'gap-watch': often, notices: seldom, reconcile: seldom }
  const schedules = async () =>
    (await bells.upkeep.getJobSchedulers()).map(({ key, every, pattern }) => [key, every ?? pattern]).sort()

  test('each task has its time, whoever says it and how often', async () => {
    start({
      times: {
        'gap-watch': { every: 900_000 },
        notices: { every: 60_000 },
        reconcile: { cron: '17 3 * * *' },
      },
      work: work({}),
    })
    const wanted = [
      ['gap-watch', 900_000],
      ['notices', 60_000],
      ['reconcile', '17 3 * * *'],
    ]
    await expect.poll(schedules, patience).toEqual(wanted)
    start({
      times: {
        'gap-watch': { every: 900_000 },
        notices: { every: 60_000 },
        reconcile: { cron: '17 3 * * *' },
      },
      work: work({}),
      bells: openBellsHere(),
    })
    await expect.poll(async () => (await bells.upkeep.getDelayed()).length, patience).toBe(3)
    expect(await schedules()).toEqual(wanted)
  })

  test('a task is done again and again, and two processes are never at the same one at once', async () => {
    let atOnce = 0
    let most = 0
    let done = 0
    const once = async () => {
      most = Math.max(most, ++atOnce)
      await new Promise((resolve) => setTimeout(resolve, 120))
      atOnce--
      done++
    }
    start({ times, work: work({ 'gap-watch': once }) })
    start({ times, work: work({ 'gap-watch': once }), bells: openBellsHere() })
    await expect.poll(() => done, patience).toBeGreaterThan(4)
    expect(most).toBe(1)
  })

  test('one that fails is done at its next time all the same, and told after the third', async () => {
    let tries = 0
    const failing = async () => {
      if (++tries <= 4) throw new Unavailable('stripe_unavailable', 'no', 'later')
    }
    start({ times, work: work({ 'gap-watch': failing }) })
    await expect
      .poll(
        async () => (await db.app`select times from stripe.alarms where alarm_kind = 'upkeep_failed'`)[0],
        patience,
      )
      .toEqual({ times: 2 })
    await expect.poll(() => tries, patience).toBeGreaterThan(4)
    await expect.poll(() => openAlarms(db.app), patience).toEqual([])
    expect(await bells.upkeep.getFailedCount()).toBeGreaterThan(2)
  })

  test('what is asked for soon is done once, besides its times', async () => {
    let reconciled = 0
    await addSoon(bells.upkeep, 'reconcile')
    await addSoon(bells.upkeep, 'reconcile')
    expect(await bells.upkeep.getWaitingCount()).toBe(1)
    start({ work: work({ reconcile: async () => void reconciled++ }) })
    await expect.poll(() => reconciled, patience).toBe(1)
    await expect
      .poll(() => bells.upkeep.getJobCounts('waiting', 'active'), patience)
      .toEqual({ waiting: 0, active: 0 })
    expect(reconciled).toBe(1)
  })

  test('without a key nothing is scheduled, what was is taken away, and the log says so', async () => {
    let said = ''
    const write = (line: string) => {
      said += line
      return true
    }
    const to = { write } as unknown as NodeJS.WritableStream
    const before = start({ times, work: work({}) })
    await expect.poll(async () => (await schedules()).length, patience).toBe(3)
    await before.close()
    start({ config: { ...key, stripeApiKey: null }, log: createLog({ level: 'info', to }) })
    await expect.poll(schedules, patience).toEqual([])
    expect(said).toContain('No STRIPE_API_KEY')
  })

  test('revenue plans are taken on at their time, without a key too', async () => {
    const plan = await seededPlan(db.app, await anAccount(db.owner), 'PAUSED', { expiresAt: new Date(0) })
    const config = { ...key, stripeApiKey: null }
    start({ config, times: { ...times, 'revenue-plans': often } })
    await expect.poll(async () => (await getPlan(db.app, plan))!.planStatus, patience).toBe('ABORTED')
    expect((await schedules()).map(([name]) => name)).toEqual(['revenue-plans'])
  })

  test('other systems are told of a move at its time, without a key too', async () => {
    const receiver = await webhookReceiver()
    try {
      const account = await anAccount(db.owner)
      const { tenantId } = account
      const asked = { tenantId, url: receiver.url, description: '', allowed: 'loopback' } as const
      const made = await db.app.begin((tx) => createEndpoint(tx, asked))
      receiver.secret = made.secret
      await db.owner`
        insert into organization.org_types (org_type_key, name, default_plan_ladder_id)
        select ${kind}, ${kind}, plan_ladder_id from billing.plan_ladders where ladder_key = 'core'`
      await openOrganization(db.app, { tenantId, name: 'Acme', orgType: kind })
      const config = { ...key, stripeApiKey: null, outboundPrivateAddresses: 'loopback' } as const
      start({ config, times: { ...times, outbound: often } })
      await expect.poll(() => receiver.received.length, patience).toBe(1)
      expect(receiver.received[0]).toMatchObject({ genuine: true, body: { type: 'enrollment.initiate' } })
      expect((await schedules()).map(([name]) => name)).toEqual(['outbound'])
    } finally {
      await open.pop()!.close()
      await receiver.close()
      await db.owner`delete from outbound.endpoints`
    }
  })

  test('told to stop, it stops what it is doing', async () => {
    let begun = false
    const long = (signal: AbortSignal) =>
      new Promise<void>((_, reject) => {
        begun = true
        signal.addEventListener('abort', () => reject(signal.reason))
      })
    const started = start({ times, work: work({ 'gap-watch': long }) })
    await expect.poll(() => begun, patience).toBe(true)
    await started.close()
    const [row] = await db.app`select failures, lease_until from stripe.upkeep where task = 'gap-watch'`
    expect(row).toEqual({ failures: 0, leaseUntil: null })
  })

  test('the dashboard shows its queue beside the others', async () => {
    const answer = await dashboardApp(bells.all, '').request('/api/queues')
    const { queues } = (await answer.json()) as { queues: { name: string }[] }
    expect(queues.map(({ name }) => name)).toEqual(['enrollment', 'subscription-changes', 'upkeep'])
  })

  test('with a key, and nothing else, what Stripe could not deliver comes in by itself', async () => {
    const [life] = livesOf(1, { seed: 11, now: Math.floor(Date.now() / 1000) - 3600 })
    const stripe = await stripeStandIn([life!])
    try {
      start({ config: { ...key, stripeApiBaseUrl: stripe.url }, times })
      const listed = life!.events.filter(({ created }) => created > Date.now() / 1000 - 70 * 3600)
      expect(listed.length).toBeGreaterThan(0)
      await expect
        .poll(async () => (await db.app`select from stripe.events where source = 'replay'`).length, patience)
        .toBeGreaterThanOrEqual(listed.length)
    } finally {
      await open.pop()!.close()
      await stripe.close()
      await db.owner`truncate stripe.event_writes, stripe.event_bodies`
      await db.owner`truncate stripe.events, stripe.gap_watch cascade`
    }
  })
})
