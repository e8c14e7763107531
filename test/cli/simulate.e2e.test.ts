import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { readCatalogFile } from '../../src/billing/catalog-file.ts'
import { runProgram } from '../../src/cli/program.ts'
import { play } from '../../src/cli/simulate-play.ts'
import { silentLog } from '../../src/log.ts'
import { startReceiver } from '../../src/processes/start-receiver.ts'
import { startWorkers } from '../../src/processes/start-workers.ts'
import { SIMULATED_CATALOG } from '../../src/simulator/prices.ts'
import { applyCatalog } from '../../src/stripe/catalog/apply-catalog.ts'
import { verifySignature } from '../../src/stripe/signature.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { command } from '../support/started.ts'

const secret = 'whsec_simulated'
let db: TestDatabase
let url: string
const closing: (() => Promise<void>)[] = []

/** A deployment with no AUTO_PROVISION: whose the customers are is told by their events alone. */
beforeAll(async () => {
  db = await testDatabase({ max: 12 })
  const settings = { redisUrls: [], stripeApiKey: null, stripeApiBaseUrl: null, autoProvision: null }
  const workers = await startWorkers({ appDb: db.app, appUrl: db.appUrl, config: settings, log: silentLog })
  const config = { host: '127.0.0.1', port: 0, publicUrl: null, stripeApiKey: null }
  const { queues, ring } = workers
  const receiver = await startReceiver({
    db: db.app,
    config,
    secrets: [secret],
    queues,
    ring,
    log: silentLog,
  })
  url = receiver.url
  closing.push(receiver.close, workers.close)
})
afterAll(async () => {
  for (const close of closing) await close()
  await db.close()
})

function environment(): Record<string, string> {
  return {
    DATABASE_URL: db.appUrl,
    STRIPE_WEBHOOK_SECRETS: secret,
    STEPLADDER_HOME: '/nowhere/stepladder',
    LOG_LEVEL: 'silent',
  }
}

async function simulate(...args: string[]) {
  const ran = command(['simulate', '--url', url, '--json', ...args], { env: environment() })
  const code = await ran.ended
  return { code, stderr: ran.stderr(), told: JSON.parse(ran.stdout()) }
}

test('a catalog that does not know the simulated prices is left alone outside of local mode, and the next step is named', async () => {
  const { code, told, stderr } = await simulate('--subscriptions', '2')
  expect(code).toBe(1)
  expect(told.error.code).toBe('catalog_lacks_simulated_prices')
  expect(stderr).toContain('stepladder catalog apply')
})

test('lives played in any order, a fifth of it twice, end on their true tiers; the same run again is nothing but duplicates', async () => {
  const orgTypes = [{ key: 'coop', name: 'Co-op', default_ladder: 'core' }]
  await applyCatalog(db.app, readCatalogFile({ ...SIMULATED_CATALOG, org_types: orgTypes }))
  const options = [
    '--subscriptions',
    '25',
    '--seed',
    '3',
    '--duplicates',
    '20%',
    '--shuffle',
    '--concurrency',
    '8',
  ]
  const { code, told, stderr } = await simulate(...options)
  expect({ code, right: told.right, wrong: told.wrong, held: told.held }).toEqual({
    code: 0,
    right: 25,
    wrong: [],
    held: [],
  })
  expect(told.answers.stored).toBe(told.events)
  expect(told.answers.duplicate).toBe(told.deliveries - told.events)
  expect(told.tiers.reduce((sum: number, row: { true: number }) => sum + row.true, 0)).toBe(25)
  expect(stderr).toContain(`Run ${told.run}: 25 lives`)

  const again = await simulate(...options, '--run', told.run)
  expect(again.code).toBe(0)
  expect(again.told.answers).toEqual({ stored: 0, duplicate: told.deliveries, different_body: 0 })
  const [alarms] = await db.app`select count(*)::int as count from stripe.alarms where cleared_at is null`
  expect(alarms!.count).toBe(0)
})

test('a receiver that acknowledges what it does not keep is found out: exit code 1, and how to look into it', async () => {
  const forgetful = await serving(async (body, headers) => {
    if (body.includes('"type":"customer.subscription.deleted"'))
      return { status: 200, text: '{"received":true,"state":"stored"}' }
    const kept = await fetch(`${url}/webhooks/stripe`, {
      method: 'POST',
      headers,
      body: new Uint8Array(body),
    })
    return { status: kept.status, text: await kept.text() }
  })
  const { code, told } = await simulate('--url', forgetful.url, '--subscriptions', '25', '--seed', '3')
  forgetful.close()
  expect(code).toBe(1)
  expect(told.wrong.length).toBeGreaterThan(0)
  expect(told.right).toBe(25 - told.wrong.length)
  expect(told.wrong[0]).toMatchObject({
    true: 'public-tier',
    explain: `stepladder explain ${told.wrong[0].customer}`,
  })
})

test('a delivery that is answered 503 is sent again like Stripe does, signed anew, until it is taken', async () => {
  let asked = 0
  let good = 0
  const server = await serving(async (body, headers) => {
    if (verifySignature(body, headers['stripe-signature'], [secret], Date.now() / 1000).ok) good++
    return ++asked <= 2
      ? { status: 503, text: '{}' }
      : { status: 200, text: '{"received":true,"state":"stored"}' }
  })
  try {
    const delivery = { life: 0, event: 'evt_1', type: 't', body: () => '{"id":"evt_1"}' }
    const common = { url: server.url, secret, concurrency: 1, speed: null, onDelivered: () => {} }
    const played = await play([delivery], common)
    expect(played).toMatchObject({ stored: 1, retries: 2, ackMs: [expect.any(Number)] })
    expect(good).toBe(3)
    asked = -1_000
    await expect(play([delivery], { ...common, patienceMs: 100 })).rejects.toMatchObject({
      code: 'receiver_unavailable',
    })
  } finally {
    server.close()
  }
})

test('a wrong secret, a wrong option and nothing that runs are each told with the next step', async () => {
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  const run = async (env: Record<string, string>, ...args: string[]) => {
    said.mockClear()
    for (const [key, value] of Object.entries({ ...environment(), ...env })) vi.stubEnv(key, value)
    const code = await runProgram(['simulate', ...args])
    vi.unstubAllEnvs()
    process.exitCode = undefined
    return { code, stderr: said.mock.calls.map(([text]) => text).join('') }
  }
  try {
    const wrong = await run({}, '--duplicates', '150%')
    expect(wrong).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--duplicates has to be a share'),
    })
    expect((await run({}, '--subscriptions', '0')).code).toBe(2)
    expect((await run({}, '--run', 'nonsense!')).code).toBe(2)
    const nobody = await run({})
    expect(nobody).toMatchObject({ code: 1, stderr: expect.stringContaining('npm start') })
  } finally {
    vi.restoreAllMocks()
  }
})

type Answering = (body: Buffer, headers: Record<string, string>) => Promise<{ status: number; text: string }>

/** Something else that takes deliveries. */
async function serving(answer: Answering): Promise<{ url: string; close: () => void }> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', async () => {
      const { 'stripe-signature': signature, 'content-type': type } = request.headers
      const headers = { 'stripe-signature': String(signature), 'content-type': String(type) }
      const { status, text } = await answer(Buffer.concat(chunks), headers)
      response.writeHead(status).end(text)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() }
}
