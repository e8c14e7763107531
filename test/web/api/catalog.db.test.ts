import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { event, PRICES, subscription } from '../../support/world.ts'
import { type ApiWorld, apiWorld } from './api-for-test.ts'

let world: ApiWorld
beforeAll(async () => {
  world = await apiWorld()
})
afterAll(() => world.close())

let made = 0
const newKey = (what: string) => `${what}-${++made}`

async function product(more: object = {}) {
  const key = newKey('product')
  await world.ask('POST', '/products', { key, name: key, ...more })
  return key
}
/** A ladder with published tiers, rank 0 first. */
async function ladder(count = 2) {
  const key = newKey('ladder')
  await world.ask('POST', '/ladders', { key, name: key })
  const tiers: string[] = []
  for (let rank = 0; rank < count; rank++) {
    const tier = await product()
    await world.ask('POST', `/products/${tier}/publish-and-attach`, { ladder: key, rank })
    tiers.push(tier)
  }
  return { key, tiers }
}
const refusal = async (method: string, path: string, body?: unknown) => {
  const { status, body: told } = await world.ask(method, path, body)
  return [status, told.code]
}
const tiersOf = async (key: string) => {
  const { body } = await world.ask('GET', `/ladders/${key}`)
  return (body.tiers as { product: string; rank: number }[]).map(({ product, rank }) => [rank, product])
}

describe('products', () => {
  test('a product begins as a draft, with what it includes', async () => {
    const key = newKey('product')
    const answer = await world.ask('POST', '/products', {
      key,
      name: 'Storage',
      type: 'addon',
      features: { gigabytes: 50, backups: true },
    })
    expect(answer).toMatchObject({
      status: 201,
      body: { key, name: 'Storage', type: 'addon', kind: 'addon', status: 'draft', ladders: [] },
    })
    expect(answer.body.features).toEqual({ gigabytes: 50, backups: true })
    expect((await world.ask('GET', `/products/${key}`)).body).toEqual(answer.body)
    expect(await refusal('POST', '/products', { key, name: 'Again' })).toEqual([409, 'product_key_taken'])
  })

  test('R9: what has no type and is no tier cannot be published: 422; raw SQL can, because it is no schema’s affair', async () => {
    const key = await product()
    expect(await refusal('POST', `/products/${key}/publish`)).toEqual([422, 'product_without_type'])
    await world.owner`update billing.products set lifecycle_status = 'published' where product_key = ${key}`
    await world.ask('PATCH', `/products/${key}`, { type: 'usage' })
    expect((await world.ask('GET', `/products/${key}`)).body).toMatchObject({
      kind: 'usage',
      status: 'published',
    })
    expect(await refusal('PATCH', `/products/${key}`, { type: null })).toEqual([422, 'product_without_type'])
  })

  test('R9: one with a type is published, and again without a change', async () => {
    const key = await product({ type: 'one_time' })
    const first = await world.ask('POST', `/products/${key}/publish`)
    expect(first).toMatchObject({ status: 200, body: { status: 'published' } })
    expect(await world.ask('POST', `/products/${key}/publish`)).toEqual(first)
  })

  test('D11: publish & attach does both in one step, or neither', async () => {
    const { key, tiers } = await ladder(1)
    const next = await product()
    expect(await refusal('POST', `/products/${next}/publish-and-attach`, { ladder: key, rank: 0 })).toEqual([
      409,
      'rank_taken',
    ])
    expect((await world.ask('GET', `/products/${next}`)).body).toMatchObject({ status: 'draft', kind: null })
    const { body } = await world.ask('POST', `/products/${next}/publish-and-attach`, { ladder: key, rank: 1 })
    expect(body).toMatchObject({ status: 'published', kind: 'plan', ladders: [{ ladder: key, rank: 1 }] })
    expect(await tiersOf(key)).toEqual([
      [0, tiers[0]],
      [1, next],
    ])
  })

  test('a change names what changes: a feature more, one less, another name; the rest stays', async () => {
    const key = await product({ type: 'addon', features: { seats: 5, api: true } })
    const { body } = await world.ask('PATCH', `/products/${key}`, {
      name: 'Seats',
      features: { seats: 10, api: null, sso: 'unlimited' },
    })
    expect(body).toMatchObject({ name: 'Seats', type: 'addon' })
    expect(body.features).toEqual({ seats: 10, sso: 'unlimited' })
  })

  test('R7: a tier has no type, and a type is never called plan', async () => {
    const { key, tiers } = await ladder(1)
    expect(await refusal('PATCH', `/products/${tiers[0]}`, { type: 'addon' })).toEqual([422, 'tier_has_type'])
    const addon = await product({ type: 'addon' })
    expect(await refusal('PUT', `/ladders/${key}/tiers/${addon}`, { rank: 5 })).toEqual([
      422,
      'tier_has_type',
    ])
    const { status, body } = await world.ask('POST', '/products', {
      key: newKey('p'),
      name: 'P',
      type: 'plan',
    })
    expect([status, body.code]).toEqual([400, 'invalid_body'])
    expect(body.detail).toContain('a plan has no type')
  })

  test('retiring moves nobody, and what is retired is not attached anew', async () => {
    await world.deliver(
      event(
        'customer.subscription.created',
        subscription({ id: 'sub_r', customer: 'cus_r', items: [['si_r', PRICES.gold]] }),
      ),
    )
    expect((await world.ask('POST', '/products/gold/retire')).body).toMatchObject({ status: 'retired' })
    expect(await world.tier('cus_r', 'support')).toBe('gold')
    const gone = await product()
    await world.ask('POST', `/products/${gone}/retire`)
    expect(await refusal('PUT', `/ladders/support/tiers/${gone}`, { rank: 9 })).toEqual([
      422,
      'product_retired',
    ])
    await world.ask('POST', '/products/gold/publish')
  })

  test('D11: rank 0 of a default ladder is not retired: 409', async () => {
    expect(await refusal('POST', '/products/public-tier/retire')).toEqual([409, 'default_not_published'])
    expect((await world.ask('GET', '/products/public-tier')).body).toMatchObject({ status: 'published' })
  })

  test('the list narrows by kind and status, and comes page by page', async () => {
    const keys = async (query: string) =>
      ((await world.ask('GET', `/products?${query}`)).body.items as unknown as { key: string }[]).map(
        ({ key }) => key,
      )
    expect(await keys('kind=plan&limit=200')).toEqual(
      expect.arrayContaining(['both', 'gold', 'pro', 'public-tier']),
    )
    expect(await keys('kind=plan&limit=200')).not.toContain('seats')
    const draft = await product()
    expect(await keys('kind=none&status=draft&limit=200')).toContain(draft)
    const first = await world.ask('GET', '/products?limit=2')
    const second = await world.ask('GET', `/products?limit=2&cursor=${first.body.next_cursor}`)
    const seen = [first, second].flatMap(({ body }) =>
      (body.items as unknown as { key: string }[]).map(({ key }) => key),
    )
    expect(seen).toEqual([...seen].sort())
    expect(new Set(seen).size).toBe(4)
  })
})

describe('ladders', () => {
  test('R57: a ladder has a unique kebab-case slug, a name and perhaps a description', async () => {
    const key = newKey('ladder')
    const answer = await world.ask('POST', '/ladders', { key, name: 'Core 2', description: 'for tests' })
    expect(answer).toMatchObject({
      status: 201,
      body: { key, name: 'Core 2', description: 'for tests', tiers: [] },
    })
    expect(await refusal('POST', '/ladders', { key, name: 'Again' })).toEqual([409, 'ladder_key_taken'])
    for (const wrong of ['Core', 'two words', 'under_score', '-x', 'x-', '', 'ä'])
      expect(await refusal('POST', '/ladders', { key: wrong, name: 'W' })).toEqual([400, 'invalid_body'])
    const { body } = await world.ask('PATCH', `/ladders/${key}`, { name: 'Renamed', description: null })
    expect(body).toMatchObject({ name: 'Renamed', description: null })
  })

  test('R59, D15: two ranks are swapped in one call; one alone would be taken', async () => {
    const { key, tiers } = await ladder(2)
    const [low, high] = tiers as [string, string]
    expect(await refusal('PUT', `/ladders/${key}/tiers/${low}`, { rank: 1 })).toEqual([409, 'rank_taken'])
    const swap = [
      { product: low, rank: 1 },
      { product: high, rank: 0 },
    ]
    expect((await world.ask('PUT', `/ladders/${key}/tiers`, { tiers: swap })).status).toBe(200)
    expect(await tiersOf(key)).toEqual([
      [0, high],
      [1, low],
    ])
    const twice = [
      { product: low, rank: 4 },
      { product: high, rank: 4 },
    ]
    expect(await refusal('PUT', `/ladders/${key}/tiers`, { tiers: twice })).toEqual([422, 'tier_twice'])
  })

  test('D11: the API attaches a draft too', async () => {
    const { key } = await ladder(1)
    const draft = await product()
    const { body } = await world.ask('PUT', `/ladders/${key}/tiers/${draft}`, { rank: 3 })
    expect(body.tiers).toMatchObject([
      { rank: 0 },
      { rank: 3, product: draft, status: 'draft', attachments: 0 },
    ])
  })

  test('R60: a tier goes only when nobody stands on it: 409 with the count', async () => {
    await world.deliver(
      event(
        'customer.subscription.created',
        subscription({ id: 'sub_on', customer: 'cus_on', items: [['si_on', PRICES.standard]] }),
      ),
    )
    const refused = await world.ask('DELETE', '/ladders/core/tiers/standard')
    expect([refused.status, refused.body.code]).toEqual([409, 'tier_in_use'])
    expect(refused.body.detail).toContain('1 organization stands on standard')
    const { key, tiers } = await ladder(2)
    expect((await world.ask('DELETE', `/ladders/${key}/tiers/${tiers[1]}`)).status).toBe(200)
    expect(await tiersOf(key)).toEqual([[0, tiers[0]]])
    expect(await refusal('DELETE', `/ladders/${key}/tiers/${tiers[1]}`)).toEqual([404, 'tier_unknown'])
  })

  test('R60: past_due and suspended are attachments too (D16)', async () => {
    const { key, tiers } = await ladder(2)
    const price = newKey('price')
    await mapped(price, tiers[1]!)
    await world.deliver(
      event(
        'customer.subscription.created',
        subscription({ id: 'sub_un', customer: 'cus_un', status: 'unpaid', items: [['si_un', price]] }),
      ),
    )
    expect(await refusal('DELETE', `/ladders/${key}/tiers/${tiers[1]}`)).toEqual([409, 'tier_in_use'])
  })

  test('a tier that somebody pays for and does not stand on for now is kept as well', async () => {
    const { key, tiers } = await ladder(3)
    const price = newKey('price')
    await mapped(price, tiers[1]!)
    await world.deliver(
      event(
        'customer.subscription.created',
        subscription({ id: 'sub_held', customer: 'cus_held', items: [['si_held', price]] }),
      ),
    )
    const { body } = await world.ask('GET', '/organizations?customer=cus_held')
    const [{ organization_id: id }] = body.items as unknown as [{ organization_id: string }]
    await world.ask('POST', `/organizations/${id}/grants`, { product: tiers[2], reason: 'a gift' })
    expect(await world.tier('cus_held', key)).toBe(tiers[2])
    expect(await refusal('DELETE', `/ladders/${key}/tiers/${tiers[1]}`)).toEqual([409, 'tier_claimed'])
  })

  test('a ceiling keeps its tier', async () => {
    const { key, tiers } = await ladder(2)
    const id = await world.organization()
    const ceiling = { ladder: key, product: tiers[1], mode: 'at_most', reason: 'agreed' }
    expect((await world.ask('POST', `/organizations/${id}/transitions`, ceiling)).status).toBe(201)
    expect(await refusal('DELETE', `/ladders/${key}/tiers/${tiers[1]}`)).toEqual([409, 'tier_is_ceiling'])
  })

  test('R61: a ladder goes with its tiers, only when nobody stands on any', async () => {
    const { key, tiers } = await ladder(2)
    const id = await world.organization()
    const grant = await world.ask('POST', `/organizations/${id}/grants`, {
      product: tiers[1],
      reason: 'a gift',
    })
    expect(await refusal('DELETE', `/ladders/${key}`)).toEqual([409, 'tier_in_use'])
    await world.ask('POST', `/organizations/${id}/grants/${grant.body.grant_id}/revoke`, { reason: 'over' })
    // D13: it was used, and its history names it.
    expect(await world.ask('DELETE', `/ladders/${key}`)).toMatchObject({
      status: 200,
      body: { outcome: 'deactivated' },
    })
    expect(await refusal('GET', `/ladders/${key}`)).toEqual([404, 'ladder_unknown'])
    const [row] = await world.app`
      select is_active, (select count(*) from billing.plan_ladder_tiers t where t.plan_ladder_id = l.plan_ladder_id) as tiers
      from billing.plan_ladders l where ladder_key = ${key}`
    expect(row).toEqual({ isActive: false, tiers: 0 })
    expect((await world.ask('GET', `/organizations/${id}/history?ladder=${key}`)).body.items).toHaveLength(2)
    expect((await world.ask('POST', '/ladders', { key, name: 'Back' })).status).toBe(201)
  })

  test('D13: one that was never used is deleted; one that an org type starts on is not', async () => {
    const { key } = await ladder(1)
    await world.ask('POST', '/org-types', { key, name: 'T', default_ladder: key })
    expect(await refusal('DELETE', `/ladders/${key}`)).toEqual([409, 'ladder_is_default'])
    await world.ask('PUT', `/org-types/${key}/default-ladder`, { ladder: null })
    expect((await world.ask('DELETE', `/ladders/${key}`)).body).toEqual({ outcome: 'deleted', key })
    expect(await world.app`select from billing.plan_ladders where ladder_key = ${key}`).toHaveLength(0)
  })

  test('a default ladder keeps its rank 0, and that published (D11)', async () => {
    const { key, tiers } = await ladder(2)
    await world.ask('POST', '/org-types', { key, name: 'T', default_ladder: key })
    expect(await refusal('DELETE', `/ladders/${key}/tiers/${tiers[0]}`)).toEqual([
      409,
      'default_without_rank_0',
    ])
    expect(await refusal('PUT', `/ladders/${key}/tiers/${tiers[0]}`, { rank: 7 })).toEqual([
      409,
      'default_without_rank_0',
    ])
    const draft = await product()
    const swap = [
      { product: tiers[0], rank: 7 },
      { product: draft, rank: 0 },
    ]
    expect(await refusal('PUT', `/ladders/${key}/tiers`, { tiers: swap })).toEqual([
      409,
      'default_not_published',
    ])
    expect(await tiersOf(key)).toEqual(tiers.map((tier, rank) => [rank, tier]))
  })

  test('a product that is given beside ladders does not become a tier under its holders', async () => {
    const { key } = await ladder(1)
    const flat = await product({ type: 'addon' })
    await world.ask('POST', `/products/${flat}/publish`)
    const id = await world.organization()
    expect(
      (await world.ask('POST', `/organizations/${id}/flat-grants`, { product: flat, reason: 'a gift' }))
        .status,
    ).toBe(201)
    await world.ask('POST', `/products/${flat}/retire`)
    expect((await world.ask('PATCH', `/products/${flat}`, { type: null })).status).toBe(200)
    expect(await refusal('POST', `/products/${flat}/publish-and-attach`, { ladder: key, rank: 4 })).toEqual([
      409,
      'product_held_flat',
    ])
    expect((await world.ask('GET', `/products/${flat}`)).body).toMatchObject({ status: 'retired' })
  })

  test('what waited for a product to be something is taken up when it becomes a tier', async () => {
    const [waiting, price] = [await product(), newKey('price')]
    await mapped(price, waiting)
    const told = event(
      'customer.subscription.created',
      subscription({ id: 'sub_w', customer: 'cus_w', items: [['si_w', price]] }),
    )
    await world.deliver(told)
    expect(await world.markers(told.id)).toMatchObject({
      enrollment: `waiting price:${price} product_without_kind`,
    })
    const { key } = await ladder(1)
    await world.ask('POST', `/products/${waiting}/publish-and-attach`, { ladder: key, rank: 1 })
    await world.takeUpWhatIsDue()
    expect(await world.tier('cus_w', key)).toBe(waiting)
  })
})

async function mapped(price: string, productKey: string): Promise<void> {
  await world.owner`
    with made as (
      insert into billing.prices (product_id) select product_id from billing.products where product_key = ${productKey}
      returning price_id
    )
    insert into stripe.prices (stripe_price_id, price_id) select ${price}, price_id from made`
}

describe('org types', () => {
  test('R33, R39, R62: the default is a ladder and never a product, and counts for new organizations only', async () => {
    const { key, tiers } = await ladder(2)
    const made = await world.ask('POST', '/org-types', { key, name: 'Guild', default_ladder: null })
    expect(made).toEqual({ status: 201, body: { key, name: 'Guild', default_ladder: null } })
    const before = await world.organization({ org_type: key })
    expect(await refusal('PUT', `/org-types/${key}/default-ladder`, { ladder: tiers[0] })).toEqual([
      422,
      'ladder_unknown',
    ])
    const set = await world.ask('PUT', `/org-types/${key}/default-ladder`, { ladder: key })
    expect(set.body).toMatchObject({ default_ladder: key })
    const after = await world.organization({ org_type: key })
    const places = async (id: string) =>
      (await world.ask('GET', `/enrollments?organization=${id}`)).body.items
    expect(await places(before)).toEqual([])
    expect(await places(after)).toMatchObject([{ product: tiers[0] }])
    await world.ask('PUT', `/ladders/${key}/tiers`, {
      tiers: [
        { product: tiers[0], rank: 1 },
        { product: tiers[1], rank: 0 },
      ],
    })
    expect(await places(await world.organization({ org_type: key }))).toMatchObject([{ product: tiers[1] }])
    expect(await places(after)).toMatchObject([{ product: tiers[0] }])
  })

  test('a ladder that could give nothing is no default: 409; R35: none at all is one', async () => {
    const empty = newKey('ladder')
    await world.ask('POST', '/ladders', { key: empty, name: 'Empty' })
    const type = { key: newKey('type'), name: 'T', default_ladder: empty }
    expect(await refusal('POST', '/org-types', type)).toEqual([409, 'default_without_rank_0'])
    await world.ask('PUT', `/ladders/${empty}/tiers/${await product()}`, { rank: 0 })
    expect(await refusal('POST', '/org-types', type)).toEqual([409, 'default_not_published'])
    expect((await world.ask('POST', '/org-types', { ...type, default_ladder: null })).status).toBe(201)
    expect(await refusal('POST', '/org-types', type)).toEqual([409, 'org_type_key_taken'])
    expect((await world.ask('PATCH', `/org-types/${type.key}`, { name: 'New' })).body).toMatchObject({
      name: 'New',
    })
    const { body } = await world.ask('GET', '/org-types')
    expect(body.items).toContainEqual({ key: type.key, name: 'New', default_ladder: null })
  })

  test('what waited for an org type is taken up when it comes', async () => {
    const key = newKey('type')
    Object.assign(world.parts, { autoProvision: key })
    const told = event('customer.subscription.created', subscription({ id: 'sub_ot', customer: 'cus_ot' }))
    await world.deliver(told)
    expect(await world.markers(told.id)).toMatchObject({
      enrollment: `waiting org_type:${key} unknown_org_type`,
    })
    await world.ask('POST', '/org-types', { key, name: 'Late', default_ladder: 'core' })
    await world.takeUpWhatIsDue()
    expect(await world.tier('cus_ot')).toBe('standard')
    Object.assign(world.parts, { autoProvision: 'coop' })
  })
})

test.each([
  ['GET', '/products/none', 'product_unknown'],
  ['PATCH', '/products/none', 'product_unknown'],
  ['POST', '/products/none/publish', 'product_unknown'],
  ['POST', '/products/none/retire', 'product_unknown'],
  ['GET', '/ladders/none', 'ladder_unknown'],
  ['PATCH', '/ladders/none', 'ladder_unknown'],
  ['DELETE', '/ladders/none', 'ladder_unknown'],
  ['DELETE', '/ladders/none/tiers/pro', 'ladder_unknown'],
  ['DELETE', '/ladders/core/tiers/none', 'tier_unknown'],
  ['PATCH', '/org-types/none', 'org_type_unknown'],
  ['POST', '/org-types/none/backfill', 'org_type_unknown'],
])('%s %s is 404 %s', async (method, path, code) => {
  const bodies: Record<string, unknown> = { '/org-types/none': { name: 'x' } }
  expect(await refusal(method, path, bodies[path] ?? (method === 'GET' ? undefined : {}))).toEqual([
    404,
    code,
  ])
})
