import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Life } from '../../src/simulator/life.ts'
import { accountOf, type StandInAccount } from './stand-in-account.ts'

export type StripeStandIn = {
  url: string
  /** Requests so far, of any kind. */
  asked: () => number
  /** Path and query of each, in their order. */
  requests: () => readonly string[]
  close: () => Promise<void>
}

/** What goes wrong with a request instead of its answer; after the delay it is answered as usual where no status is given. */
export type Fault = { status?: number; retryAfter?: number; message?: string; delayMs?: number } | 'cut'

export type StandInOptions = {
  /** How far behind the replica is that answers, in seconds. */
  stale?: number
  /** Asked for each request, `nth` from 1; null: none. */
  fault?: (request: { nth: number; path: string }) => Fault | null
  /** Days that events can be read; Stripe keeps 30. */
  keepDays?: number
  /** What Stripe says of customers, products and prices, where the simulator's own is not wanted. */
  customer?: (life: Life) => Record<string, unknown>
  products?: readonly Record<string, unknown>[]
  prices?: readonly Record<string, unknown>[]
}

/**
 * Stripe's API as far as Stepladder reads it: what the simulator's lives truly are at this moment, two seconds stale unless told
 * otherwise. Lists are newest first, with `limit`, `starting_after`, `ending_before`.
 */
export async function stripeStandIn(
  lives: readonly Life[],
  options: StandInOptions = {},
): Promise<StripeStandIn> {
  const account = accountOf(lives, options)
  const requests: string[] = []
  const server = createServer(async (request, response) => {
    requests.push(request.url ?? '')
    const now = Date.now() / 1000
    response.setHeader('content-type', 'application/json')
    response.setHeader('date', new Date(now * 1000).toUTCString())
    const url = new URL(request.url ?? '/', 'http://stand-in')
    const fault = options.fault?.({ nth: requests.length, path: url.pathname }) ?? null
    if (fault === 'cut') {
      request.socket.destroy()
      return
    }
    if (fault?.delayMs) await new Promise((resolve) => setTimeout(resolve, fault.delayMs))
    const told = answerOf(account, url, now - (options.stale ?? 2))
    if (fault?.status) fail(response, fault.status, fault)
    else if (told === 'cursor') fail(response, 400, { message: 'No such object' })
    else if (told === null) fail(response, 404)
    else response.end(JSON.stringify(told))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: () => requests.length,
    requests: () => requests,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

/** null: 404. `cursor`: a list was to go on after, or before, what is not in it. */
function answerOf(
  account: StandInAccount,
  { pathname, searchParams }: URL,
  at: number,
): object | 'cursor' | null {
  const [, , kind, id] = pathname.split('/')
  if (kind === undefined || !(kind in account)) return null
  const { list, find } = account[kind as keyof StandInAccount]
  if (id !== undefined) return find(id, at, searchParams)
  const all = list(at, searchParams)
  const [after, before] = [searchParams.get('starting_after'), searchParams.get('ending_before')]
  const limit = Math.min(100, Number(searchParams.get('limit') ?? 10))
  const place = (cursor: string) => all.findIndex((one) => one.id === cursor)
  if ([after, before].some((cursor) => cursor !== null && place(cursor) < 0)) return 'cursor'
  const until = before === null ? all.length : place(before)
  const from = after === null ? (before === null ? 0 : Math.max(0, until - limit)) : place(after) + 1
  const page = all.slice(from, Math.min(until, from + limit))
  const more = before === null ? from + page.length < all.length : from > 0
  return { object: 'list', url: pathname, has_more: more, data: page.map((one) => one.object()) }
}

function fail(
  response: ServerResponse,
  status: number,
  fault: { retryAfter?: number; message?: string } = {},
): void {
  response.statusCode = status
  if (fault.retryAfter !== undefined) response.setHeader('retry-after', String(fault.retryAfter))
  const type = status === 429 ? 'rate_limit_error' : status >= 500 ? 'api_error' : 'invalid_request_error'
  const code = status === 404 ? { code: 'resource_missing' } : {}
  response.end(JSON.stringify({ error: { type, ...code, message: fault.message ?? `HTTP ${status}` } }))
}
