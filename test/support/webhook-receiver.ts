import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Webhook } from 'standardwebhooks'

export type Received = {
  id: string
  /** Whether the signature is that of the secret it was made for. */
  genuine: boolean
  body: { type: string; timestamp: string; data: Record<string, unknown> & { sequence: number } }
}

/** `lost`: taken, and the connection breaks before the answer. `never`: no answer until the other side gives up. */
export type Manner = number | 'lost' | 'never' | 'redirect'

export type WebhookReceiver = {
  url: string
  received: Received[]
  /** How it answers what comes next; 200 unless told. */
  manner: (message: Received) => Manner
  /** The secret by which it checks. */
  secret: string
  /** What was asked besides messages, by those who followed where they should not. */
  strays: string[]
  close: () => Promise<void>
}

/** Stands for another system that takes webhooks, on a port of its own. */
export async function webhookReceiver(): Promise<WebhookReceiver> {
  const server = createServer((request, response) => void take(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const receiver: WebhookReceiver = {
    url: `http://127.0.0.1:${port}/hooks`,
    received: [],
    manner: () => 200,
    secret: '',
    strays: [],
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }

  async function take(request: IncomingMessage, response: ServerResponse) {
    if (request.url !== '/hooks') {
      receiver.strays.push(request.url!)
      return response.end()
    }
    let text = ''
    for await (const chunk of request) text += chunk
    const message: Received = {
      id: String(request.headers['webhook-id']),
      genuine: isGenuine(text, request.headers as Record<string, string>, receiver.secret),
      body: JSON.parse(text),
    }
    receiver.received.push(message)
    const manner = receiver.manner(message)
    if (manner === 'lost') return request.socket.destroy()
    if (manner === 'never') return void (await sleep(60_000, undefined, { ref: false }))
    if (manner === 'redirect') return response.writeHead(302, { location: '/elsewhere' }).end()
    response.writeHead(manner).end('{}')
  }
  return receiver
}

function isGenuine(text: string, headers: Record<string, string>, secret: string): boolean {
  try {
    new Webhook(secret).verify(text, headers)
    return true
  } catch {
    return false
  }
}
