import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { apiAnswer } from '../../src/simulator/api-answer.ts'
import type { Life } from '../../src/simulator/life.ts'

export type StripeStandIn = { url: string; asked: () => number; close: () => Promise<void> }

/** Stripe's API as far as one subscription is read: what the simulator's lives truly are at this moment, read two seconds stale. */
export async function stripeStandIn(lives: readonly Life[]): Promise<StripeStandIn> {
  const bySubscription = new Map(lives.map((life) => [life.subscription, life]))
  let asked = 0
  const server = createServer((request, response) => {
    asked++
    const life = bySubscription.get(request.url?.split('/').at(-1)?.split('?')[0] ?? '')
    const now = Date.now() / 1000
    const answer = life && apiAnswer(life, now, 2)
    response.setHeader('content-type', 'application/json')
    response.setHeader('date', new Date(now * 1000).toUTCString())
    if (!answer) {
      response.statusCode = 404
      response.end(JSON.stringify({ error: { type: 'invalid_request_error', code: 'resource_missing' } }))
    } else response.end(JSON.stringify(answer.object()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: () => asked,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
