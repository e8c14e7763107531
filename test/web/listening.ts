import { connect } from 'node:net'
import { Hono } from 'hono'
import { silentLog } from '../../src/log.ts'
import { signBody } from '../../src/stripe/signature.ts'
import { serveWeb, type WebServer } from '../../src/web/server.ts'
import type { WebEnv } from '../../src/web/web-env.ts'
import { type WebhookParts, webhook } from '../../src/web/webhook.ts'

export const secret = 'whsec_of_this_test'

/** The receiver alone, on a real port. */
export async function listeningReceiver(
  take: WebhookParts['take'],
  options: Partial<WebhookParts> & { requestTimeout?: number } = {},
): Promise<WebServer> {
  const { requestTimeout, ...parts } = options
  const app = new Hono<WebEnv>()
  app.all('/webhooks/stripe', webhook({ take, secrets: [secret], log: silentLog, ...parts }))
  return serveWeb(app, { port: 0, host: '127.0.0.1', ...(requestTimeout ? { requestTimeout } : {}) })
}

export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000)
}

export type Post = { body?: string | Uint8Array; headers?: Record<string, string | null>; method?: string }

/** Posts as Stripe does: signed now, application/json. A header given as null is left out. */
export function post(
  url: string,
  { body = '{}', headers = {}, method = 'POST' }: Post = {},
): Promise<Response> {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  const all: Record<string, string | null> = {
    'content-type': 'application/json; charset=utf-8',
    'stripe-signature': signBody(bytes, secret, nowSeconds()),
    ...headers,
  }
  const kept = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== null)
  return fetch(`${url}/webhooks/stripe`, {
    method,
    headers: Object.fromEntries(kept),
    redirect: 'manual',
    ...(method === 'GET' || method === 'HEAD' ? {} : { body: bytes }),
  })
}

/** Says exactly these bytes to the socket and reads until the other end closes, or for `forMs`. */
export function sayRaw(
  url: string,
  pieces: readonly (string | Uint8Array)[],
  forMs = 3_000,
): Promise<string> {
  const { port } = new URL(url)
  return new Promise((resolve) => {
    let heard = ''
    const socket = connect(Number(port), '127.0.0.1')
    const timer = setTimeout(() => socket.destroy(), forMs)
    socket.on('data', (data) => {
      heard += data.toString('latin1')
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(heard)
    })
    for (const piece of pieces) socket.write(piece)
  })
}

/** An event as Stripe writes it, about nothing that anybody acts on. */
export function eventBody(id: string, more: Record<string, unknown> = {}): string {
  const data = { object: { id: 'prod_1', object: 'product' } }
  const envelope = { id, object: 'event', type: 'product.updated', created: nowSeconds(), livemode: false }
  return JSON.stringify({ ...envelope, api_version: '2026-10-28.endive', data, request: null, ...more })
}
