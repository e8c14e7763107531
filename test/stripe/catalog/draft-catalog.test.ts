import { describe, expect, test } from 'vitest'
import { parseCatalogFile } from '../../../src/billing/catalog-file.ts'
import type { HeldCatalog, HeldProduct } from '../../../src/billing/held-catalog.ts'
import { catalogDraftText } from '../../../src/cli/catalog-draft-text.ts'
import { draftCatalog } from '../../../src/stripe/catalog/draft-catalog.ts'
import { toldPrice, toldProduct } from '../../../src/stripe/catalog/told-catalog.ts'

const publicTier: HeldProduct = {
  key: 'public-tier',
  name: 'Public Tier',
  type: null,
  status: 'published',
  features: {},
  stripeProducts: [],
  stripePrices: [],
}
const fresh: HeldCatalog = {
  products: [publicTier],
  ladders: [{ key: 'core', name: 'Core', description: null, tiers: [{ product: 'public-tier', rank: 0 }] }],
  orgTypes: [],
}

let made = 0
const product = (id: string, name: string, more: object = {}) =>
  toldProduct({ id, object: 'product', name, active: true, created: ++made, metadata: {}, ...more })!
const price = (id: string, of: string, more: object = {}) =>
  toldPrice({
    id,
    object: 'price',
    product: of,
    active: true,
    created: ++made,
    currency: 'eur',
    unit_amount: 2900,
    recurring: { interval: 'month', interval_count: 1, usage_type: 'licensed' },
    ...more,
  })!
const drafted = (
  products: ReturnType<typeof product>[],
  prices: ReturnType<typeof price>[] = [],
  held = fresh,
) => draftCatalog(held, { products, prices })
const productOf = (draft: ReturnType<typeof drafted>, key: string) =>
  draft.catalog.products.find((one) => one.key === key)

describe('a product that the catalog does not know', () => {
  test('is a draft without a place, and whoever reads the file is told to fill it in', () => {
    const draft = drafted([product('prod_1', 'Gold – für Alle')], [price('price_1', 'prod_1')])
    expect(productOf(draft, 'gold-fur-alle')).toEqual({
      ...publicTier,
      key: 'gold-fur-alle',
      name: 'Gold – für Alle',
      status: 'draft',
      stripeProducts: ['prod_1'],
      stripePrices: ['price_1'],
    })
    expect(draft.toFillIn).toEqual(['gold-fur-alle'])
    const text = catalogDraftText(draft)
    expect(text).toContain('# To be filled in: a place on a ladder below')
    expect(text).toContain('- price_1 # 2900 eur a month\n')
    expect(text).toContain('#   - { key: core, name: "Core", tiers: [public-tier, gold-fur-alle] }')
    expect(parseCatalogFile(text).products.map(({ key }) => key)).toEqual(['gold-fur-alle', 'public-tier'])
  })

  test('has the key, the ladder, the rank and the features that its metadata says, and is sold then', () => {
    const metadata = {
      key: 'pro',
      ladder: 'core',
      rank: '2',
      'feature.seats': '50',
      'feature.api': 'true',
      'feature.sla': 'gold',
    }
    const draft = drafted([product('prod_1', 'Professional', { metadata })])
    expect(productOf(draft, 'pro')).toMatchObject({
      status: 'published',
      features: { api: true, seats: 50, sla: 'gold' },
    })
    expect(draft.catalog.ladders[0]!.tiers).toEqual([
      { product: 'public-tier', rank: 0 },
      { product: 'pro', rank: 2 },
    ])
    expect(draft.toFillIn).toEqual([])
  })

  test('is an add-on where its metadata says so, and on a ladder of its own name where there is none yet', () => {
    const draft = drafted([
      product('prod_1', 'Seats', { metadata: { type: 'addon' } }),
      product('prod_2', 'Support', { metadata: { ladder: 'support', rank: '0' } }),
    ])
    expect(productOf(draft, 'seats')).toMatchObject({ type: 'addon', status: 'published' })
    expect(draft.catalog.ladders[1]).toEqual({
      key: 'support',
      name: 'support',
      description: null,
      tiers: [{ product: 'support', rank: 0 }],
    })
  })

  test('that is archived is retired while prices of it may still be paid, and left out when it has none', () => {
    const draft = drafted(
      [product('prod_1', 'Old', { active: false }), product('prod_2', 'Never sold', { active: false })],
      [price('price_1', 'prod_1', { active: false })],
    )
    expect(productOf(draft, 'old')).toMatchObject({ status: 'retired', stripePrices: ['price_1'] })
    expect(draft.added).toEqual(['old'])
    expect(catalogDraftText(draft)).toContain('- price_1 # 2900 eur a month, archived')
  })

  test('is not put where another stands, nor where the metadata is no ladder, rank or type: that is told instead', () => {
    const draft = drafted([
      product('prod_1', 'Taken', { metadata: { ladder: 'core', rank: '0' } }),
      product('prod_2', 'Unranked', { metadata: { ladder: 'core', rank: 'high' } }),
      product('prod_3', 'Spelt', { metadata: { ladder: 'Core Ladder', rank: '1' } }),
      product('prod_4', 'Odd', { metadata: { type: 'bundle', 'feature.': 'x', key: 'Odd One' } }),
      product('prod_5', 'Both', { metadata: { type: 'addon', ladder: 'core', rank: '5' } }),
    ])
    expect(draft.catalog.ladders).toEqual(fresh.ladders)
    expect(draft.toFillIn).toEqual(['both', 'odd', 'spelt', 'taken', 'unranked'])
    for (const key of draft.toFillIn) expect(draft.notes.get(key)?.length, key).toBeGreaterThan(0)
    expect(draft.notes.get('taken')).toEqual([
      'Stripe’s metadata names rank 0 of core, where public-tier stands.',
    ])
  })

  test('never takes the key of another: the older one keeps the name, and a held product is only proposed', () => {
    const younger = product('prod_a', 'Pro', { created: 20 })
    const older = product('prod_b', 'Pro', { created: 10 })
    const draft = drafted([younger, older, product('prod_c', 'Public Tier')])
    expect(productOf(draft, 'pro')!.stripeProducts).toEqual(['prod_b'])
    expect(productOf(draft, 'pro-2')!.stripeProducts).toEqual(['prod_a'])
    expect(productOf(draft, 'public-tier')).toEqual(publicTier)
    expect(draft.notes.get('public-tier-2')![0]).toContain(
      'Nothing at Stripe stands for the product public-tier',
    )
  })
})

describe('a product that the catalog holds', () => {
  const pro: HeldProduct = {
    ...publicTier,
    key: 'pro',
    name: 'Pro (ours)',
    features: { seats: 50 },
    stripeProducts: ['prod_1'],
    stripePrices: ['price_1'],
  }
  const held: HeldCatalog = {
    products: [pro, publicTier],
    ladders: [{ ...fresh.ladders[0]!, tiers: [...fresh.ladders[0]!.tiers, { product: 'pro', rank: 1 }] }],
    orgTypes: [],
  }

  test('keeps its key, name, place and features, whatever Stripe says; prices that came since are added', () => {
    const metadata = { key: 'other', ladder: 'core', rank: '7', 'feature.seats': '1' }
    const draft = drafted(
      [product('prod_1', 'Renamed', { metadata })],
      [price('price_1', 'prod_1'), price('price_2', 'prod_1')],
      held,
    )
    expect(draft.catalog).toEqual({
      ...held,
      products: [{ ...pro, stripePrices: ['price_1', 'price_2'] }, publicTier],
    })
    expect(draft).toMatchObject({ added: [], newPrices: ['price_2'] })
  })

  test('whose prices were given out one by one covers no others: a new price of that Stripe product is asked about', () => {
    const split = { ...held, products: [{ ...pro, stripeProducts: [] }, publicTier] }
    const told = product('prod_1', 'Plans')
    expect(drafted([told], [price('price_1', 'prod_1')], split).catalog).toEqual(split)
    const draft = drafted([told], [price('price_1', 'prod_1'), price('price_2', 'prod_1')], split)
    expect(productOf(draft, 'plans')).toMatchObject({ stripeProducts: [], stripePrices: ['price_2'] })
    expect(draft.notes.get('plans')![0]).toContain('Other prices of prod_1 stand for other products already')
  })

  test('of which nobody has said what it is, gets what its metadata says since; retired by a person, it stays so', () => {
    const open = (status: HeldProduct['status']) => ({
      ...fresh,
      products: [{ ...publicTier, key: 'seats', status, stripeProducts: ['prod_1'] }, publicTier],
    })
    const seats = product('prod_1', 'Seats', { metadata: { type: 'addon' } })
    expect(productOf(drafted([seats], [], open('draft')), 'seats')).toMatchObject({
      type: 'addon',
      status: 'published',
    })
    expect(productOf(drafted([seats], [], open('retired')), 'seats')).toMatchObject({
      type: 'addon',
      status: 'retired',
    })
  })

  test('is joined by a Stripe product whose metadata names its key', () => {
    const draft = drafted(
      [product('prod_9', 'Pro, new', { metadata: { key: 'pro' } })],
      [price('price_9', 'prod_9')],
      held,
    )
    expect(productOf(draft, 'pro')).toEqual({
      ...pro,
      stripeProducts: ['prod_1', 'prod_9'],
      stripePrices: ['price_1', 'price_9'],
    })
  })
})

test('a price is told in words: once, every three months, metered, without a fixed amount', () => {
  const says = (more: object) => price('price_1', 'prod_1', more).says
  expect(says({ recurring: null, nickname: 'Set-up' })).toBe('2900 eur once, Set-up')
  expect(says({ recurring: { interval: 'month', interval_count: 3 } })).toBe('2900 eur every 3 months')
  expect(
    says({ recurring: { interval: 'month', interval_count: 1, usage_type: 'metered' }, unit_amount: null }),
  ).toBe('no fixed amount in eur a month, metered')
  expect(toldPrice({ id: 'price_1', product: { id: 'prod_x', object: 'product' } })).toMatchObject({
    product: 'prod_x',
  })
  expect(toldPrice({ object: 'price' })).toBeNull()
  expect(toldProduct({ object: 'product' })).toBeNull()
})
