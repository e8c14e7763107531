import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createLimiter } from '../../../src/stripe/api/limiter.ts'
import { createStripeApi, type ListPage } from '../../../src/stripe/api/stripe-api.ts'
import { subscription } from '../../support/world.ts'

const api = 'http://127.0.0.1:9'
const server = setupServer()
beforeAll(() => server.listen({ onUnhandledRequest: 'error' }))
afterEach(() => server.resetHandlers())
afterAll(() => server.close())

const date = 'Fri, 20 Nov 2026 12:00:00 GMT'
const waits: { seconds: number; why: string }[] = []
afterEach(() => {
  waits.length = 0
})
const quick = {
  baseUrl: api,
  perSecond: 1000,
  firstWaitMs: 2,
  onWait: (seconds: number, why: string) => void waits.push({ seconds, why }),
}
const stripe = createStripeApi('rk_test_123', quick)

/** A list with these objects on one page, after so many answers of another kind. */
function answers(path: string, before: (() => Response)[], objects: object[] = []): { asked: URL[] } {
  const asked: URL[] = []
  server.use(
    http.get(`${api}${path}`, ({ request }) => {
      asked.push(new URL(request.url))
      const fault = before[asked.length - 1]
      if (fault) return fault()
      return HttpResponse.json({ object: 'list', has_more: false, data: objects }, { headers: { date } })
    }),
  )
  return { asked }
}

const error =
  (status: number, message = 'no', headers: Record<string, string> = {}) =>
  () =>
    HttpResponse.json({ error: { type: 'api_error', message } }, { status, headers })

async function pagesOf(list: AsyncGenerator<ListPage>): Promise<ListPage[]> {
  const pages: ListPage[] = []
  for await (const page of list) pages.push(page)
  return pages
}

describe('lists', () => {
  test('are read page by page, each with Stripe’s own Date, and nothing is left out or told twice', async () => {
    const events = Array.from({ length: 250 }, (_, n) => ({ id: `evt_${n}`, amount_decimal: '1.50' }))
    const asked: URL[] = []
    server.use(
      http.get(`${api}/v1/events`, ({ request }) => {
        const url = new URL(request.url)
        asked.push(url)
        const after = url.searchParams.get('starting_after')
        const from = after ? events.findIndex(({ id }) => id === after) + 1 : 0
        const data = events.slice(from, from + Number(url.searchParams.get('limit')))
        const has_more = from + data.length < events.length
        return HttpResponse.json({ object: 'list', has_more, data }, { headers: { date } })
      }),
    )
    const pages = await pagesOf(stripe.events({ from: 100, until: 200, types: ['a.b', 'c.d'] }))
    expect(pages.flatMap(({ objects }) => objects)).toEqual(events)
    expect(pages.map(({ last, more }) => [last, more])).toEqual([
      ['evt_99', true],
      ['evt_199', true],
      ['evt_249', false],
    ])
    expect(pages[0]!.date).toBe(Date.parse(date) / 1000)
    const query = asked[0]!.searchParams
    expect([query.get('created[gte]'), query.get('created[lte]')]).toEqual(['100', '200'])
    expect(query.getAll('types[]')).toEqual(['a.b', 'c.d'])
  })

  test('of subscriptions begin after the one that was read last, and bear their customers', async () => {
    const { asked } = answers('/v1/subscriptions', [], [{ id: 'sub_2' }])
    await pagesOf(stripe.subscriptions({ startingAfter: 'sub_1' }))
    expect(asked[0]!.searchParams.get('starting_after')).toBe('sub_1')
    expect(asked[0]!.searchParams.getAll('expand[]')).toEqual(['data.customer'])
    expect(asked[0]!.searchParams.has('status')).toBe(false)
  })

  test('that say there is more after an empty page end there', async () => {
    server.use(
      http.get(`${api}/v1/products`, () =>
        HttpResponse.json({ object: 'list', has_more: true, data: [] }, { headers: { date } }),
      ),
    )
    expect(await pagesOf(stripe.products())).toMatchObject([{ objects: [], more: false }])
  })
})

describe('what Stripe cannot answer now is asked again', () => {
  test('after 429 not before Stripe’s own Retry-After is over', async () => {
    const { asked } = answers('/v1/prices', [error(429, 'slow down', { 'retry-after': '1' })], [{ id: 'p' }])
    const began = performance.now()
    expect(await pagesOf(stripe.prices())).toMatchObject([{ objects: [{ id: 'p' }] }])
    expect(performance.now() - began).toBeGreaterThanOrEqual(990)
    expect(waits).toEqual([{ seconds: 1, why: 'too many requests (429)' }])
    expect(asked).toHaveLength(2)
  })

  test('after 500 and a broken connection, with waits that grow', async () => {
    const broken = [error(500), error(503), () => HttpResponse.error()]
    const { asked } = answers('/v1/prices', broken, [{ id: 'p' }])
    await pagesOf(stripe.prices())
    expect(asked).toHaveLength(4)
    expect(waits.map(({ why }) => why)).toEqual(['HTTP 500', 'HTTP 503', 'no answer'])
    const [first, , third] = waits.map(({ seconds }) => seconds * 1000)
    expect(first).toBeGreaterThanOrEqual(1)
    expect(first).toBeLessThanOrEqual(2)
    expect(third).toBeGreaterThanOrEqual(4)
  })

  test('and not for ever: then it is unavailable, and the next step is named', async () => {
    const { asked } = answers(
      '/v1/prices',
      Array.from({ length: 50 }, () => error(500)),
    )
    await expect(pagesOf(stripe.prices())).rejects.toMatchObject({
      name: 'Unavailable',
      code: 'stripe_unavailable',
      message: expect.stringContaining('9 tries: HTTP 500'),
      fix: expect.stringContaining('status.stripe.com'),
    })
    expect(asked).toHaveLength(9)
  })

  test('and a stop ends the wait at once, with its own reason', async () => {
    answers('/v1/prices', [error(429, 'slow down', { 'retry-after': '100' })])
    const stop = new AbortController()
    const patient = createStripeApi('rk_test_123', {
      ...quick,
      signal: stop.signal,
      onWait: () => setImmediate(() => stop.abort(new Error('told to stop'))),
    })
    await expect(pagesOf(patient.prices())).rejects.toThrow('told to stop')
  })
})

describe('what Stripe refuses is not asked again', () => {
  test('a key that it does not know', async () => {
    const { asked } = answers('/v1/events', [error(401, 'Invalid API Key provided: rk_test_***')])
    await expect(pagesOf(stripe.events({ from: 1, until: 2 }))).rejects.toMatchObject({
      name: 'Refused',
      code: 'stripe_key_refused',
      fix: expect.stringContaining('STRIPE_API_KEY'),
    })
    expect(asked).toHaveLength(1)
  })

  test('a key without a permission, which is named', async () => {
    const message =
      "The provided key 'rk_test_***' lacks it. Having the 'rak_event_read' permission would allow this request to continue."
    const { asked } = answers('/v1/events', [error(403, message)])
    await expect(pagesOf(stripe.events({ from: 1, until: 2 }))).rejects.toMatchObject({
      name: 'Refused',
      code: 'stripe_key_refused',
      message: 'STRIPE_API_KEY lacks a permission: Stripe wants rak_event_read.',
      fix: expect.stringContaining('event: read'),
    })
    expect(asked).toHaveLength(1)
  })

  test('a question that it does not take', async () => {
    answers('/v1/events', [error(400, 'No such event: evt_gone')])
    await expect(
      pagesOf(stripe.events({ from: 1, until: 2, startingAfter: 'evt_gone' })),
    ).rejects.toMatchObject({ code: 'stripe_refused', message: expect.stringContaining('No such event') })
  })
})

describe('one event', () => {
  test('is told as it is, decimal strings and all', async () => {
    const event = { id: 'evt_1', data: { object: { unit_amount_decimal: '12.5' } } }
    server.use(http.get(`${api}/v1/events/evt_1`, () => HttpResponse.json(event, { headers: { date } })))
    const answer = await stripe.event('evt_1')
    expect(JSON.stringify(answer)).toBe(JSON.stringify({ kind: 'found', event }))
  })

  test('that Stripe does not know, or no longer, is missing', async () => {
    server.use(http.get(`${api}/v1/events/evt_1`, error(404, 'No such event')))
    expect(await stripe.event('evt_1')).toEqual({ kind: 'missing' })
  })
})

test('turns are spaced evenly: eleven at a hundred a second take a tenth of a second', async () => {
  const turn = createLimiter(100)
  const began = performance.now()
  await Promise.all(Array.from({ length: 11 }, () => turn()))
  expect(performance.now() - began).toBeGreaterThanOrEqual(95)
})

describe('a subscription that is asked for by itself', () => {
  const isThere = () =>
    server.use(
      http.get(`${api}/v1/subscriptions/sub_1`, () =>
        HttpResponse.json(subscription(), { headers: { date } }),
      ),
    )

  test('waits for its turn as lists do', async () => {
    isThere()
    const spaced = createStripeApi('rk_test_123', { baseUrl: api, perSecond: 50 })
    const began = performance.now()
    const answers = await Promise.all(Array.from({ length: 6 }, () => spaced.subscription('sub_1')))
    expect(performance.now() - began).toBeGreaterThanOrEqual(95)
    expect(answers.map(({ kind }) => kind)).toEqual(Array(6).fill('found'))
  })

  test('is given up by a stop while it waits, which is no answer of Stripe’s', async () => {
    isThere()
    const stop = new AbortController()
    const slow = createStripeApi('rk_test_123', { baseUrl: api, perSecond: 0.01, signal: stop.signal })
    await slow.subscription('sub_1')
    const waiting = slow.subscription('sub_1')
    stop.abort(new Error('told to stop'))
    await expect(waiting).rejects.toThrow('told to stop')
  })
})
