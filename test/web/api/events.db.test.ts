import { afterAll, beforeAll, expect, test } from 'vitest'
import type { RingAgain } from '../../../src/stripe/inbox/ring-replay.ts'
import { fillInbox, workersOf } from '../inbox-for-test.ts'
import { type ApiWorld, apiWorld } from './api-for-test.ts'

type Item = { event: string; writes: { write: string; state: string; on: string | null }[] }

let world: ApiWorld
let ring: RingAgain = async () => true

beforeAll(async () => {
  world = await apiWorld({ ringAgain: (inboxIds, options) => ring(inboxIds, options) })
  await fillInbox(world)
})
afterAll(() => world.close())

async function list(query: string): Promise<{ events: string[]; next: string | null; items: Item[] }> {
  const { status, body } = await world.ask('GET', `/events${query}`)
  expect({ status, body }).toMatchObject({ status: 200 })
  const { items, next_cursor: next } = body as unknown as { items: Item[]; next_cursor: string | null }
  return { events: items.map(({ event }) => event), next, items }
}

test('the inbox is listed, the newest arrival first, page by page', async () => {
  const first = await list('?limit=3')
  expect(first.events).toEqual(['evt_paid', 'evt_unmapped', 'evt_upgraded'])
  const second = await list(`?limit=3&cursor=${first.next}`)
  expect([second.events, second.next]).toEqual([['evt_created'], null])
  expect(first.items[1]).toMatchObject({
    type: 'customer.subscription.created',
    source: 'webhook',
    customer: 'cus_2',
    subscription: 'sub_2',
    organization: { name: 'cus_2' },
    writes: [
      { write: 'enrollment', state: 'waiting', reason: 'unmapped_price', on: 'price:price_new' },
      { write: 'subscription-changes', state: 'done', reason: null, on: null },
    ],
  })
})

test('the filters are the page’s, and what is misspelt is refused', async () => {
  expect((await list('?type=customer.&customer=cus_1')).events).toEqual(['evt_upgraded', 'evt_created'])
  expect((await list('?state=waiting&reason=unmapped_price')).events).toEqual(['evt_unmapped'])
  expect((await list('?event=evt_paid')).events).toEqual(['evt_paid'])
  expect((await list(`?from=${encodeURIComponent('2099-01-01T00:00:00Z')}`)).events).toEqual([])
  for (const query of ['?stat=waiting', '?state=lost', '?from=yesterday', '?cursor=eA', '?type=']) {
    const { status, body } = await world.ask('GET', `/events${query}`)
    expect({ query, status, code: body.code }).toEqual({ query, status: 400, code: 'invalid_parameter' })
  }
})

test('one event is told whole, with the text that was signed', async () => {
  const { status, body } = await world.ask('GET', '/events/evt_upgraded')
  expect(status).toBe(200)
  expect(body).toMatchObject({
    event: 'evt_upgraded',
    trail_kind: 'edge',
    body_kept: true,
    writes: [
      { write: 'enrollment', state: 'done', attempts: 1 },
      { write: 'subscription-changes', state: 'done', attempts: 1 },
    ],
    caused: {
      transitions: [{ ladder: 'core', type: 'upgrade', from_product: 'standard', to_product: 'pro' }],
      changes: [{ kind: 'price' }],
    },
  })
  expect(JSON.parse(body.body as string)).toMatchObject({ id: 'evt_upgraded' })
  await world.owner`delete from stripe.event_bodies where event_id = 'evt_paid'`
  expect((await world.ask('GET', '/events/evt_paid')).body).toMatchObject({ body: null, body_kept: false })
})

test('a replay rings both writes, once in effect; what was decided at the door is left as it is', async () => {
  const rung: unknown[] = []
  ring = async (inboxIds, options) => {
    rung.push(options.queues)
    return workersOf(world)(inboxIds, options)
  }
  const before = await world.history('cus_1')
  const { status, body } = await world.ask('POST', '/events/evt_upgraded/replay')
  expect(status).toBe(200)
  expect(body).toMatchObject({ outcome: 'rung', left_as_they_are: [] })
  expect(rung).toEqual([['enrollment'], ['subscription-changes']])
  expect(await world.history('cus_1')).toEqual(before)
  expect((await world.ask('POST', '/events/evt_paid/replay')).body).toMatchObject({
    outcome: 'nothing',
    writes: [],
  })
  expect(rung).toHaveLength(2)
  ring = async () => false
  expect(await world.ask('POST', '/events/evt_upgraded/replay')).toMatchObject({
    status: 503,
    body: { code: 'queue_unavailable' },
  })
})

test('another tenant has none of it', async () => {
  expect((await world.askAsOther('GET', '/events')).body.items).toEqual([])
  for (const [method, path] of [
    ['GET', '/events/evt_upgraded'],
    ['POST', '/events/evt_upgraded/replay'],
    ['GET', '/events/evt_nobody'],
  ] as const) {
    const { status, body } = await world.askAsOther(method, path)
    expect({ path, status, code: body.code }).toEqual({ path, status: 404, code: 'event_unknown' })
  }
})
