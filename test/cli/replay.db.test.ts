import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { replayAnswer } from '../../src/cli/replay-answer.ts'
import { silentLog } from '../../src/log.ts'
import { type StartedWorkers, startWorkers } from '../../src/processes/start-workers.ts'
import { event, subscription } from '../support/world.ts'
import { type CommandWorld, commandWorld, upgraded } from './replay-world.ts'

let world: CommandWorld
let told: { created: string; updated: string }
let workers: StartedWorkers | null = null
beforeAll(async () => {
  world = await commandWorld()
  told = await upgraded(world)
})
afterAll(() => world.close())
afterEach(async () => {
  await workers?.close()
  workers = null
})

type Replayed = {
  outcome: string
  rung: number
  writes: { event: string; write: string; state: string; on: string | null; reason: string | null }[]
  left_as_they_are: { event: string; reason: string }[]
}

async function startWorking(): Promise<void> {
  const config = { redisUrls: [], stripeApiKey: null, stripeApiBaseUrl: null, autoProvision: 'coop' }
  workers = await startWorkers({ appDb: world.app, appUrl: world.appUrl, config, log: silentLog })
}

/** Everything that a replay could double, or move. */
async function everything() {
  const [rows] = await world.owner`
    select
      (select count(*) from billing.subscription_changes) as changes,
      (select count(*) from entitlements.pool_provision_transitions) as moves,
      (select count(*) from entitlements.pool_provisions) as provisions,
      (select count(*) from organization.organizations) as organizations`
  return { ...rows, tier: await world.tier('cus_1') }
}

async function park(reason: string, ...events: string[]): Promise<void> {
  await world.owner`
    update stripe.event_writes set state = 'parked', reason = ${reason}, waiting_on = null
    where event_id = any(${events}) and write = 'enrollment'`
}

test('events that were handled run again when a person says so, and nothing is done twice', async () => {
  await startWorking()
  const before = await everything()
  for (let times = 0; times < 2; times++) {
    const { code, json } = await world.run('replay', 'event', told.created, told.updated, '--json')
    expect(code).toBe(0)
    const { outcome, rung, writes } = json<Replayed>()
    expect({ outcome, rung }).toEqual({ outcome: 'waited', rung: 4 })
    expect(writes.map(({ state }) => state)).toEqual(['done', 'done', 'done', 'done'])
  }
  expect(await everything()).toEqual(before)
  const attempts =
    await world.owner`select attempts from stripe.event_writes where event_id = ${told.updated}`
  // Twice more than the first time: they did run.
  expect(attempts.map((row) => row.attempts)).toEqual([3, 3])
})

test('what was parked after its last try is taken up again, and other reasons only when named', async () => {
  await startWorking()
  await park('failed', told.created)
  await park('before_unknown', told.updated)
  const failed = await world.run('replay', 'failed', '--yes', '--json')
  expect(failed.code).toBe(0)
  expect(failed.json<Replayed>().writes).toMatchObject([
    { event: told.created, write: 'enrollment', state: 'done' },
  ])
  expect(await world.markers(told.updated)).toMatchObject({ enrollment: 'parked before_unknown' })

  const named = await world.run('replay', 'failed', '--reason', 'before_unknown', '--yes', '--json')
  expect(named.json<Replayed>().writes).toMatchObject([{ event: told.updated, state: 'done' }])
  const again = await world.run('replay', 'failed', '--yes')
  expect(again).toMatchObject({ code: 0, stdout: 'There is nothing to replay.\n' })
})

test('what waits is looked at again by the thing it waits on, and says what it still waits on', async () => {
  await startWorking()
  for (const [n, price] of [
    ['w1', 'price_new'],
    ['w2', 'price_other'],
  ] as const) {
    const sketch = { id: `sub_${n}`, customer: `cus_${n}`, items: [['si_1', price]] as [string, string][] }
    await world.deliver(event('customer.subscription.created', subscription(sketch), { id: `evt_${n}` }))
  }
  // Mapped behind the back of `catalog apply`, so that nothing wakes by itself.
  await world.owner`
    with made as (
      insert into billing.prices (product_id) select product_id from billing.products where product_key = 'pro' returning price_id
    )
    insert into stripe.prices (stripe_price_id, price_id) select 'price_new', price_id from made`
  const one = await world.run('replay', 'waiting', '--on', 'price:price_new', '--yes', '--json')
  expect(one.json<Replayed>()).toMatchObject({ rung: 1, writes: [{ event: 'evt_w1', state: 'done' }] })
  expect(await world.tier('cus_w1')).toBe('pro')

  const all = await world.run('replay', 'waiting', '--yes', '--json')
  expect(all.code).toBe(0)
  expect(all.json<Replayed>().writes).toMatchObject([
    {
      event: 'evt_w2',
      write: 'enrollment',
      state: 'waiting',
      on: 'price:price_other',
      reason: 'unmapped_price',
    },
  ])
})

test('an event that is not in the inbox is refused, with what to do, and nothing else is rung', async () => {
  const { code, stderr, json } = await world.runApart('replay', 'event', told.created, 'evt_nope', '--json')
  expect(code).toBe(1)
  expect(json()).toMatchObject({ error: { code: 'event_not_in_inbox' } })
  expect(stderr).toContain('evt_nope is not in the inbox')
  expect(stderr).toContain('replay missed')
})

test('a bulk replay shows what it would touch and asks; with nobody to ask and no --yes it is a usage error', async () => {
  await park('failed', told.created)
  const asked = await world.run('replay', 'failed')
  expect(asked.code).toBe(2)
  expect(asked.stderr).toContain('1 write of 1 event: 1 parked (failed)')
  expect(asked.stderr).toContain('--yes')
  const dry = await world.run('replay', 'failed', '--dry-run', '--json')
  expect(dry).toMatchObject({ code: 0 })
  expect(dry.json<Replayed>()).toMatchObject({
    outcome: 'dry_run',
    rung: 0,
    writes: [{ event: told.created, state: 'parked' }],
  })
  expect(await world.markers(told.created)).toMatchObject({ enrollment: 'parked failed' })
  await startWorking()
  expect((await world.run('replay', 'failed', '-y')).code).toBe(0)
})

test('a verdict on what was received stays as it is, since done again it would be the same', async () => {
  await world.deliver(
    event('customer.subscription.trial_will_end', subscription({ id: 'sub_s', customer: 'cus_s' }), {
      id: 'evt_s',
    }),
  )
  await startWorking()
  const { code, json } = await world.run('replay', 'event', 'evt_s', '--json')
  expect(code).toBe(0)
  expect(json<Replayed>()).toMatchObject({
    writes: [{ event: 'evt_s', write: 'enrollment', state: 'done' }],
    left_as_they_are: [{ event: 'evt_s', write: 'subscription-changes', reason: 'sighting' }],
  })
})

test('where no worker takes it up, it says so after the time it was given, and exits with 1', async () => {
  const { code, stdout } = await world.run('replay', 'event', told.created, '--timeout', '1')
  expect(code).toBe(1)
  expect(stdout).toContain('Rung for and not handled within 1 s: 2 writes of 1 event')
  const left = await world.run('replay', 'event', told.created, '--no-wait', '--json')
  expect(left.code).toBe(0)
  expect(left.json<Replayed>()).toMatchObject({ outcome: 'rung', rung: 2 })
})

test('by itself on the embedded database nobody listens, and it says when the replay will happen', () => {
  const write = {
    event: 'evt_1',
    inboxId: 1,
    type: 't',
    write: 'enrollment',
    state: 'done',
    reason: null,
  } as const
  const toRing = [{ ...write, waitingOn: null, subscription: null, handledAt: null }]
  const { text, failed } = replayAnswer({ kind: 'rung', toRing, settled: [], alone: true })
  expect(failed).toBe(false)
  expect(text).toContain('No workers are running here: they take it up when `stepladder start` runs.')
})

test('a write that ends parked again is a failure', () => {
  const parked = {
    event: 'evt_1',
    inboxId: 1,
    type: 't',
    write: 'enrollment',
    state: 'parked',
    reason: 'failed',
  } as const
  const handled = [{ ...parked, waitingOn: null, subscription: null, handledAt: 'x' }]
  expect(replayAnswer({ kind: 'waited', handled, open: [], settled: [], seconds: 60 }).failed).toBe(true)
})
