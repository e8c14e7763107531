import { signBody } from '../stripe/signature.ts'
import { type Played, playRequests } from './play-requests.ts'
import { type WorkloadPlan, workloadOf } from './workload.ts'

/**
 * The other end of the line, in a process of its own, so that what it costs is nobody else's: requests are rendered and signed
 * before the clock starts, and go out over raw sockets that stay open. Told what to do by messages; see load.ts.
 */
export type LoadOrder =
  | { prepare: WorkloadPlan; secret: string; path: string }
  | {
      play: { port: number; connections: number; rate: number | null }
    }

export type LoadAnswer =
  | { prepared: { deliveries: number; events: number } }
  | { failed: string }
  | { played: Played }

let requests: Buffer[] = []

process.on('message', (order: LoadOrder) => {
  if ('prepare' in order) {
    const workload = workloadOf(order.prepare)
    const t = Math.floor(Date.now() / 1000)
    requests = workload.bodies().map((body) => requestOf(body, order.path, signBody(body, order.secret, t)))
    answer({ prepared: { deliveries: workload.deliveries, events: workload.events } })
  } else {
    playRequests(requests, order.play).then(
      (played) => answer({ played }),
      (error: Error) => answer({ failed: error.message }),
    )
  }
})

function answer(message: LoadAnswer): void {
  // Whoever asked may be gone, after an interruption.
  if (process.connected) process.send!(message)
}

function requestOf(body: Buffer, path: string, signature: string): Buffer {
  const head = [
    `POST ${path} HTTP/1.1`,
    'host: 127.0.0.1',
    'content-type: application/json; charset=utf-8',
    'user-agent: Stripe/1.0 (+https://stripe.com/docs/webhooks)',
    `stripe-signature: ${signature}`,
    `content-length: ${body.length}`,
  ]
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body])
}
