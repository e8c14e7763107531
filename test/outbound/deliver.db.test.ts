import { afterEach, beforeEach, expect, test } from 'vitest'
import { issueGrant } from '../../src/entitlements/issue-grant.ts'
import { type DeliverParts, deliverDue } from '../../src/outbound/deliver.ts'
import {
  changeEndpoint,
  createEndpoint,
  deleteEndpoint,
  getEndpoint,
  rotateEndpointSecret,
} from '../../src/outbound/endpoints.ts'
import { rotateSecret } from '../../src/outbound/secrets.ts'
import { type Received, type WebhookReceiver, webhookReceiver } from '../support/webhook-receiver.ts'
import { event, newWorld, PRICES, subscription, type World } from '../support/world.ts'

let world: World
let receiver: WebhookReceiver
let tenantId: string
/** The clock of retries; messages are signed by the real one. */
let now: Date
let disabled: string[]
let parked: string[]

beforeEach(async () => {
  world = await newWorld()
  receiver = await webhookReceiver()
  now = new Date(Date.now() + 60_000)
  disabled = []
  parked = []
  const [row] = await world.app<{ tenantId: string }[]>`
    select tenant_id from organization.tenants where tenant_key = 'default'`
  tenantId = row!.tenantId
})
afterEach(async () => {
  await receiver.close()
  await world.close()
})

const minutes = (count: number) => {
  now = new Date(now.getTime() + count * 60_000)
}

async function endpoint(): Promise<string> {
  const asked = { tenantId, url: receiver.url, description: 'ours', allowed: 'loopback' } as const
  const { endpointId, secret } = await world.app.begin((tx) => createEndpoint(tx, asked))
  receiver.secret = secret
  return endpointId
}

const change = (endpointId: string, asked: { disabled?: boolean; url?: string }) =>
  world.app.begin((tx) => changeEndpoint(tx, { tenantId, endpointId, allowed: 'loopback', ...asked }))

const rotate = async (endpointId: string) =>
  (await world.app.begin((tx) => rotateEndpointSecret(tx, { tenantId, endpointId, now }))).secret

/** What a worker of the version before rotations reads, and signs with. */
const plainSecret = async (endpointId: string) => {
  const [row] = await world.owner`select secret from outbound.endpoints where endpoint_id = ${endpointId}`
  return row!.secret as string
}

/** Whether all that comes of a new customer is signed by this secret, among others perhaps. */
async function signedBy(secret: string): Promise<boolean> {
  receiver.secret = secret
  const before = receiver.received.length
  await customer(`${made}`)
  await deliver()
  const messages = receiver.received.slice(before)
  expect(messages.length).toBeGreaterThan(0)
  expect(new Set(messages.map(({ genuine }) => genuine)).size).toBe(1)
  return messages[0]!.genuine
}

const deliver = (parts: Partial<DeliverParts> = {}) =>
  deliverDue(world.app, {
    allowed: 'loopback',
    now: () => now,
    signal: new AbortController().signal,
    disabled: async ({ endpointId }) => void disabled.push(endpointId),
    parked: async ({ endpointId, why }) => void parked.push(`${endpointId} ${why}`),
    ...parts,
  })

/** Passes until nothing waits any more, some time apart. */
async function deliverAll(endpointId: string, parts: Partial<DeliverParts> = {}): Promise<void> {
  for (let pass = 0; pass < 60; pass++) {
    await deliver(parts)
    if ((await getEndpoint(world.app, tenantId, endpointId)).pending === 0) return
    minutes(61)
  }
  throw new Error('it never ended')
}

let made = 0
/** A customer whose subscription begins on standard and goes through these tiers. */
async function customer(name: string, ...tiers: (keyof typeof PRICES)[]): Promise<void> {
  const id = `sub_${name}`
  const on = (tier: keyof typeof PRICES) =>
    subscription({ id, customer: `cus_${name}`, items: [['si_1', PRICES[tier]]] })
  const created = 1_790_000_000 + 100 * made++
  await world.deliver(event('customer.subscription.created', on('standard'), { created }))
  let before: keyof typeof PRICES = 'standard'
  for (const [at, tier] of tiers.entries()) {
    const previous = { items: (on(before) as { items: object }).items }
    await world.deliver(
      event('customer.subscription.updated', on(tier), { created: created + 20 * (at + 1), previous }),
    )
    before = tier
  }
}

const history = () =>
  world.owner<{ transitionId: string }[]>`select transition_id from entitlements.pool_provision_transitions`

const told = () => receiver.received.map(({ body }) => body.data.transition_id as string)

/** Of each organization, in the order in which its messages came; what came again right after is left out. */
function sequences(messages: readonly Received[]): number[][] {
  const pools = new Map<string, number[]>()
  for (const { body } of messages) {
    const seen = pools.get(String(body.data.organization_id)) ?? []
    if (seen.at(-1) !== body.data.sequence) seen.push(body.data.sequence)
    pools.set(String(body.data.organization_id), seen)
  }
  return [...pools.values()]
}

test('each move is told once, signed, with who moved from where to where and why', async () => {
  const endpointId = await endpoint()
  await customer('a', 'pro')
  expect(await deliver()).toEqual({ taken: 3, failed: 0, disabled: 0 })
  expect(receiver.received.every(({ genuine }) => genuine)).toBe(true)
  expect(receiver.received.map(({ body }) => [body.type, body.data.to_product, body.data.sequence])).toEqual([
    ['enrollment.initiate', 'public-tier', 1],
    ['enrollment.upgrade', 'standard', 2],
    ['enrollment.upgrade', 'pro', 3],
  ])
  expect(receiver.received[2]!.body.data).toMatchObject({
    customer: 'cus_a',
    ladder: 'core',
    type: 'upgrade',
    from_product: 'standard',
    from_rank: 1,
    to_rank: 2,
    actor: 'Stripe',
    actor_type: 'webhook',
    cause: { kind: 'event', id: expect.stringMatching(/^evt_/) },
  })
  expect(await deliver()).toEqual({ taken: 0, failed: 0, disabled: 0 })
  expect(await getEndpoint(world.app, tenantId, endpointId)).toMatchObject({ pending: 0, lastError: null })
})

test('without an endpoint nothing is written down, and an endpoint is told of what comes after it', async () => {
  await customer('early')
  const [none] = await world.owner<
    { count: number }[]
  >`select count(*)::int as count from outbound.deliveries`
  expect(none!.count).toBe(0)
  await endpoint()
  await customer('late')
  await deliver()
  expect(new Set(receiver.received.map(({ body }) => body.data.customer))).toEqual(new Set(['cus_late']))
})

test('a move that was rolled back is told to nobody', async () => {
  const endpointId = await endpoint()
  await customer('a')
  await deliver()
  const [grant] = await world.owner<{ organizationId: string }[]>`
    select organization_id from stripe.customers where stripe_customer_id = 'cus_a'`
  const asked = {
    tenantId,
    organizationId: grant!.organizationId,
    product: 'pro',
    reason: 'x',
    actor: { type: 'operator' },
  }
  let pendingInside = 0
  const givenUp = world.app.begin(async (tx) => {
    await issueGrant(tx, asked)
    pendingInside = (await getEndpoint(tx, tenantId, endpointId)).pending
    throw new Error('given up')
  })
  await expect(givenUp).rejects.toThrow('given up')
  expect([pendingInside, (await getEndpoint(world.app, tenantId, endpointId)).pending]).toEqual([1, 0])
})

test('another tenant’s endpoint hears nothing', async () => {
  const [acme] = await world.owner<{ tenantId: string }[]>`
    insert into organization.tenants (tenant_key, name) values ('acme', 'Acme') returning tenant_id`
  const ours = tenantId
  tenantId = acme!.tenantId
  const theirs = await endpoint()
  await customer('a')
  await deliver()
  expect(receiver.received).toEqual([])
  await expect(getEndpoint(world.app, ours, theirs)).rejects.toMatchObject({
    code: 'webhook_endpoint_unknown',
  })
})

test('lost answers, refusals and silence: nothing is missing, and each pool’s moves come in order', async () => {
  const endpointId = await endpoint()
  for (const name of ['a', 'b', 'c']) await customer(name, 'pro', 'standard', 'pro')
  const moves = (await history()).map(({ transitionId }) => transitionId)
  let count = 0
  const manners = [200, 500, 'lost', 200, 'never', 429, 200, 'redirect', 'lost', 200] as const
  receiver.manner = () => manners[count++ % manners.length]!
  await deliverAll(endpointId, { limitMs: 300 })
  expect(moves.length).toBe(15)
  expect(new Set(told())).toEqual(new Set(moves))
  expect(told().length).toBeGreaterThan(moves.length)
  expect(sequences(receiver.received)).toEqual([
    [1, 2, 3, 4, 5],
    [1, 2, 3, 4, 5],
    [1, 2, 3, 4, 5],
  ])
  // Twice told is the same message: its id says so.
  const ids = new Map(receiver.received.map(({ id, body }) => [String(body.data.transition_id), id]))
  for (const { id, body } of receiver.received) expect(id).toBe(ids.get(String(body.data.transition_id)))
  expect(new Set(ids.values()).size).toBe(moves.length)
  expect(receiver.strays).toEqual([])
})

test('stopped in the middle, the next pass goes on: nothing is missing', async () => {
  const endpointId = await endpoint()
  await customer('a', 'pro', 'standard')
  const stop = new AbortController()
  receiver.manner = ({ body }) => {
    if (body.data.sequence !== 2) return 200
    stop.abort()
    return 'never'
  }
  await deliver({ signal: stop.signal })
  expect(sequences(receiver.received)).toEqual([[1, 2]])
  receiver.manner = () => 200
  // No fault of the other side: there is no pause.
  await deliver()
  expect(sequences(receiver.received)).toEqual([[1, 2, 3, 4]])
  expect((await getEndpoint(world.app, tenantId, endpointId)).lastError).toBeNull()
})

test('a message that is refused holds up its own organization alone', async () => {
  await endpoint()
  await customer('bad', 'pro')
  await customer('good', 'pro')
  receiver.manner = ({ body }) => (body.data.customer === 'cus_bad' && body.data.sequence === 2 ? 400 : 200)
  await deliver()
  for (let hour = 0; hour < 5; hour++) {
    minutes(61)
    await deliver()
  }
  await customer('later')
  minutes(2)
  await deliver()
  const of = (name: string) =>
    sequences(receiver.received.filter(({ body }) => body.data.customer === `cus_${name}`))
  expect(of('bad')).toEqual([[1, 2]])
  expect(of('good')).toEqual([[1, 2, 3]])
  expect(of('later')).toEqual([[1, 2]])
})

test('one message that is refused for three days is parked, while others are taken; told to go on, all of it is sent in order', async () => {
  const endpointId = await endpoint()
  await customer('bad', 'pro')
  receiver.manner = ({ body }) => (body.data.customer === 'cus_bad' && body.data.sequence === 2 ? 400 : 200)
  await deliver()
  minutes(71 * 60)
  await customer('good')
  await deliver()
  expect(parked).toEqual([])
  minutes(2 * 60)
  expect(await deliver()).toEqual({ taken: 0, failed: 1, disabled: 0 })
  expect([parked, disabled]).toEqual([[`${endpointId} It answered 400.`], []])
  minutes(200 * 60)
  await customer('later')
  expect(await deliver()).toEqual({ taken: 2, failed: 0, disabled: 0 })
  expect(parked.length).toBe(1)
  receiver.manner = () => 200
  expect(await change(endpointId, { disabled: false })).toMatchObject({ disabledAt: null, pending: 2 })
  await deliver()
  const ofBad = receiver.received.filter(({ body }) => body.data.customer === 'cus_bad')
  expect(sequences(ofBad)).toEqual([[1, 2, 3]])
})

test('where one fails in us, the pass ends only once nobody sends any more', async () => {
  const [one, two] = [await endpoint(), await endpoint()]
  await customer('a')
  await customer('b')
  await world.owner`
    update outbound.deliveries d set first_tried_at = ${new Date(now.getTime() - 80 * 3_600_000)}
    from entitlements.resource_pools p join stripe.customers c using (organization_id)
    where d.endpoint_id = ${one} and d.pool_id = p.pool_id and c.stripe_customer_id = 'cus_a'`
  receiver.manner = ({ body }) => (body.data.customer === 'cus_a' ? 500 : 'never')
  const failing = deliver({
    limitMs: 1_000,
    disabled: () => Promise.reject(new Error('no alarm can be raised')),
  })
  await expect(failing).rejects.toThrow('no alarm can be raised')
  const unanswered = await world.owner<{ endpointId: string }[]>`
    select endpoint_id from outbound.deliveries where last_error = 'It did not answer within 1 s.'`
  expect(unanswered.map(({ endpointId }) => endpointId).sort()).toEqual([one, two].sort())
})

test('an endpoint that takes nothing is asked with one message at a time, and once it is back all is told', async () => {
  const endpointId = await endpoint()
  for (const name of ['a', 'b', 'c', 'd']) await customer(name)
  receiver.manner = () => 503
  await deliver()
  const first = receiver.received.length
  await deliver()
  expect(receiver.received.length).toBe(first)
  minutes(2)
  await deliver()
  expect(receiver.received.length).toBe(first + 1)
  expect((await getEndpoint(world.app, tenantId, endpointId)).lastError).toBe('It answered 503.')
  receiver.manner = () => 200
  await deliverAll(endpointId)
  expect(sequences(receiver.received).length).toBe(4)
})

test('after three days it is disabled and told of; enabled again, it hears all that it missed, in order', async () => {
  const endpointId = await endpoint()
  await customer('a')
  receiver.manner = () => 500
  await deliver()
  minutes(71 * 60)
  await deliver()
  expect(disabled).toEqual([])
  minutes(2 * 60)
  expect(await deliver()).toMatchObject({ disabled: 1 })
  expect(disabled).toEqual([endpointId])
  const off = await getEndpoint(world.app, tenantId, endpointId)
  expect(off).toMatchObject({ disabledWhy: 'failing', pending: 2 })

  await customer('b', 'pro')
  receiver.manner = () => 200
  receiver.received.length = 0
  await deliver()
  expect(receiver.received).toEqual([])
  expect((await getEndpoint(world.app, tenantId, endpointId)).pending).toBe(2)

  expect(await change(endpointId, { disabled: false })).toMatchObject({ disabledAt: null, pending: 5 })
  await deliver()
  expect(new Set(told())).toEqual(new Set((await history()).map(({ transitionId }) => transitionId)))
  expect(sequences(receiver.received)).toEqual([
    [1, 2],
    [1, 2, 3],
  ])
})

test('disabled and enabled while moves go on, nothing is missing and nothing is told in the wrong order', async () => {
  const endpointId = await endpoint()
  const switching = (async () => {
    for (let times = 0; times < 6; times++) await change(endpointId, { disabled: times % 2 === 0 })
  })()
  await Promise.all([
    switching,
    ...['a', 'b', 'c', 'd', 'e', 'f'].map((name) => customer(name, 'pro', 'standard', 'pro')),
  ])
  await deliverAll(endpointId)
  const moves = await history()
  expect(moves.length).toBe(30)
  expect(new Set(told())).toEqual(new Set(moves.map(({ transitionId }) => transitionId)))
  for (const sequence of sequences(receiver.received)) expect(sequence).toEqual([1, 2, 3, 4, 5])
})

test('an endpoint that is deleted leaves nothing behind', async () => {
  const endpointId = await endpoint()
  await customer('a')
  await world.app.begin((tx) => deleteEndpoint(tx, tenantId, endpointId))
  await deliver()
  const left = await world.owner`select from outbound.deliveries`
  expect([receiver.received.length, left.length]).toEqual([0, 0])
})

test('what was taken is known for a week', async () => {
  await endpoint()
  await customer('a')
  await deliver()
  minutes(6 * 24 * 60)
  await deliver()
  expect((await world.owner`select from outbound.deliveries`).length).toBe(2)
  minutes(2 * 24 * 60)
  await deliver()
  expect((await world.owner`select from outbound.deliveries`).length).toBe(0)
})

test('a secret is rotated: for a day the old one and the new one sign, then the new one alone', async () => {
  const endpointId = await endpoint()
  const old = receiver.secret
  const next = await rotate(endpointId)
  expect(next).not.toBe(old)
  minutes(24 * 60 - 1)
  expect([await signedBy(old), await signedBy(next)]).toEqual([true, true])
  expect(await plainSecret(endpointId)).toBe(old)
  minutes(2)
  expect([await signedBy(old), await signedBy(next)]).toEqual([false, true])
  const rows = await world.owner`select secret, next_secret, secret_until from outbound.endpoints`
  expect(rows).toEqual([{ secret: next, nextSecret: null, secretUntil: null }])
})

test('rotated twice within a day, the secret between goes at once, and the old one has a day again', async () => {
  const endpointId = await endpoint()
  const old = receiver.secret
  const between = await rotate(endpointId)
  minutes(23 * 60)
  const next = await rotate(endpointId)
  minutes(23 * 60)
  expect([await signedBy(old), await signedBy(between), await signedBy(next)]).toEqual([true, false, true])
})

test('rotated again once the day is over, before any pass: the secret that had come to stand alone is the old one', async () => {
  const endpointId = await endpoint()
  const first = receiver.secret
  const second = await rotate(endpointId)
  minutes(25 * 60)
  const third = await rotate(endpointId)
  expect([await signedBy(first), await signedBy(second), await signedBy(third)]).toEqual([false, true, true])
})

test('another tenant cannot rotate it', async () => {
  const endpointId = await endpoint()
  const nobody = '6f9619ff-8b86-4011-b42d-00cf4fc964ff'
  expect(await world.app.begin((tx) => rotateSecret(tx, { tenantId: nobody, endpointId, now }))).toBeNull()
  expect(await world.owner`select next_secret from outbound.endpoints`).toEqual([{ nextSecret: null }])
})

test('an endpoint that is disabled loses its old secret too when the day is over', async () => {
  const endpointId = await endpoint()
  const next = await rotate(endpointId)
  await change(endpointId, { disabled: true })
  minutes(25 * 60)
  await deliver()
  expect(await plainSecret(endpointId)).toBe(next)
})

test('an address whose name leads to this machine is not reached where that is not allowed', async () => {
  const endpointId = await endpoint()
  await world.owner`
    update outbound.endpoints set url = ${receiver.url.replace('http://127.0.0.1', 'https://localhost')}`
  await customer('a')
  await deliver({ allowed: 'none' })
  expect(receiver.received).toEqual([])
  expect((await getEndpoint(world.app, tenantId, endpointId)).lastError).toContain('this machine')
})
