import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { afterEach, expect, test } from 'vitest'
import { outboundWebhook } from '../../../src/governance/executors/outbound-webhook.ts'
import type { StepTry } from '../../../src/governance/orchestrator/executor.ts'
import { noon, somePlan } from '../plan-fixture.ts'

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

type Heard = { headers: IncomingMessage['headers']; body: string }

async function otherSide(answer: (response: ServerResponse, request: IncomingMessage) => void) {
  const heard: Heard[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      heard.push({ headers: request.headers, body: Buffer.concat(chunks).toString() })
      answer(response, request)
    })
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/steps`, heard }
}

const plan = somePlan()
const attempt = (n: number): StepTry => ({
  plan,
  step: plan.steps[1]!,
  does: 'prepares',
  attempt: n,
  tryKey: `step_${plan.steps[1]!.stepId}_${n}`,
  stepKey: `step_${plan.steps[1]!.stepId}`,
  known: { status: 'past_due' },
  claimedAt: noon,
})
const never = new AbortController().signal

test('a step is told signed, with one idempotency key for all its tries', async () => {
  const { url, heard } = await otherSide((response) => response.writeHead(204).end())
  const send = outboundWebhook({ url, secret })
  expect(await send(attempt(1), never)).toEqual({ kind: 'done', detail: { status: 204 } })
  expect(await send(attempt(2), never)).toMatchObject({ kind: 'done' })
  const [first, second] = heard
  const told = new Webhook(secret).verify(first!.body, first!.headers as Record<string, string>)
  expect(told).toMatchObject({
    type: 'revenue_plan.step',
    data: {
      plan_id: plan.planId,
      step_id: plan.steps[1]!.stepId,
      action_type: 'PREP_RENEWAL_BRIEF',
      attempt: 1,
      known: { status: 'past_due' },
    },
  })
  const keys = [first, second].flatMap((one) => [one!.headers['idempotency-key'], one!.headers['webhook-id']])
  expect(keys).toEqual(Array(4).fill(`step_${plan.steps[1]!.stepId}`))
  expect(() =>
    new Webhook(secret).verify(`${first!.body} `, first!.headers as Record<string, string>),
  ).toThrow()
})

test('whatever is no 2xx is a try that failed, and a redirect is not followed', async () => {
  const elsewhere = await otherSide((response) => response.writeHead(200).end())
  for (const status of [307, 302, 400, 500]) {
    const { url } = await otherSide((response) =>
      response.writeHead(status, { location: elsewhere.url }).end('no'),
    )
    expect(await outboundWebhook({ url, secret })(attempt(1), never)).toEqual({
      kind: 'failed',
      reason: `The other side answered ${status}.`,
    })
  }
  expect(elsewhere.heard).toEqual([])
})

test('an answer that does not come is given up, and one that breaks off is no answer', async () => {
  const silent = await otherSide(() => {})
  expect(await outboundWebhook({ url: silent.url, secret, limitMs: 100 })(attempt(1), never)).toEqual({
    kind: 'failed',
    reason: 'The other side did not answer within 100 ms.',
  })
  const broken = await otherSide((response) => response.destroy())
  expect(await outboundWebhook({ url: broken.url, secret })(attempt(1), never)).toEqual({
    kind: 'failed',
    reason: 'The other side could not be reached.',
  })
})

test('a process that is told to stop counts no try', async () => {
  const stop = new AbortController()
  const { url } = await otherSide(() => stop.abort(new Error('stopping')))
  await expect(outboundWebhook({ url, secret })(attempt(1), stop.signal)).rejects.toThrow('stopping')
})

test.each(['http://example.com/x', 'ftp://127.0.0.1/', 'no address', 'http://127.0.0.1.example.com/'])(
  'nothing is sent to %s',
  (url) => {
    expect(() => outboundWebhook({ url, secret })).toThrow('https address')
  },
)

test('https may be anywhere, and a secret that is none is told at once', () => {
  expect(() => outboundWebhook({ url: 'https://example.com/x', secret })).not.toThrow()
  expect(() => outboundWebhook({ url: 'https://example.com/x', secret: '' })).toThrow('secret')
})

test('what a step was constrained to goes along', async () => {
  const { url, heard } = await otherSide((response) => response.writeHead(204).end())
  const step = { ...plan.steps[1]!, constraints: { language: 'de' } }
  await outboundWebhook({ url, secret })({ ...attempt(1), step }, never)
  expect(JSON.parse(heard[0]!.body).data.constraints).toEqual({ language: 'de' })
})
