import { afterEach, beforeEach, expect, test } from 'vitest'
import { createLog } from '../../../src/log.ts'
import { openAlarms } from '../../../src/stripe/alarms.ts'
import { enroll } from '../../../src/stripe/enrollment/enroll.ts'
import { readEnvelope } from '../../../src/stripe/event/envelope.ts'
import { dropOldBodies } from '../../../src/stripe/inbox/drop-old-bodies.ts'
import { createInbox, type Taken } from '../../../src/stripe/inbox/inbox.ts'
import { sweep } from '../../../src/stripe/inbox/sweep.ts'
import { checkRebuild } from '../../../src/stripe/rebuild/check-rebuild.ts'
import { readStanding } from '../../../src/web/standing.ts'
import { type CommandWorld, commandWorld } from '../../cli/replay-world.ts'
import { event, PRICES, subscription } from '../../support/world.ts'

let world: CommandWorld
beforeEach(async () => {
  world = await commandWorld()
  for (const ago of [3, 4]) await makeMonth(ago)
})
afterEach(() => world.close())

/** A month as `2026-08`, so many before this one, in UTC. */
function month(ago: number): string {
  const now = new Date()
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - ago, 1)).toISOString().slice(0, 7)
}

/** Its partition, as an installation that is so old has it. */
async function makeMonth(ago: number): Promise<void> {
  await world.owner.begin(async (tx) => {
    const [from, to] = [`${month(ago)}-01 00:00:00+00`, `${month(ago - 1)}-01 00:00:00+00`]
    await tx`select set_config('test.name', ${month(ago).replace('-', '')}, true), set_config('test.from', ${from}, true), set_config('test.to', ${to}, true)`
    await tx`
      do $$ begin
        execute format('create table stripe.%I partition of stripe.event_bodies for values from (%L) to (%L)',
          'event_bodies_' || current_setting('test.name'), current_setting('test.from'), current_setting('test.to'));
      end $$`
  })
}

/** As if it had been received in the middle of that month. */
async function age(eventId: string, monthsAgo: number): Promise<void> {
  const middle = world.owner`(date_trunc('month', now() at time zone 'UTC') - make_interval(months => ${monthsAgo})) at time zone 'UTC' + interval '14 days'`
  await world.owner`update stripe.events set received_at = ${middle} where event_id = ${eventId}`
  await world.owner`update stripe.event_bodies set received_at = ${middle} where event_id = ${eventId}`
}

const bodies = async () =>
  (await world.owner<{ id: string }[]>`select event_id as id from stripe.event_bodies order by 1`).map(
    ({ id }) => id,
  )

async function delivered(told: object): Promise<Taken> {
  const inbox = createInbox(world.app, { onStored: () => {} })
  const body = Buffer.from(JSON.stringify(told))
  const taken = await inbox.take({ body, envelope: readEnvelope(body) })
  await inbox.close()
  return taken
}

/** One subscription told by an old event and a young one. */
async function oldAndYoung() {
  const at = Math.floor(Date.now() / 1000) - 1000
  const standard = subscription()
  const created = event('customer.subscription.created', standard, { created: at, id: 'evt_old' })
  const previous = { items: (standard as { items: object }).items }
  const pro = subscription({ items: [['si_1', PRICES.pro]] })
  const updated = event('customer.subscription.updated', pro, { created: at + 60, previous, id: 'evt_young' })
  await world.deliver(created, updated)
  await age('evt_old', 3)
  return { created, updated }
}

test('a month of bodies goes once all of it is older than asked; what is younger stays, and so do all ids, states and markers', async () => {
  await oldAndYoung()
  expect((await readStanding(world.app)).bodyMonths).toBe(4)
  const [before] = await world.owner`select jsonb_agg(e order by event_id) as rows from stripe.events e`
  expect(await dropOldBodies(world.app, 35)).toEqual({
    dropped: [month(4), month(3)],
    needed: [],
    busy: [],
  })
  expect(await bodies()).toEqual(['evt_young'])
  expect((await readStanding(world.app)).bodyMonths).toBe(2)
  const [after] = await world.owner`select jsonb_agg(e order by event_id) as rows from stripe.events e`
  expect(after).toEqual(before)
  expect(await dropOldBodies(world.app, 35)).toEqual({ dropped: [], needed: [], busy: [] })
  // The months that a receiver looks for are not among them: none is made anew.
  expect(await world.app`select stripe.ensure_body_partitions() as made`).toEqual([{ made: 0 }])
})

test('nothing notices: the trail resolves the same, a duplicate is one still, the rebuild differs in nothing, explain explains', async () => {
  const { created, updated } = await oldAndYoung()
  await dropOldBodies(world.app, 35)
  expect(await delivered(created)).toBe('duplicate')
  expect(await delivered(updated)).toBe('duplicate')
  await world.look('sub_1')
  expect(await world.tier('cus_1')).toBe('pro')
  const report = await checkRebuild(world.owner, { onProgress: () => {}, patienceMs: 0 })
  expect(report).toMatchObject({ differing: 0, events: 2, changes: 2 })
  const explained = await world.run('explain', 'cus_1', '--json')
  expect(explained.json<{ ladders: { product: string }[] }>().ladders[0]!.product).toBe('pro')
  expect((await world.run('verify')).code).toBe(0)
})

test('without its first body an id is judged by what stays: Stripe’s countdown is the same event, another object is not', async () => {
  const { created } = await oldAndYoung()
  await dropOldBodies(world.app, 35)
  expect(await delivered({ ...created, pending_webhooks: 0 })).toBe('duplicate')
  expect(await openAlarms(world.app)).toEqual([])
  const other = { ...created, data: { object: subscription({ items: [['si_1', PRICES.pro]] }) } }
  expect(await delivered(other)).toBe('different_body')
  expect(await openAlarms(world.app)).toMatchObject([
    { kind: 'same_id_other_body', subject: 'evt_old', detail: expect.stringContaining('gone by its age') },
  ])
})

test('it never takes what is younger than 35 days, whatever is asked, and it refuses what is no number of days', async () => {
  await oldAndYoung()
  const { dropped } = await dropOldBodies(world.app, 1)
  expect(dropped).not.toContain(month(1))
  expect(await bodies()).toEqual(['evt_young'])
  await expect(dropOldBodies(world.app, 0)).rejects.toMatchObject({ code: '22023' })
})

test('a month is kept while an event of it waits that only its body explains', async () => {
  await world.close()
  world = await commandWorld({ autoProvision: null })
  await makeMonth(3)
  const checkout = {
    object: 'checkout.session',
    id: 'cs_1',
    customer: 'cus_9',
    client_reference_id: 'nobody-yet',
  }
  await world.deliver(event('checkout.session.completed', checkout, { id: 'evt_checkout' }))
  await age('evt_checkout', 3)
  expect(await world.markers('evt_checkout')).toMatchObject({
    enrollment: expect.stringContaining('waiting'),
  })
  expect(await dropOldBodies(world.app, 35)).toMatchObject({ dropped: [], needed: [month(3)] })
  // Not taken up at all: needed as well.
  await world.owner`delete from stripe.event_writes where event_id = 'evt_checkout' and write = 'enrollment'`
  expect(await dropOldBodies(world.app, 35)).toMatchObject({ dropped: [], needed: [month(3)] })
  await world.owner`
    insert into stripe.event_writes (event_id, write, state, reason) values ('evt_checkout', 'enrollment', 'ignored', 'links_nobody')`
  expect(await dropOldBodies(world.app, 35)).toMatchObject({ dropped: [month(3)], needed: [] })
})

test('a checkout that is replayed after its body has gone says so, and its customer stays linked', async () => {
  await world.deliver(event('customer.subscription.created', subscription()))
  const [org] = await world.owner<{ id: string }[]>`select organization_id as id from stripe.customers`
  const checkout = {
    object: 'checkout.session',
    id: 'cs_1',
    customer: 'cus_1',
    client_reference_id: org!.id,
  }
  await world.deliver(event('checkout.session.completed', checkout, { id: 'evt_checkout' }))
  await age('evt_checkout', 3)
  await dropOldBodies(world.app, 35)
  const [row] = await world.owner<{ inboxId: number }[]>`
    select inbox_id from stripe.events where event_id = 'evt_checkout'`
  await enroll(world.app, { events: [row!.inboxId], again: true }, world.parts)
  expect(await world.markers('evt_checkout')).toMatchObject({ enrollment: 'ignored body_gone' })
  expect(await world.owner`select organization_id as id from stripe.customers`).toEqual([org])
})

test('bodies that somebody is reading are left for later, and deliveries go on meanwhile', async () => {
  await oldAndYoung()
  let release = () => {}
  const reading = world.owner.begin(async (tx) => {
    await tx`select count(*) from stripe.event_bodies`
    await new Promise<void>((resolve) => {
      release = resolve
    })
  })
  await expect
    .poll(
      () => world.owner`select from pg_locks where relation = 'stripe.event_bodies'::regclass and granted`,
      { timeout: 15_000 },
    )
    .not.toHaveLength(0)
  const [{ dropped, busy }, taken] = await Promise.all([
    dropOldBodies(world.app, 35),
    delivered(event('customer.subscription.created', subscription({ id: 'sub_2', customer: 'cus_2' }))),
  ])
  release()
  await reading
  expect({ dropped, taken }).toEqual({ dropped: [], taken: 'stored' })
  expect(busy).toContain(month(3))
  expect((await dropOldBodies(world.app, 35)).dropped).toContain(month(3))
})

test('the application asks for it and cannot do it by itself; nobody else may ask', async () => {
  const name = `event_bodies_${month(3).replace('-', '')}`
  await expect(world.app`drop table ${world.app(`stripe.${name}`)}`).rejects.toMatchObject({ code: '42501' })
  const [may] = await world.owner`
    select has_function_privilege('public', 'stripe.drop_old_bodies(integer)', 'execute') as public,
           has_function_privilege('stepladder_app', 'stripe.drop_old_bodies(integer)', 'execute') as app`
  expect(may).toEqual({ public: false, app: true })
})

test('the sweep lets them go once a day if it was told to, says so in the log, and never by itself', async () => {
  await oldAndYoung()
  const lines: string[] = []
  const log = createLog({ level: 'info', to: { write: (line: string) => lines.push(line) } as never })
  const bell = { ring: async () => true, ringSubscriptions: async () => true }
  const swept = async (days: number | null, until: () => Promise<boolean>) => {
    const stop = new AbortController()
    const sweeping = sweep(world.app, bell, { log, signal: stop.signal, everyMs: 50, keepBodiesDays: days })
    await expect.poll(until, { timeout: 20_000 }).toBe(true)
    stop.abort()
    await sweeping
  }
  // Off: it sweeps, and the marks that it saves show that.
  await swept(null, async () => (await world.owner`select from stripe.sweep_marks`).length > 0)
  expect(await bodies()).toEqual(['evt_old', 'evt_young'])
  await swept(35, async () => (await bodies()).length === 1)
  expect(lines.filter((line) => line.includes('INBOX_RETENTION_DAYS'))).toHaveLength(1)
  expect(lines.join('')).toContain(month(3))
})
