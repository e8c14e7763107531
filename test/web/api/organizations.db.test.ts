import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { violations } from '../../support/outcome.ts'
import { event, PRICES, subscription } from '../../support/world.ts'
import { type ApiWorld, apiWorld } from './api-for-test.ts'

let world: ApiWorld
beforeAll(async () => {
  world = await apiWorld()
})
afterAll(async () => {
  expect(await violations(world.owner)).toEqual([])
  await world.close()
})

const nobody = '6f9619ff-8b86-4011-b42d-00cf4fc964ff'

const subscribed = (id: string, customer: string, price: string = PRICES.pro, more: object = {}) =>
  event(
    'customer.subscription.created',
    subscription({ id, customer, items: [[`si_${id}`, price]], ...more }),
  )

async function history(organization: string, query = '') {
  const { body } = await world.ask('GET', `/organizations/${organization}/history${query}`)
  return body.items as unknown as {
    type: string
    to_product: string | null
    actor: string
    reason: string
    cause: { kind: string; id: string }
  }[]
}

describe('an organization is created', () => {
  test('R38: with its pool, on rank 0 of what its type starts on', async () => {
    const made = await world.ask('POST', '/organizations', {
      name: 'Rowers',
      org_type: 'coop',
      organization_key: 'rowers',
    })
    expect(made).toEqual({
      status: 201,
      body: {
        organization_id: expect.any(String),
        organization_key: 'rowers',
        name: 'Rowers',
        org_type: 'coop',
        customers: [],
        created_at: expect.stringMatching(/Z$/),
      },
    })
    const id = made.body.organization_id as string
    expect(await world.ask('GET', `/organizations/${id}`)).toEqual({ ...made, status: 200 })
    expect((await history(id)).map(({ type, to_product }) => [type, to_product])).toEqual([
      ['initiate', 'public-tier'],
    ])
    const found = await world.ask('GET', '/organizations?organization_key=rowers')
    expect(found.body).toEqual({ items: [made.body], next_cursor: null })
  })

  test('its key is taken once: 409; an org type that does not exist: 422', async () => {
    await world.organization({ organization_key: 'twice' })
    const again = await world.ask('POST', '/organizations', {
      name: 'B',
      org_type: 'coop',
      organization_key: 'twice',
    })
    expect([again.status, again.body.code]).toEqual([409, 'organization_key_taken'])
    const typeless = await world.ask('POST', '/organizations', { name: 'B', org_type: 'cop' })
    expect([typeless.status, typeless.body.code]).toEqual([422, 'org_type_unknown'])
  })

  test('the other tenant may have the same key, and sees nothing of this one', async () => {
    const body = { name: 'Theirs', org_type: 'coop', organization_key: 'shared' }
    const ours = (await world.ask('POST', '/organizations', body)).body
    const theirs = (await world.askAsOther('POST', '/organizations', body)).body
    expect(theirs.organization_id).not.toBe(ours.organization_id)
    expect((await world.askAsOther('GET', '/organizations')).body.items).toEqual([theirs])
  })

  test('what waited for an organization of that key is taken up', async () => {
    const waiting = { ...world.parts, autoProvision: null }
    Object.assign(world.parts, { autoProvision: null })
    await world.deliver(
      subscribed('sub_early', 'cus_early', PRICES.pro, { metadata: { organization: 'late' } }),
    )
    expect(await world.tier('cus_early')).toBeNull()
    await world.organization({ organization_key: 'late' })
    await world.takeUpWhatIsDue()
    expect(await world.tier('cus_early')).toBe('pro')
    Object.assign(world.parts, { ...waiting, autoProvision: 'coop' })
  })
})

describe('a customer is linked', () => {
  test('what waited for it is taken up; saying it again changes nothing', async () => {
    Object.assign(world.parts, { autoProvision: null })
    await world.deliver(subscribed('sub_new', 'cus_new'))
    Object.assign(world.parts, { autoProvision: 'coop' })
    const id = await world.organization()
    const linked = await world.ask('POST', `/organizations/${id}/customers`, { customer: 'cus_new' })
    expect([linked.status, linked.body.outcome]).toEqual([201, 'linked'])
    expect(linked.body.organization).toMatchObject({ organization_id: id, customers: ['cus_new'] })
    await world.takeUpWhatIsDue()
    expect(await world.tier('cus_new')).toBe('pro')
    const again = await world.ask('POST', `/organizations/${id}/customers`, { customer: 'cus_new' })
    expect([again.status, again.body.outcome]).toEqual([200, 'already'])
  })

  test('one that belongs to somebody else stays there: 409, and another tenant’s organization is not named', async () => {
    const [ours, other] = [await world.organization(), await world.organization()]
    const theirs = (await world.askAsOther('POST', '/organizations', { name: 'T', org_type: 'coop' })).body
    await world.ask('POST', `/organizations/${ours}/customers`, { customer: 'cus_ours' })
    await world.askAsOther('POST', `/organizations/${theirs.organization_id}/customers`, {
      customer: 'cus_theirs',
    })
    const here = await world.ask('POST', `/organizations/${other}/customers`, { customer: 'cus_ours' })
    expect([here.status, here.body.code]).toEqual([409, 'customer_linked_elsewhere'])
    expect(here.body.detail).toContain(ours)
    const there = await world.ask('POST', `/organizations/${other}/customers`, { customer: 'cus_theirs' })
    expect([there.status, there.body.code]).toEqual([409, 'customer_linked_elsewhere'])
    expect(JSON.stringify(there.body)).not.toContain(theirs.organization_id)
  })
})

describe('an account is transferred', () => {
  test('its subscriptions claim in the other pool from then on, both histories say so, and later events follow', async () => {
    const [from, to] = [
      await world.organization({ name: 'Old Ltd' }),
      await world.organization({ name: 'New Ltd' }),
    ]
    for (const customer of ['cus_t1', 'cus_t2'])
      await world.ask('POST', `/organizations/${from}/customers`, { customer })
    await world.deliver(
      subscribed('sub_t1', 'cus_t1', PRICES.pro),
      event(
        'customer.subscription.created',
        subscription({
          id: 'sub_t2',
          customer: 'cus_t2',
          items: [
            ['si_a', PRICES.standard],
            ['si_b', PRICES.seats, 3],
          ],
        }),
      ),
    )
    const moved = await world.ask('POST', `/organizations/${from}/transfer`, { to, reason: 'sold' })
    expect(moved.status).toBe(200)
    expect(moved.body).toMatchObject({
      from: { organization_id: from, customers: [] },
      to: { organization_id: to, customers: ['cus_t1', 'cus_t2'] },
      customers: ['cus_t1', 'cus_t2'],
      subscriptions: ['sub_t1', 'sub_t2'],
    })
    expect(await world.tier('cus_t1')).toBe('pro')
    const [left, came] = [await history(from), await history(to)]
    expect(left.map(({ type, to_product }) => [type, to_product])).toEqual([
      ['initiate', 'public-tier'],
      ['upgrade', 'pro'],
      ['end', null],
      ['initiate', 'public-tier'],
    ])
    expect(left[2]).toMatchObject({
      actor: 'Olga',
      reason: 'Transferred to New Ltd: sold',
      cause: { kind: 'organization', id: to },
    })
    expect(came.at(-1)).toMatchObject({
      type: 'upgrade',
      to_product: 'pro',
      actor: 'Olga',
      reason: 'Transferred from Old Ltd: sold',
      cause: { kind: 'organization', id: from },
    })
    const addons = await world.app`
      select r.organization_id, v.quantity from entitlements.pool_provisions v join entitlements.resource_pools r using (pool_id)
      join billing.products p using (product_id) where p.product_key = 'seats' and v.ended_at is null
        and r.organization_id = any(${[from, to]}::uuid[])`
    expect(addons).toEqual([{ organizationId: to, quantity: 3 }])

    // The second one pays for less: it is there, and falls in when the first ends.
    await world.deliver(
      event(
        'customer.subscription.deleted',
        subscription({ id: 'sub_t1', customer: 'cus_t1', status: 'canceled' }),
      ),
    )
    expect((await history(to)).at(-1)).toMatchObject({ type: 'downgrade', to_product: 'standard' })
    expect(await history(from)).toHaveLength(4)
    const accounts = await world.app`
      select distinct account_id from billing.subscriptions join stripe.subscriptions using (subscription_id)
      where stripe_subscription_id in ('sub_t1', 'sub_t2')`
    expect(accounts).toEqual([{ accountId: to }])
    const { body } = await world.ask('GET', `/organizations/${to}/subscription-changes`)
    expect((body.items as unknown as { kind: string }[]).map(({ kind }) => kind)).toEqual(['ended'])
  })

  test('a subscription that comes to a pool takes over from a grant of the same tier there', async () => {
    const [from, to] = [await world.organization(), await world.organization()]
    await world.ask('POST', `/organizations/${from}/customers`, { customer: 'cus_t3' })
    await world.deliver(subscribed('sub_t3', 'cus_t3'))
    await world.ask('POST', `/organizations/${to}/grants`, { product: 'pro', reason: 'a gift' })
    await world.ask('POST', `/organizations/${from}/transfer`, {
      to,
      reason: 'merged',
      customers: ['cus_t3'],
    })
    const { body } = await world.ask('GET', `/enrollments?organization=${to}`)
    expect(body.items).toMatchObject([{ product: 'pro', holder: { kind: 'subscription', id: 'sub_t3' } }])
    expect((await history(to)).at(-1)).toMatchObject({ type: 'extend' })
  })

  test('grants stay with whom they were given to', async () => {
    const [from, to] = [await world.organization(), await world.organization()]
    await world.ask('POST', `/organizations/${from}/customers`, { customer: 'cus_t4' })
    await world.deliver(subscribed('sub_t4', 'cus_t4'))
    await world.ask('POST', `/organizations/${from}/grants`, { product: 'standard', reason: 'a gift' })
    await world.ask('POST', `/organizations/${from}/transfer`, { to, reason: 'sold' })
    expect((await history(from)).at(-1)).toMatchObject({ type: 'downgrade', to_product: 'standard' })
  })

  test.each([
    [404, 'organization_unknown', (_: string) => nobody, {}],
    [422, 'organization_unknown', (id: string) => id, { to: nobody }],
    [409, 'nothing_to_transfer', (id: string) => id, {}],
  ])('%i %s', async (status, code, from, more) => {
    const [id, to] = [await world.organization(), await world.organization()]
    const answer = await world.ask('POST', `/organizations/${from(id)}/transfer`, {
      to,
      reason: 'x',
      ...more,
    })
    expect([answer.status, answer.body.code]).toEqual([status, code])
  })

  test('to itself, with somebody else’s customer, or to another tenant: refused, and nothing moves', async () => {
    const [id, to] = [await world.organization(), await world.organization()]
    const theirs = (await world.askAsOther('POST', '/organizations', { name: 'T', org_type: 'coop' })).body
    await world.ask('POST', `/organizations/${id}/customers`, { customer: 'cus_t5' })
    const cases = [
      [{ to: id }, 'transfer_to_itself'],
      [{ to, customers: ['cus_t1'] }, 'customer_not_linked'],
      [{ to: theirs.organization_id }, 'organization_unknown'],
    ] as const
    for (const [more, code] of cases) {
      const answer = await world.ask('POST', `/organizations/${id}/transfer`, { reason: 'x', ...more })
      expect([answer.status, answer.body.code]).toEqual([422, code])
    }
    expect((await world.ask('GET', `/organizations/${id}`)).body.customers).toEqual(['cus_t5'])
  })
})

describe('what happened', () => {
  test('R67: the history comes page by page, each row once, in order; one ladder alone if asked', async () => {
    const id = await world.organization()
    await world.ask('POST', `/organizations/${id}/customers`, { customer: 'cus_h' })
    await world.deliver(subscribed('sub_h', 'cus_h', PRICES.both))
    await world.deliver(
      event(
        'customer.subscription.deleted',
        subscription({ id: 'sub_h', customer: 'cus_h', status: 'canceled' }),
      ),
    )
    const all = await history(id)
    expect(all.length).toBe(6)
    const seen: unknown[] = []
    let cursor: unknown = null
    do {
      const query: string = cursor === null ? '' : `&cursor=${cursor}`
      const { body } = await world.ask('GET', `/organizations/${id}/history?limit=4${query}`)
      seen.push(...(body.items as unknown as unknown[]))
      cursor = body.next_cursor
    } while (cursor !== null)
    expect(seen).toEqual(all)
    expect((await history(id, '?ladder=support')).map(({ type }) => type)).toEqual(['initiate', 'end'])
  })

  test('R55: what changed commercially is listed beside it, page by page', async () => {
    const id = await world.organization()
    await world.ask('POST', `/organizations/${id}/customers`, { customer: 'cus_c' })
    const before = subscription({ id: 'sub_c', customer: 'cus_c', items: [['si_c', PRICES.standard]] })
    const after = subscription({ id: 'sub_c', customer: 'cus_c', items: [['si_c', PRICES.pro]] })
    const created = event('customer.subscription.created', before, { created: 1_800_000_000 })
    const updated = event('customer.subscription.updated', after, {
      created: 1_800_000_100,
      previous: { items: before.items as object },
    })
    await world.deliver(created, updated)
    const { body } = await world.ask('GET', `/organizations/${id}/subscription-changes`)
    expect(body.items).toMatchObject([
      {
        subscription: 'sub_c',
        event: created.id,
        kind: 'created',
        source: 'event',
        occurred_at: '2027-01-15T08:00:00.000Z',
      },
      {
        subscription: 'sub_c',
        event: updated.id,
        kind: 'price',
        item: 'si_c',
        currency: 'eur',
        interval: 'month',
      },
    ])
    const first = await world.ask('GET', `/organizations/${id}/subscription-changes?limit=1`)
    const second = await world.ask(
      'GET',
      `/organizations/${id}/subscription-changes?limit=1&cursor=${first.body.next_cursor}`,
    )
    expect([...(first.body.items as unknown as []), ...(second.body.items as unknown as [])]).toEqual(
      body.items,
    )
    expect(second.body.next_cursor).toBeNull()
    const none = await world.ask('GET', `/organizations/${id}/subscription-changes?subscription=sub_other`)
    expect(none.body.items).toEqual([])
  })
})
