import { Writable } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLog } from '../src/log.ts'
import { startReceiver } from '../src/processes/start-receiver.ts'
import { startWorkers } from '../src/processes/start-workers.ts'
import { parkFailedWrites } from '../src/stripe/inbox/event-writes.ts'
import { signBody } from '../src/stripe/signature.ts'
import { event, newWorld, PRICES, subscription, type World } from './support/world.ts'

const secret = 'whsec_of_this_test'
const planted = ['4242424242424242', 'jenny.rosen@mail.example', 'sk_live_51Hplanted']

let world: World
let url: string
const lines: string[] = []
const answers: string[] = []
const closing: (() => Promise<void>)[] = []

beforeAll(async () => {
  world = await newWorld()
  const to = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
  const log = createLog({ level: 'trace', to })
  const config = {
    redisUrls: [],
    stripeApiKey: null,
    stripeApiBaseUrl: null,
    autoProvision: 'coop',
    host: '127.0.0.1',
    port: 0,
    publicUrl: null,
  }
  const workers = await startWorkers({ appDb: world.app, appUrl: world.appUrl, config, log, upkeep: false })
  closing.push(workers.close)
  const { queues, ring } = workers
  const receiver = await startReceiver({ db: world.app, config, secrets: [secret], queues, ring, log })
  closing.push(receiver.close)
  url = receiver.url
})
afterAll(async () => {
  for (const close of closing.reverse()) await close()
  await world.close()
})

async function deliver(body: string): Promise<void> {
  const bytes = Buffer.from(body)
  const response = await fetch(`${url}/webhooks/stripe`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'stripe-signature': signBody(bytes, secret, Math.floor(Date.now() / 1000)),
    },
    body: bytes,
  })
  answers.push(await response.text())
  expect(response.status).toBe(200)
}

/** The same with one text in it replaced, for each of its texts in turn. */
function* withEachTextAs(what: unknown, text: string): Generator<unknown> {
  if (typeof what === 'string') yield text
  else if (typeof what === 'object' && what !== null)
    for (const [name, inner] of Object.entries(what))
      for (const changed of withEachTextAs(inner, text))
        yield Array.isArray(what) ? what.with(Number(name), changed) : { ...what, [name]: changed }
}

const person = {
  name: 'Jenny Rosen',
  email: 'x',
  phone: 'x',
  address: { line1: 'x', city: 'x' },
  description: 'x',
}

function* told(): Generator<{ id: string }> {
  let n = 0
  const next = () => ({ id: `evt_secrecy_${++n}` })
  for (const text of planted) {
    const whole = subscription({ id: `sub_${text.slice(0, 2)}`, customer: `cus_${text.slice(0, 2)}` })
    const priced = {
      ...whole,
      items: { data: [{ id: 'si_1', quantity: 1, price: { id: PRICES.pro, product: 'x' } }] },
    }
    // Its own id is what a job names a subscription by, whatever it looks like.
    const named = (object: unknown) => (object as { id: string }).id !== text
    for (const object of withEachTextAs({ ...whole, ...person, metadata: { note: 'x' } }, text))
      if (named(object)) yield event('customer.subscription.created', object as object, next())
    for (const object of withEachTextAs(whole, text))
      if (named(object))
        yield event('customer.subscription.updated', object as object, { ...next(), previous: priced })
    for (const previous of withEachTextAs({ status: 'x', items: priced.items }, text))
      yield event('customer.subscription.updated', whole, { ...next(), previous: previous as object })
    for (const object of withEachTextAs({ id: 'cus_x', object: 'customer', ...person }, text))
      yield event('customer.updated', object as object, next())
    const invoice = {
      id: 'in_x',
      object: 'invoice',
      customer: 'cus_x',
      customer_email: 'x',
      hosted_invoice_url: 'x',
    }
    for (const object of withEachTextAs(invoice, text))
      yield event('invoice.payment_failed', object as object, next())
    // The envelope itself, and a body that is none.
    const { id: _, ...envelope } = event('customer.updated', { id: 'cus_x', object: 'customer' }, next())
    for (const changed of withEachTextAs(envelope, text)) yield { ...(changed as object), ...next() }
  }
}

test('card numbers, addresses and keys in any field of an event reach no log, no job, no error and no answer', async () => {
  let count = 0
  for (const body of told()) {
    await deliver(JSON.stringify(body))
    count++
  }
  for (const text of planted) {
    await deliver(`{"id":"evt_broken_${text}","object":"event", ${text}`)
    await deliver(JSON.stringify(text))
    count += 2
  }
  expect(count).toBeGreaterThan(150)
  // A surprise of the database's, which tells what it was about: it comes into the log, the job and the marker.
  await world.owner`
    create function public.surprise() returns trigger language plpgsql as $$
    begin
      if new.event_id like 'evt_surprise%' then raise exception 'cannot take %', new::text; end if;
      return new;
    end $$`
  await world.owner`
    create trigger surprise before insert on billing.subscription_changes for each row execute function public.surprise()`
  for (const [n, text] of planted.entries()) {
    const object = {
      ...subscription({ id: 'sub_surprise' }),
      items: { data: [{ id: 'si_1', quantity: 1, price: { id: text, product: 'x' } }] },
    }
    const previous = {
      items: { data: [{ id: 'si_1', quantity: 1, price: { id: PRICES.pro, product: 'x' } }] },
    }
    const body = event('customer.subscription.updated', object, { id: `evt_surprise_${n}`, previous })
    await deliver(JSON.stringify(body))
  }
  // All but those three, which are tried again for minutes.
  await expect
    .poll(
      async () => {
        const [row] = await world.owner<{ open: number }[]>`
          select count(*)::int as open from stripe.events e
          where (select count(*) from stripe.event_writes w where w.event_id = e.event_id) < 2`
        return row!.open
      },
      { timeout: 60_000, interval: 500 },
    )
    .toBe(planted.length)
  const surprises = (texts: readonly string[]) =>
    ['[card]', '[e-mail]', '[secret]'].filter((mask) =>
      texts.some((one) => one.includes('cannot take') && one.includes(mask)),
    )
  await expect.poll(async () => surprises(await jobs()), { timeout: 60_000, interval: 500 }).toHaveLength(3)
  const [surprise] = await world.owner<{ inboxId: number }[]>`
    select inbox_id from stripe.events where event_id = 'evt_surprise_0'`
  const error = new Error(`cannot take ${planted.join()}`)
  await parkFailedWrites(world.app, 'subscription-changes', [surprise!.inboxId], error)

  const details = await world.owner<{ text: string }[]>`
    select detail as text from stripe.event_writes where detail is not null
    union all select detail from stripe.alarms where detail is not null`
  const everywhere = { lines, answers, jobs: await jobs(), details: details.map(({ text }) => text) }
  for (const [where, texts] of Object.entries(everywhere))
    for (const text of planted)
      expect({ where, found: texts.filter((one) => one.includes(text)) }).toEqual({ where, found: [] })
  // There was something to be silent about; that a log masks as well is for log.test.ts.
  expect(surprises(everywhere.details)).toHaveLength(3)
})

/** Every row of every table of the queues, as text. */
async function jobs(): Promise<string[]> {
  const tables = await world.owner<{ name: string }[]>`
    select tablename::text as name from pg_tables where schemaname = 'bullmq'`
  const rows: string[] = []
  for (const { name } of tables) {
    const found = await world.owner<
      { text: string }[]
    >`select t::text as text from ${world.owner(`bullmq.${name}`)} t`
    rows.push(...found.map(({ text }) => text))
  }
  return rows
}
