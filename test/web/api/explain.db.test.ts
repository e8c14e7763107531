import { afterAll, beforeAll, expect, test } from 'vitest'
import { event, PRICES, subscription } from '../../support/world.ts'
import { type ApiWorld, apiWorld } from './api-for-test.ts'

let world: ApiWorld
let id: string
beforeAll(async () => {
  world = await apiWorld()
  await world.deliver(
    event('customer.subscription.created', subscription({ items: [['si_1', PRICES.pro]] }), { id: 'evt_1' }),
  )
  const { body } = await world.ask('GET', '/organizations?customer=cus_1')
  id = (body.items as unknown as { organization_id: string }[])[0]!.organization_id
})
afterAll(() => world.close())

type Told = { ladders: { product: string | null; history: unknown[] }[]; known?: object }

test('an organization is explained over HTTP by the same document as on the command line', async () => {
  const { status, body } = await world.ask('GET', `/organizations/${id}/explain`)
  expect(status).toBe(200)
  expect(body).toMatchObject({
    organization: id,
    customers: ['cus_1'],
    ladders: [
      {
        ladder: 'core',
        product: 'pro',
        holder: { kind: 'subscription', id: 'sub_1' },
        claims: [{ id: 'sub_1', wins: true, rule: 'best' }],
        history: [{ type: 'initiate' }, { cause: { kind: 'event', id: 'evt_1', event: { event: 'evt_1' } } }],
      },
    ],
    subscriptions: [{ id: 'sub_1', status: 'active' }],
    waiting: [],
    next: [{ what: 'period_end', about: 'sub_1' }],
  })
})

test('at a time that has passed it stood elsewhere; a time ahead, no time and a filter that is none are refused', async () => {
  const at = (time: string) => world.ask('GET', `/organizations/${id}/explain?at=${encodeURIComponent(time)}`)
  const before = (await at('2020-01-01T00:00:00+01:00')).body as unknown as Told
  expect(before.ladders).toMatchObject([{ product: null, history: [] }])
  expect(before.known).toMatchObject({ events: 0, subscriptions: [] })
  const now = (await at(new Date().toISOString())).body as unknown as Told
  expect(now.ladders).toMatchObject([{ product: 'pro', history: [{}, {}] }])
  expect(await at('2999-01-01T00:00:00Z')).toMatchObject({ status: 400, body: { code: 'time_ahead' } })
  expect(await at('yesterday')).toMatchObject({ status: 400, body: { code: 'invalid_parameter' } })
  expect(await world.ask('GET', `/organizations/${id}/explain?as_of=x`)).toMatchObject({ status: 400 })
})

test('another tenant’s organization is answered as one that is not there, and so is a customer’s id', async () => {
  const strange = await world.askAsOther('GET', `/organizations/${id}/explain`)
  expect(strange).toMatchObject({ status: 404, body: { code: 'organization_unknown' } })
  expect(await world.ask('GET', '/organizations/cus_1/explain')).toMatchObject({ status: 404 })
})
