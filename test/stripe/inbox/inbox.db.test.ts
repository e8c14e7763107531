import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { connect } from '../../../src/db/connect.ts'
import { Unavailable } from '../../../src/errors.ts'
import { livesOf } from '../../../src/simulator/life.ts'
import { stripeEvent } from '../../../src/simulator/stripe-event.ts'
import { readEnvelope } from '../../../src/stripe/event/envelope.ts'
import { createInbox, type InboxOptions, type Unmarked } from '../../../src/stripe/inbox/inbox.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db.close())

let rung: Unmarked[] = []
beforeEach(() => {
  rung = []
})

function inbox(options: Partial<InboxOptions> = {}) {
  return createInbox(db.app, { onStored: (unmarked) => rung.push(unmarked), ...options })
}

function delivery(event: unknown) {
  const body = Buffer.from(typeof event === 'string' ? event : JSON.stringify(event))
  return { body, envelope: readEnvelope(body) }
}

let serial = 0
function event(fields: Record<string, unknown> = {}) {
  const [life] = livesOf(1, { seed: ++serial, now: 1_780_000_000 })
  const told: Record<string, unknown> = {
    ...stripeEvent(life!.events[0]!),
    id: `evt_inbox_${serial}`,
    ...fields,
  }
  return told
}

async function rowOf(id: string) {
  const [row] = await db.app`
    select e.*, b.body, (b.received_at = e.received_at) as dated_alike,
      (select jsonb_object_agg(write, state || ':' || reason) from stripe.event_writes w where w.event_id = e.event_id) as markers
    from stripe.events e left join stripe.event_bodies b using (event_id) where e.event_id = ${id}`
  return row
}

test('an event is kept with its signed bytes before anybody is rung, and both writes are rung for', async () => {
  const told = event()
  const sent = delivery(told)
  const box = inbox()
  expect(await box.take(sent)).toBe('stored')
  const row = await rowOf(told.id as string)
  expect(Buffer.compare(row!.body, sent.body)).toBe(0)
  expect(row).toMatchObject({
    type: 'customer.subscription.created',
    mode: 'test',
    source: 'webhook',
    trailKind: 'root',
    fromHash: null,
    projectionVersion: 1,
    markers: null,
    datedAlike: true,
  })
  expect(row!.toState).toMatchObject({ subscription: row!.objectId, items: expect.any(Array) })
  expect(row!.toHash).toMatch(/^[0-9a-f]{32}$/)
  expect(row!.toAsides).toHaveLength(3)
  expect(row!.stripeSubscriptionId).toBe(row!.objectId)
  expect(rung).toEqual([{ enrollment: [row!.inboxId], 'subscription-changes': [row!.inboxId] }])
})

test('the same event, delivered a hundred times at once by two receivers, is one row and one ring', async () => {
  const told = event()
  const [a, b] = [inbox({ maxBatch: 3 }), inbox({ maxBatch: 3 })]
  const others = Array.from({ length: 20 }, () => event())
  const sent = Array.from({ length: 100 }, (_, i) => [told, others[i % 20]!]).flat()
  const taken = await Promise.all(sent.map((one, i) => (i % 4 < 2 ? a : b).take(delivery(one))))
  expect(taken.filter((one) => one === 'stored')).toHaveLength(21)
  expect(taken.filter((one) => one === 'duplicate')).toHaveLength(179)
  const [count] =
    await db.app`select count(*)::int as rows from stripe.event_bodies where event_id = ${told.id as string}`
  expect(count!.rows).toBe(1)
  expect(rung.flatMap((unmarked) => unmarked.enrollment)).toHaveLength(21)
})

test('a copy with another pending_webhooks is a duplicate; one that differs otherwise is an alarm, and the first is kept', async () => {
  const told = event({ pending_webhooks: 2 })
  const box = inbox()
  await box.take(delivery(told))
  expect(await box.take(delivery({ ...told, pending_webhooks: 1 }))).toBe('duplicate')
  const together = [
    delivery({ ...told, created: 1 }),
    delivery({ ...told, pending_webhooks: 0 }),
    delivery(told),
  ]
  expect(await Promise.all(together.map(box.take))).toEqual(['different_body', 'duplicate', 'duplicate'])
  const [alarm] =
    await db.app`select subject, times from stripe.alarms where alarm_kind = 'same_id_other_body'`
  expect(alarm).toEqual({ subject: told.id, times: 1 })
  expect((await rowOf(told.id as string))!.createdAt.getTime() / 1000).toBe(told.created)
})

test('what no worker has to do anything about is settled at the door, with its reason, and rings nobody', async () => {
  const subscription = event()
  const items = { object: 'list', data: 'none' }
  const cases: [unknown, string][] = [
    ['not json', 'parked:unreadable'],
    [
      {
        id: 'evt_thin',
        object: 'v2.core.event',
        type: 'v1.billing.meter.no_meter_found',
        created: '2026-01-01T00:00:00Z',
        livemode: false,
      },
      'ignored:thin',
    ],
    [
      event({ type: 'invoice.paid', data: { object: { object: 'invoice', id: 'in_1' } } }),
      'ignored:not_for_us',
    ],
    [event({ livemode: true }), 'ignored:other_mode'],
    [
      event({ data: { object: { object: 'subscription', id: 'sub_1', status: 'active', items } } }),
      'parked:unreadable_subscription',
    ],
  ]
  const box = inbox()
  await box.take(delivery(subscription))
  rung = []
  for (const [told, marker] of cases) {
    const sent = delivery(told)
    expect(await box.take(sent)).toBe('stored')
    const id = sent.envelope.kind === 'snapshot' ? sent.envelope.event.id : sent.envelope.id
    expect((await rowOf(id))!.markers, marker).toEqual({ enrollment: marker, 'subscription-changes': marker })
  }
  expect(rung).toEqual([])
})

test('a sighting and a checkout ring for the enrollment only', async () => {
  const box = inbox()
  const sighting = event({ type: 'customer.subscription.trial_will_end' })
  const checkout = event({
    type: 'checkout.session.completed',
    data: { object: { object: 'checkout.session', id: 'cs_1' } },
  })
  await Promise.all([box.take(delivery(sighting)), box.take(delivery(checkout))])
  expect((await rowOf(sighting.id as string))!.markers).toEqual({
    'subscription-changes': 'ignored:sighting',
  })
  expect((await rowOf(checkout.id as string))!.markers).toEqual({
    'subscription-changes': 'ignored:not_for_us',
  })
  expect(rung.flatMap((unmarked) => unmarked['subscription-changes'])).toEqual([])
  expect(rung.flatMap((unmarked) => unmarked.enrollment)).toHaveLength(2)
})

test('one row that Postgres refuses is kept raw and parked, and costs only itself', async () => {
  const box = inbox()
  const good = [event(), event(), event()]
  const bad = delivery(event())
  // No reader of ours lets this through; should one ever, the row would be refused.
  if (bad.envelope.kind === 'snapshot') bad.envelope.event.apiVersion = 'nul\0byte'
  const taken = await Promise.all([...good.map((told) => box.take(delivery(told))), box.take(bad)])
  expect(taken).toEqual(['stored', 'stored', 'stored', 'stored'])
  const [raw] = await db.app`
    select w.detail, b.body from stripe.events e join stripe.event_bodies b using (event_id) join stripe.event_writes w using (event_id)
    where e.type = 'unreadable' and w.detail like 'not storable%' and w.write = 'enrollment'`
  expect(Buffer.compare(raw!.body, bad.body)).toBe(0)
  for (const told of good) expect((await rowOf(told.id as string))!.markers).toBeNull()
})

test('while Postgres does not answer a delivery is refused in time, and once it does the next is stored', async () => {
  const blocker = connect(db.ownerUrl, { max: 1 })
  const box = inbox({ timeoutMs: 300 })
  const told = event()
  let freed: Promise<unknown> = Promise.resolve()
  const began = Date.now()
  await blocker.begin(async (tx) => {
    await tx`lock table stripe.events in access exclusive mode`
    const late = Array.from({ length: 100 }, () => box.take(delivery(event())))
    const outcomes = await Promise.allSettled([box.take(delivery(told)), ...late])
    expect(
      outcomes.every((outcome) => outcome.status === 'rejected' && outcome.reason instanceof Unavailable),
    ).toBe(true)
    expect(Date.now() - began).toBeLessThan(4000)
    freed = box.take(delivery(event())).catch(() => 'late')
  })
  await freed
  // What was in flight is stored after all: Stripe's next delivery of it is a duplicate.
  await expect.poll(() => box.take(delivery(told)), { timeout: 5000 }).toBe('duplicate')
  expect(await box.take(delivery(event()))).toBe('stored')
  await blocker.end()
})

test('a database that is not there is a refusal, at once and without a crash', async () => {
  const nowhere = connect('postgres://nobody@127.0.0.1:1/none', { max: 2 })
  const box = createInbox(nowhere, { onStored: () => {}, timeoutMs: 2000 })
  await expect(box.take(delivery(event()))).rejects.toMatchObject({ code: 'inbox_unavailable' })
  await nowhere.end({ timeout: 0 })
})

test('closing waits for what is on its way and refuses what comes later', async () => {
  const box = inbox()
  const last = Array.from({ length: 50 }, () => box.take(delivery(event())))
  await box.close()
  expect(await Promise.all(last)).toEqual(Array(50).fill('stored'))
  await expect(box.take(delivery(event()))).rejects.toBeInstanceOf(Unavailable)
})
