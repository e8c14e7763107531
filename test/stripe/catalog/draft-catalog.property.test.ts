import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseCatalogFile } from '../../../src/billing/catalog-file.ts'
import type { HeldCatalog } from '../../../src/billing/held-catalog.ts'
import { changesAnything, planCatalog } from '../../../src/billing/plan-catalog.ts'
import { catalogDraftText } from '../../../src/cli/catalog-draft-text.ts'
import { draftCatalog } from '../../../src/stripe/catalog/draft-catalog.ts'
import { type ToldCatalog, toldPrice, toldProduct } from '../../../src/stripe/catalog/told-catalog.ts'

const base: HeldCatalog = {
  products: [
    {
      key: 'public-tier',
      name: 'Public Tier',
      type: null,
      status: 'published',
      features: {},
      stripeProducts: [],
      stripePrices: [],
    },
  ],
  ladders: [{ key: 'core', name: 'Core', description: null, tiers: [{ product: 'public-tier', rank: 0 }] }],
  orgTypes: [{ key: 'coop', name: 'Co-op', defaultLadder: 'core' }],
}

const words = fc.constantFrom(
  'Pro',
  'pro',
  'Pro ',
  'Públic tier',
  'public-tier',
  '企業',
  '',
  '# a: b',
  'seats\n- x',
  'a'.repeat(240),
)
const metadata = fc.dictionary(
  fc.constantFrom('key', 'type', 'ladder', 'rank', 'feature.seats', 'feature.', 'feature.a b', '__proto__'),
  fc.oneof(
    words,
    fc.constantFrom(
      'addon',
      'usage',
      'plan',
      'core',
      'support',
      '0',
      '1',
      '2',
      '1.5',
      '99999999999',
      'true',
      'unlimited',
    ),
  ),
)
const products = fc.uniqueArray(
  fc.record({
    id: fc.constantFrom('prod_a', 'prod_b', 'prod_c', 'prod_d', 'prod_A', 'prod_企'),
    name: words,
    active: fc.boolean(),
    created: fc.nat(3),
    metadata,
    marketing_features: fc.array(fc.record({ name: words }), { maxLength: 2 }),
  }),
  { selector: ({ id }) => id },
)
const prices = fc.uniqueArray(
  fc.record({
    id: fc.integer({ min: 1, max: 12 }).map((n) => `price_${n}`),
    product: fc.constantFrom('prod_a', 'prod_b', 'prod_c', 'prod_d', 'prod_gone'),
    active: fc.boolean(),
    created: fc.nat(3),
    nickname: words,
  }),
  { selector: ({ id }) => id },
)
const told = fc.record({ products, prices }).map(
  ({ products, prices }): ToldCatalog => ({
    products: products.map((product) => toldProduct(product)!),
    prices: prices.map((price) => toldPrice(price)!),
  }),
)
/** Moves a price to a product by hand, as a person does who splits one Stripe product over several of ours. */
const mapping = fc.dictionary(
  fc.integer({ min: 1, max: 12 }).map((n) => `price_${n}`),
  fc.constantFrom('gold', 'public-tier'),
)

test('whatever Stripe sells and whatever is held, the draft is a catalog file that can be applied, and pulled again it changes nothing', () => {
  fc.assert(
    fc.property(told, told, mapping, (before, now, byHand) => {
      const held = applied(withMappings(applied(base, before), byHand), before)
      const once = applied(held, now)
      const [file, report] = planned(once, now)
      expect(changesAnything(report)).toBe(false)
      // What was held stays as it was: only Stripe's ids come to it, unless nobody had said what it is.
      for (const product of held.products) {
        const after = once.products.find(({ key }) => key === product.key)!
        expect(after.stripePrices).toEqual(expect.arrayContaining(product.stripePrices))
        const open =
          product.type === null &&
          !held.ladders.some(({ tiers }) => tiers.some((t) => t.product === product.key))
        if (!open)
          expect({ ...after, stripeProducts: [], stripePrices: [] }).toEqual({
            ...product,
            stripeProducts: [],
            stripePrices: [],
          })
      }
      // And every price that Stripe lists with its product has a meaning.
      const known = new Set(file.products.flatMap(({ stripe }) => stripe.prices))
      for (const price of now.prices)
        if (now.products.some(({ id }) => id === price.product)) expect(known).toContain(price.id)
    }),
    { numRuns: 500 },
  )
})

test('the order in which Stripe lists things plays no part', () => {
  fc.assert(
    fc.property(told, (now) => {
      const reversed = { products: now.products.toReversed(), prices: now.prices.toReversed() }
      expect(catalogDraftText(draftCatalog(base, reversed))).toBe(catalogDraftText(draftCatalog(base, now)))
    }),
  )
})

function planned(held: HeldCatalog, now: ToldCatalog) {
  const file = parseCatalogFile(catalogDraftText(draftCatalog(held, now)))
  const { problems, report, after } = planCatalog(held, file)
  expect(problems).toEqual([])
  return [file, report, after] as const
}

function applied(held: HeldCatalog, now: ToldCatalog): HeldCatalog {
  return planned(held, now)[2]
}

function withMappings(held: HeldCatalog, byHand: Record<string, string>): HeldCatalog {
  const keys = [...new Set(Object.values(byHand))]
  const listed = keys.map((key) => ({
    key,
    name: key,
    stripe: { prices: Object.keys(byHand).filter((price) => byHand[price] === key) },
  }))
  return planCatalog(held, parseCatalogFile(JSON.stringify({ version: 1, products: listed }))).after
}
