import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createStripeApi } from '../../../src/stripe/api/stripe-api.ts'
import { subscription } from '../../support/world.ts'

const api = 'http://127.0.0.1:9'
const server = setupServer()
beforeAll(() => server.listen({ onUnhandledRequest: 'error' }))
afterEach(() => server.resetHandlers())
afterAll(() => server.close())
const reader = createStripeApi('rk_test_123', { baseUrl: api })
const date = 'Fri, 20 Nov 2026 12:00:00 GMT'

test('a subscription is read in the one shape, dated by Stripe’s own Date header', async () => {
  server.use(
    http.get(`${api}/v1/subscriptions/sub_1`, ({ request }) => {
      expect(request.headers.get('authorization')).toBe('Bearer rk_test_123')
      return HttpResponse.json(subscription(), { headers: { date } })
    }),
  )
  const answer = await reader.subscription('sub_1')
  expect(answer).toMatchObject({
    kind: 'found',
    date: Date.parse(date) / 1000,
    state: { subscription: 'sub_1', itemsComplete: true },
  })
})

test('items that Stripe sent in parts are all read', async () => {
  const items = Array.from({ length: 150 }, (_, n) => ({
    id: `si_${n}`,
    quantity: 1,
    price: { id: `price_${n}` },
  }))
  server.use(
    http.get(`${api}/v1/subscriptions/sub_1`, () =>
      HttpResponse.json(subscription({ hasMore: true }), { headers: { date } }),
    ),
    http.get(`${api}/v1/subscription_items`, ({ request }) => {
      const after = new URL(request.url).searchParams.get('starting_after')
      const from = after ? items.findIndex((item) => item.id === after) + 1 : 0
      return HttpResponse.json({
        object: 'list',
        url: '/v1/subscription_items',
        data: items.slice(from, from + 100),
        has_more: from + 100 < 150,
      })
    }),
  )
  const answer = await reader.subscription('sub_1')
  expect(answer.kind === 'found' && [answer.state.items.length, answer.state.itemsComplete]).toEqual([
    150,
    true,
  ])
})

test('a subscription that Stripe does not know is missing, and never an end', async () => {
  server.use(
    http.get(`${api}/v1/subscriptions/sub_1`, () =>
      HttpResponse.json(
        { error: { type: 'invalid_request_error', code: 'resource_missing' } },
        { status: 404 },
      ),
    ),
  )
  expect(await reader.subscription('sub_1')).toEqual({ kind: 'missing' })
})

test.each([
  [429, 'StripeRateLimitError (429)'],
  [500, 'StripeAPIError (500)'],
  [401, 'StripeAuthenticationError (401)'],
])('HTTP %i is a failure that says what it was, and is not retried here', async (status, why) => {
  let calls = 0
  server.use(
    http.get(`${api}/v1/subscriptions/sub_1`, () => {
      calls++
      return HttpResponse.json(
        { error: { type: status === 429 ? 'rate_limit_error' : 'api_error', message: 'no' } },
        { status },
      )
    }),
  )
  expect(await reader.subscription('sub_1')).toEqual({ kind: 'failed', why })
  expect(calls).toBe(1)
})

test('an answer that is no subscription is a failure and throws nothing', async () => {
  server.use(
    http.get(`${api}/v1/subscriptions/sub_1`, () =>
      HttpResponse.json({ id: 'sub_1' }, { headers: { date } }),
    ),
  )
  expect(await reader.subscription('sub_1')).toMatchObject({ kind: 'failed' })
})

test('nobody at the other end is a failure and throws nothing', async () => {
  server.use(http.get(`${api}/v1/subscriptions/sub_1`, () => HttpResponse.error()))
  expect(await reader.subscription('sub_1')).toMatchObject({
    kind: 'failed',
    why: expect.stringContaining('Connection'),
  })
})
