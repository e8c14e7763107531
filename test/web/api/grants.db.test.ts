import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { violations } from '../../support/outcome.ts'
import { event, PRICES, subscription } from '../../support/world.ts'
import { type ApiWorld, apiWorld } from './api-for-test.ts'

let world: ApiWorld
let id: string
const rung: { grantId: string; at: Date }[] = []
beforeAll(async () => {
  world = await apiWorld({ ringExpiry: (expiry) => rung.push(expiry) })
})
afterAll(async () => {
  expect(await violations(world.owner)).toEqual([])
  await world.close()
})
beforeEach(async () => {
  rung.length = 0
  id = await world.organization()
})

const tomorrow = () => new Date(Date.now() + 86_400_000).toISOString()
const ask = (method: string, path: string, body?: unknown) =>
  world.ask(method, `/organizations/${id}${path}`, body)
const refusal = async (path: string, body: unknown) => {
  const { status, body: told } = await ask('POST', path, body)
  return [status, told.code]
}
async function place(ladder = 'core') {
  const { body } = await world.ask('GET', `/enrollments?organization=${id}&ladder=${ladder}`)
  return (body.items as unknown as { product: string; holder: { kind: string; id: string } }[])[0]
}
async function pays(customer: string, price: string) {
  await ask('POST', '/customers', { customer })
  const told = subscription({ id: `sub_${customer}`, customer, items: [[`si_${customer}`, price]] })
  await world.deliver(event('customer.subscription.created', told))
}

describe('grants', () => {
  test('R43, R44: with an end it is a trial, and rung for; without one it is manual, and is not', async () => {
    const until = tomorrow()
    const trial = await ask('POST', '/grants', { product: 'standard', reason: 'try it', valid_until: until })
    expect(trial).toMatchObject({
      status: 201,
      body: {
        organization_id: id,
        product: 'standard',
        grant_reason: 'trial',
        valid_until: until,
        extends_grant_id: null,
        places: [{ ladder: 'core', outcome: 'holds', product: 'standard', rank: 1 }],
        moves: [
          { ladder: 'core', type: 'upgrade', from_rank: 0, to_rank: 1, reason: 'try it', by_default: false },
        ],
      },
    })
    expect(rung).toEqual([{ grantId: trial.body.grant_id, at: new Date(until) }])
    const manual = await ask('POST', '/grants', { product: 'pro', reason: 'a friend' })
    expect(manual.body).toMatchObject({ grant_reason: 'manual', valid_until: null })
    expect(rung).toHaveLength(1)
    const { body } = await ask('GET', '/history')
    expect((body.items as unknown as object[]).at(-1)).toMatchObject({
      type: 'upgrade',
      actor: 'Olga',
      reason: 'a friend',
    })
  })

  test('below what is paid for it is accepted and held, and the answer says so', async () => {
    await pays('cus_below', PRICES.pro)
    const { status, body } = await ask('POST', '/grants', { product: 'standard', reason: 'a gift' })
    expect(status).toBe(201)
    expect(body.places).toMatchObject([{ outcome: 'held', product: 'pro', because: 'Pro is paid for' }])
    expect(body.moves).toEqual([])
  })

  test('R52: a product that is no plan is not issued here, and a plan is not given flat: both name Enrollment', async () => {
    const issued = await ask('POST', '/grants', { product: 'seats', reason: 'x' })
    expect([issued.status, issued.body.code]).toEqual([422, 'product_not_plan'])
    const flat = await ask('POST', '/flat-grants', { product: 'pro', reason: 'x' })
    expect([flat.status, flat.body.code]).toEqual([422, 'product_is_plan'])
    for (const { body } of [issued, flat]) expect(`${body.detail} ${body.next}`).toContain('Enrollment')
  })

  test('D20: on the present tier it is refused and points to Extend', async () => {
    await ask('POST', '/grants', { product: 'pro', reason: 'x' })
    const again = await ask('POST', '/grants', { product: 'pro', reason: 'x' })
    expect([again.status, again.body.code]).toEqual([409, 'already_on_tier'])
    expect(again.body.next).toContain('Extend')
  })

  test('R46: revoked, the place falls to the best that is left; again it is already so', async () => {
    const { body } = await ask('POST', '/grants', { product: 'pro', reason: 'x' })
    const path = `/grants/${body.grant_id}/revoke`
    const done = await ask('POST', path, { reason: 'enough' })
    expect(done).toMatchObject({ status: 200, body: { outcome: 'revoked', organization_id: id } })
    expect(
      (done.body.moves as { type: string; by_default: boolean }[]).map(({ type, by_default }) => [
        type,
        by_default,
      ]),
    ).toEqual([
      ['end', false],
      ['initiate', true],
    ])
    expect((await ask('POST', path, { reason: 'enough' })).body).toMatchObject({
      outcome: 'already',
      moves: [],
    })
  })

  test('R47, R49: a grant is extended by a new one, whose lineage names it', async () => {
    const first = await ask('POST', '/grants', { product: 'pro', reason: 'a', valid_until: tomorrow() })
    const second = await ask('POST', `/grants/${first.body.grant_id}/extend`, {
      reason: 'b',
      valid_until: tomorrow(),
    })
    expect(second).toMatchObject({
      status: 201,
      body: { grant_reason: 'extension', extends_grant_id: first.body.grant_id },
    })
    const third = await ask('POST', '/extend', { reason: 'c' })
    expect(third.body).toMatchObject({ extends_grant_id: second.body.grant_id, valid_until: null })
    const { body } = await ask('GET', `/grants/${third.body.grant_id}`)
    expect(body).toMatchObject({ grant_id: third.body.grant_id, product: 'pro', live: true, holds: ['core'] })
    expect((body.ancestors as { grant_id: string }[]).map(({ grant_id }) => grant_id)).toEqual([
      second.body.grant_id,
      first.body.grant_id,
    ])
    expect(await refusal(`/grants/${first.body.grant_id}/extend`, { reason: 'd' })).toEqual([
      409,
      'grant_closed',
    ])
    const live = (await ask('GET', '/grants')).body.items as unknown as { grant_id: string }[]
    expect(live.map(({ grant_id }) => grant_id)).toEqual([third.body.grant_id])
    expect((await ask('GET', '/grants?past=true')).body.items).toHaveLength(4)
  })

  test('nothing is there to extend for who stands nowhere; of several ladders one has to be named', async () => {
    await world.ask('POST', '/org-types', { key: 'none', name: 'None' })
    id = await world.organization({ org_type: 'none' })
    expect(await refusal('/extend', { reason: 'x' })).toEqual([409, 'nothing_to_extend'])
    await ask('POST', '/grants', { product: 'both', reason: 'x' })
    expect(await refusal('/extend', { reason: 'y', ladder: 'support' })).toEqual([201, undefined])
    await ask('POST', '/grants', { product: 'gold', reason: 'x' })
    expect(await refusal('/extend', { reason: 'y' })).toEqual([422, 'ladder_needed'])
  })

  test('an end that has passed is refused: 422', async () => {
    const body = { product: 'pro', reason: 'x', valid_until: '2020-01-01T00:00:00Z' }
    expect(await refusal('/grants', body)).toEqual([422, 'valid_until_past'])
  })
})

describe('forced transitions', () => {
  test('at least: a grant on that ladder alone', async () => {
    const { status, body } = await ask('POST', '/transitions', {
      ladder: 'core',
      product: 'both',
      mode: 'at_least',
      reason: 'court order',
    })
    expect(status).toBe(201)
    expect(body).toMatchObject({ mode: 'at_least', grant_reason: 'manual', places: [{ ladder: 'core' }] })
    expect(await place()).toMatchObject({ product: 'both' })
    expect(await place('support')).toBeUndefined()
  })

  test('at most: a ceiling, with those who pay above it; lifted, they are back', async () => {
    await pays('cus_above', PRICES.pro)
    const { body } = await ask('POST', '/transitions', {
      ladder: 'core',
      product: 'standard',
      mode: 'at_most',
      reason: 'abuse',
    })
    expect(body).toMatchObject({
      mode: 'at_most',
      product: 'standard',
      paid_above: [{ subscription: 'sub_cus_above', pays: 'pro', stands: 'standard' }],
      moves: [{ type: 'downgrade', from_rank: 2, to_rank: 1 }],
    })
    expect((await ask('GET', '/ceilings')).body.items).toMatchObject([
      { ceiling_id: body.ceiling_id, product: 'standard', live: true },
    ])
    const lifted = await ask('POST', `/ceilings/${body.ceiling_id}/lift`, { reason: 'settled' })
    expect(lifted.body).toMatchObject({ outcome: 'lifted', moves: [{ type: 'upgrade', to_rank: 2 }] })
    expect((await ask('POST', `/ceilings/${body.ceiling_id}/lift`, { reason: 'x' })).body).toMatchObject({
      outcome: 'already',
    })
    expect((await ask('GET', '/ceilings')).body.items).toEqual([])
    expect((await ask('GET', '/ceilings?past=true')).body.items).toHaveLength(1)
  })

  test.each([
    [{ ladder: 'none' }, 404, 'ladder_unknown'],
    [{ product: 'none' }, 404, 'product_unknown'],
    [{ product: 'gold' }, 422, 'product_not_on_ladder'],
    [{ product: 'seats' }, 422, 'product_not_plan'],
    [{ mode: 'exactly' }, 400, 'invalid_body'],
  ])('%o: %i %s', async (more, status, code) => {
    const body = { ladder: 'core', product: 'pro', mode: 'at_least', reason: 'x', ...more }
    expect(await refusal('/transitions', body)).toEqual([status, code])
  })
})

describe('what is given beside ladders', () => {
  test('R31: such grants stack, end by themselves or are taken back, and stand apart from plans', async () => {
    await ask('POST', '/grants', { product: 'pro', reason: 'x' })
    const two = await ask('POST', '/flat-grants', { product: 'seats', quantity: 2, reason: 'thanks' })
    expect(two).toMatchObject({
      status: 201,
      body: { organization_id: id, product: 'seats', quantity: 2, valid_until: null },
    })
    const until = tomorrow()
    const one = await ask('POST', '/flat-grants', { product: 'seats', reason: 'thanks', valid_until: until })
    expect(rung).toEqual([{ grantId: one.body.grant_id, at: new Date(until) }])
    const listed = async () =>
      (
        (await ask('GET', '/flat-grants')).body.items as unknown as { grant_id: string; quantity: number }[]
      ).map(({ quantity }) => quantity)
    expect(await listed()).toEqual([1, 2])
    const path = `/flat-grants/${two.body.grant_id}/revoke`
    expect((await ask('POST', path, { reason: 'over' })).body).toMatchObject({
      outcome: 'revoked',
      moves: [],
    })
    expect(await listed()).toEqual([1])
    expect(await refusal('/flat-grants', { product: 'seats', quantity: 0, reason: 'x' })).toEqual([
      400,
      'invalid_body',
    ])
  })
})

test('a grant of another organization is none of this one’s, even in the same tenant', async () => {
  const { body } = await ask('POST', '/grants', { product: 'pro', reason: 'x' })
  id = await world.organization()
  for (const path of [
    `/grants/${body.grant_id}/revoke`,
    `/grants/${body.grant_id}/extend`,
    `/flat-grants/${body.grant_id}/revoke`,
  ])
    expect(await refusal(path, { reason: 'x' })).toEqual([404, 'grant_unknown'])
  expect((await ask('GET', `/grants/${body.grant_id}`)).status).toBe(404)
})
