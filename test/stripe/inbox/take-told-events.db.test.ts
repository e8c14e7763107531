import { afterEach, beforeEach, expect, test } from 'vitest'
import { readEnvelope } from '../../../src/stripe/event/envelope.ts'
import { createInbox } from '../../../src/stripe/inbox/inbox.ts'
import { takeToldEvents } from '../../../src/stripe/inbox/take-told-events.ts'
import { event, newWorld, subscription, type World } from '../../support/world.ts'

let world: World
const rung: { ids: readonly number[]; queues: readonly string[] }[] = []
beforeEach(async () => {
  world = await newWorld()
  rung.length = 0
})
afterEach(() => world.close())

const take = (...objects: Record<string, unknown>[]) =>
  takeToldEvents(world.app, objects, {
    source: 'replay',
    ring: async (ids, { queues }) => {
      rung.push({ ids, queues })
      return true
    },
  })

/** As a signed delivery would. */
async function deliver(object: object): Promise<string> {
  const inbox = createInbox(world.app, { onStored: () => {} })
  const body = Buffer.from(JSON.stringify(object))
  try {
    return await inbox.take({ body, envelope: readEnvelope(body) })
  } finally {
    await inbox.close()
  }
}

const rowOf = async (id: string) => {
  const [row] = await world.owner`select * from stripe.events where event_id = ${id}`
  const { eventId, inboxId, receivedAt, source, bodyHash, ...rest } = row!
  return { source, rest }
}
const bodyOf = async (id: string) => {
  const rows = await world.owner<
    { body: Buffer }[]
  >`select body from stripe.event_bodies where event_id = ${id}`
  return rows.map(({ body }) => JSON.parse(body.toString('utf8')))
}
const alarms = () => world.owner<{ alarmKind: string }[]>`select alarm_kind from stripe.alarms`
/** The same event as another API version renders it. */
const inOldVersion = (told: Record<string, unknown>) => ({
  ...told,
  api_version: '2019-02-11',
  data: { object: { ...(told.data as { object: object }).object, plan: { id: 'price_standard' } } },
})

test('what the API told is kept as a delivery is: same row, same verdicts at the door, its own source; and it is rung for', async () => {
  const more = { request: 'req_1', created: 1_790_000_000 }
  const told = event('customer.subscription.created', subscription(), { id: 'evt_told', ...more })
  const other = event('invoice.paid', { id: 'in_1', object: 'invoice' }, { id: 'evt_other' })
  const taken = await take(told, other)
  expect(taken).toEqual({ stored: ['evt_told', 'evt_other'], present: 0, heard: true })
  await deliver({ ...told, id: 'evt_delivered' })
  const [one, same] = [await rowOf('evt_told'), await rowOf('evt_delivered')]
  expect([one.source, same.source]).toEqual(['replay', 'webhook'])
  expect(one.rest).toEqual(same.rest)
  expect(await bodyOf('evt_told')).toEqual([told])
  expect(await world.markers('evt_other')).toEqual({
    enrollment: 'ignored not_for_us',
    'subscription-changes': 'ignored not_for_us',
  })
  const [row] = await world.owner<{ inboxId: number }[]>`
    select inbox_id from stripe.events where event_id = 'evt_told'`
  expect(rung).toEqual([
    { ids: [row!.inboxId], queues: ['enrollment'] },
    { ids: [row!.inboxId], queues: ['subscription-changes'] },
  ])
})

test('an event that is in the inbox already changes nothing, rings nobody, and is no other body in another version', async () => {
  const told = event('customer.subscription.created', subscription(), { id: 'evt_1' })
  await world.deliver(told)
  const before = [await rowOf('evt_1'), await bodyOf('evt_1'), await world.markers('evt_1')]
  expect(await take(inOldVersion(told))).toEqual({ stored: [], present: 1, heard: true })
  expect([await rowOf('evt_1'), await bodyOf('evt_1'), await world.markers('evt_1')]).toEqual(before)
  expect(rung).toEqual([])
  expect(await alarms()).toEqual([])
})

test('a delivery that comes after it, in the endpoint’s version, is a duplicate and no alarm; two unlike deliveries still are', async () => {
  const told = event('customer.subscription.created', subscription(), { id: 'evt_1' })
  await take(inOldVersion(told))
  expect(await deliver(told)).toBe('duplicate')
  expect(await alarms()).toEqual([])
  const signed = event('customer.subscription.created', subscription({ id: 'sub_2' }), { id: 'evt_2' })
  expect(await deliver(signed)).toBe('stored')
  expect(await deliver(inOldVersion(signed))).toBe('different_body')
  expect(await alarms()).toEqual([{ alarmKind: 'same_id_other_body' }])
})

test('told and delivered at once, by several: one row and one body each', async () => {
  const told = Array.from({ length: 40 }, (_, n) =>
    event('customer.subscription.created', subscription({ id: `sub_${n}` }), { id: `evt_${n}` }),
  )
  const outcomes = await Promise.all([take(...told), take(...told.toReversed()), ...told.map(deliver)])
  const [first, second] = outcomes as [Awaited<ReturnType<typeof take>>, Awaited<ReturnType<typeof take>>]
  const delivered = outcomes.slice(2).filter((outcome) => (outcome as unknown) === 'stored').length
  expect(first.stored.length + second.stored.length + delivered).toBe(40)
  const [rows] = await world.owner`
    select (select count(*)::int from stripe.events) as events, (select count(*)::int from stripe.event_bodies) as bodies`
  expect(rows).toEqual({ events: 40, bodies: 40 })
  expect(await alarms()).toEqual([])
})

test('a bell that is not heard is told, and the events are stored all the same', async () => {
  const told = event('customer.subscription.created', subscription(), { id: 'evt_1' })
  const taken = await takeToldEvents(world.app, [told], { source: 'replay', ring: async () => false })
  expect(taken).toEqual({ stored: ['evt_1'], present: 0, heard: false })
})
