import { describe, expect, test } from 'vitest'
import { type CatalogFile, readCatalogFile } from '../../src/billing/catalog-file.ts'
import { catalogDocument, type HeldCatalog } from '../../src/billing/held-catalog.ts'
import { changesAnything, planCatalog, productsOfNewKind } from '../../src/billing/plan-catalog.ts'

const nothing: HeldCatalog = { products: [], ladders: [], orgTypes: [] }
const base = file({
  products: [
    { key: 'public-tier', name: 'Public Tier', status: 'published' },
    {
      key: 'standard',
      name: 'Standard',
      status: 'published',
      stripe: { prices: ['price_s'] },
      features: { seats: 10 },
    },
    { key: 'extra-seats', name: 'Extra seats', type: 'addon', status: 'published' },
  ],
  ladders: [{ key: 'core', name: 'Core', tiers: ['public-tier', 'standard'] }],
  org_types: [{ key: 'coop', name: 'Co-op', default_ladder: 'core' }],
})
const held = planCatalog(nothing, base).after

function file(content: object): CatalogFile {
  return readCatalogFile({ version: 1, ...content })
}
function problemsOf(content: object, on = held): string[] {
  return planCatalog(on, file(content)).problems
}

test('a file applied to nothing creates all of it, and applied again changes nothing', () => {
  const first = planCatalog(nothing, base)
  expect(first.problems).toEqual([])
  expect(first.report.products.created).toEqual(['public-tier', 'standard', 'extra-seats'])
  expect(first.report.stripePrices.created).toEqual(['price_s'])
  const again = planCatalog(first.after, base)
  expect(changesAnything(again.report)).toBe(false)
  expect(again.after).toEqual(first.after)
})

test('what a file leaves out stays, down to a field and a feature', () => {
  const { after, report } = planCatalog(
    held,
    file({ products: [{ key: 'standard', name: 'Standard', features: { api: true } }] }),
  )
  expect(after.products.find(({ key }) => key === 'standard')).toEqual({
    key: 'standard',
    name: 'Standard',
    type: null,
    status: 'published',
    features: { api: true, seats: 10 },
    stripeProducts: [],
    stripePrices: ['price_s'],
  })
  expect(after.ladders).toEqual(held.ladders)
  expect(report.products.changed).toEqual([{ key: 'standard', what: ['feature api: none → true'] }])
})

test('null takes a feature, a description or a default away', () => {
  const content = {
    products: [{ key: 'standard', name: 'Standard', features: { seats: null } }],
    org_types: [{ key: 'coop', name: 'Co-op', default_ladder: null }],
  }
  const { after, report } = planCatalog(held, file(content))
  expect(after.products.find(({ key }) => key === 'standard')!.features).toEqual({})
  expect(report.orgTypes.changed).toEqual([{ key: 'coop', what: ['default ladder: core → none'] }])
})

test('a price that another product names is remapped', () => {
  const { after, report } = planCatalog(
    held,
    file({ products: [{ key: 'extra-seats', name: 'Extra seats', stripe: { prices: ['price_s'] } }] }),
  )
  expect(report.stripePrices.changed).toEqual([{ key: 'price_s', what: ['product: standard → extra-seats'] }])
  expect(after.products.map(({ stripePrices }) => stripePrices)).toEqual([['price_s'], [], []])
})

test('D15: two tiers change places, and their kinds do not', () => {
  const swapped = planCatalog(
    held,
    file({ ladders: [{ key: 'core', name: 'Core', tiers: ['standard', 'public-tier'] }] }),
  )
  expect(swapped.problems).toEqual([])
  expect(swapped.report.ladders.changed[0]!.what).toEqual([
    'rank of standard: 1 → 0',
    'rank of public-tier: 0 → 1',
  ])
  expect(productsOfNewKind(held, swapped.after)).toEqual([])
})

test('a product that becomes a tier, or an add-on, means something else to who pays for it', () => {
  const draft = planCatalog(held, file({ products: [{ key: 'gold', name: 'Gold' }] })).after
  const tier = planCatalog(
    draft,
    file({ ladders: [{ key: 'support', name: 'Support', tiers: ['gold'] }] }),
  ).after
  expect(productsOfNewKind(draft, tier)).toEqual(['gold'])
  const addon = planCatalog(draft, file({ products: [{ key: 'gold', name: 'Gold', type: 'addon' }] })).after
  expect(productsOfNewKind(draft, addon)).toEqual(['gold'])
})

describe('a file that cannot be is refused with the path and the next step', () => {
  test.each([
    [
      'a tier of no product',
      { ladders: [{ key: 'core', name: 'Core', tiers: ['public-teir'] }] },
      'ladders[0].tiers[0]: there is no product public-teir (did you mean public-tier?); add it under products',
    ],
    [
      'an add-on as a tier',
      { ladders: [{ key: 'core', name: 'Core', tiers: ['public-tier', 'standard', 'extra-seats'] }] },
      'ladders[0].tiers[2]: extra-seats is of type addon and no plan',
    ],
    [
      'a type for what is a tier already',
      { products: [{ key: 'standard', name: 'S', type: 'addon' }] },
      'products[0].type: standard stands on the ladder core',
    ],
    [
      'R9: published without a type and on no ladder',
      { products: [{ key: 'gold', name: 'Gold', status: 'published' }] },
      'products[0]: gold is published, but on no ladder and of no type',
    ],
    [
      'a default on no ladder',
      { org_types: [{ key: 'club', name: 'Club', default_ladder: 'coer' }] },
      'org_types[0].default_ladder: there is no ladder coer (did you mean core?)',
    ],
    [
      'a default without a tier',
      {
        ladders: [{ key: 'empty', name: 'Empty' }],
        org_types: [{ key: 'club', name: 'Club', default_ladder: 'empty' }],
      },
      'the ladder empty has no tier at rank 0',
    ],
    [
      'D11: a default that is a draft',
      {
        products: [{ key: 'gold', name: 'Gold' }],
        ladders: [{ key: 'support', name: 'Support', tiers: ['gold'] }],
        org_types: [{ key: 'club', name: 'Club', default_ladder: 'support' }],
      },
      'gold, rank 0 of support, is draft; a default has to be published',
    ],
    [
      'D11: a default that is retired under an org type',
      { products: [{ key: 'public-tier', name: 'Public Tier', status: 'retired' }] },
      'the org type coop: public-tier, rank 0 of core, is retired',
    ],
    [
      'an absent tier in the way',
      {
        products: [{ key: 'pro', name: 'Pro' }],
        ladders: [{ key: 'core', name: 'Core', tiers: ['public-tier', 'pro'] }],
      },
      'ladders[0].tiers (core): standard stands on this ladder at rank 1 and is not in the list, where pro takes that rank',
    ],
  ])('%s', (_, content, problem) => {
    expect(problemsOf(content)).toEqual([expect.stringContaining(problem)])
  })

  test('a fault that stood there before, in what the file does not touch, is not the file’s', () => {
    const faulty = structuredClone(held)
    faulty.products.find(({ key }) => key === 'public-tier')!.status = 'retired'
    expect(problemsOf({ products: [{ key: 'gold', name: 'Gold' }] }, faulty)).toEqual([])
  })
})

test('D11: a draft may be a tier above the default', () => {
  const content = {
    products: [{ key: 'gold', name: 'Gold' }],
    ladders: [{ key: 'core', name: 'Core', tiers: ['public-tier', 'standard', 'gold'] }],
  }
  expect(problemsOf(content)).toEqual([])
})

test('a ladder with gaps is exported with its ranks, and one without by its order', () => {
  const ladders = [
    {
      key: 'core',
      name: 'Core',
      description: null,
      tiers: [
        { product: 'a', rank: 0 },
        { product: 'b', rank: 1 },
      ],
    },
    {
      key: 'gaps',
      name: 'Gaps',
      description: 'x',
      tiers: [
        { product: 'a', rank: -1 },
        { product: 'b', rank: 5 },
      ],
    },
  ]
  expect(catalogDocument({ ...nothing, ladders }).ladders).toEqual([
    { key: 'core', name: 'Core', tiers: ['a', 'b'] },
    {
      key: 'gaps',
      name: 'Gaps',
      description: 'x',
      tiers: [
        { product: 'a', rank: -1 },
        { product: 'b', rank: 5 },
      ],
    },
  ])
})
