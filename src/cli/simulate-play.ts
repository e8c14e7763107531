import { setTimeout as sleep } from 'node:timers/promises'
import { StepladderError, Unavailable } from '../errors.ts'
import type { Delivery } from '../simulator/deliveries.ts'
import { signBody } from '../stripe/signature.ts'

export type PlayOptions = {
  /** Where Stepladder is, without a trailing slash. */
  url: string
  secret: string
  /** Deliveries under way at once. */
  concurrency: number
  /** Deliveries a second at most; null: as fast as they are acknowledged. */
  speed: number | null
  onDelivered: (count: number) => void
  /** Milliseconds that one delivery is tried again before the run is given up. */
  patienceMs?: number
}

export type Played = {
  /** By what the receiver answered. */
  stored: number
  duplicate: number
  different_body: number
  /** Deliveries sent once more, after a 503 or a broken connection. */
  retries: number
  seconds: number
  /** Milliseconds until each acknowledgement, sorted; of the try that was acknowledged. */
  ackMs: number[]
}

type State = 'stored' | 'duplicate' | 'different_body'

const firstPause = 250
const longestPause = 5_000

/**
 * Posts deliveries in their order, several at once and signed at the moment of sending, as Stripe does; what is not
 * acknowledged is sent again after a growing pause.
 * @throws StepladderError when the receiver refuses one for good, Unavailable when it does not come back.
 */
export async function play(deliveries: readonly Delivery[], options: PlayOptions): Promise<Played> {
  const played: Played = { stored: 0, duplicate: 0, different_body: 0, retries: 0, seconds: 0, ackMs: [] }
  const began = performance.now()
  let next = 0
  let failed = false
  const worker = async () => {
    while (next < deliveries.length && !failed) {
      const at = next++
      if (options.speed !== null) await until(began + (at * 1000) / options.speed)
      const { state, ms, retries } = await deliver(deliveries[at]!, options)
      played[state]++
      played.retries += retries
      played.ackMs.push(ms)
      options.onDelivered(played.ackMs.length)
    }
  }
  try {
    await Promise.all(Array.from({ length: options.concurrency }, worker))
  } finally {
    failed = true
  }
  played.seconds = (performance.now() - began) / 1000
  played.ackMs.sort((a, b) => a - b)
  return played
}

/** The value below which this share of a sorted list lies; null for an empty one. */
export function quantile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null
}

async function deliver(
  delivery: Delivery,
  { url, secret, patienceMs = 60_000 }: PlayOptions,
): Promise<{ state: State; ms: number; retries: number }> {
  const body = Buffer.from(delivery.body())
  const giveUpAt = performance.now() + patienceMs
  for (let retries = 0; ; retries++) {
    const sent = performance.now()
    const answer = await post(`${url}/webhooks/stripe`, body, secret)
    if (answer.kind === 'taken') return { state: answer.state, ms: performance.now() - sent, retries }
    if (answer.kind === 'refused') throw answer.error
    const pause = Math.min(firstPause * 2 ** retries, longestPause)
    if (performance.now() + pause > giveUpAt) {
      throw new Unavailable(
        'receiver_unavailable',
        `The receiver at ${url} does not take deliveries: ${answer.why}`,
        'Look at its log and at its database, then run this again with the same --run.',
      )
    }
    await sleep(pause * (0.75 + Math.random() / 2))
  }
}

type PostAnswer =
  | { kind: 'taken'; state: State }
  | { kind: 'again'; why: string }
  | { kind: 'refused'; error: StepladderError }

async function post(url: string, body: Uint8Array, secret: string): Promise<PostAnswer> {
  let response: Response
  let text: string
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'stripe-signature': signBody(body, secret, Math.floor(Date.now() / 1000)),
        'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
      },
      body: body as Uint8Array<ArrayBuffer>,
      redirect: 'manual',
      signal: AbortSignal.timeout(30_000),
    })
    text = await response.text()
  } catch (error) {
    const { cause, message } = error as { cause?: { code?: string }; message: string }
    return { kind: 'again', why: cause?.code ?? message }
  }
  if (response.status === 200) return { kind: 'taken', state: read(text).state as State }
  if (response.status >= 500 || response.status === 429)
    return { kind: 'again', why: `it answers ${response.status}` }
  return { kind: 'refused', error: refusal(url, response.status, read(text)) }
}

function refusal(url: string, status: number, problem: Record<string, unknown>): StepladderError {
  const code = typeof problem.code === 'string' ? problem.code : `http_${status}`
  const said = typeof problem.detail === 'string' ? problem.detail : `It answers ${status}.`
  const fix =
    code === 'signature_mismatch'
      ? "Give this command the deployment's signing secret: STRIPE_WEBHOOK_SECRETS."
      : typeof problem.next === 'string'
        ? problem.next
        : 'Check that --url is the address of a running Stepladder.'
  return new StepladderError(code, `${url} refuses the delivery: ${said}`, fix)
}

function read(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return {}
  }
}

async function until(time: number): Promise<void> {
  const ms = time - performance.now()
  if (ms > 0) await sleep(ms)
}
