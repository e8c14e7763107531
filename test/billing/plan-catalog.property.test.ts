import fc from 'fast-check'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { parseCatalogFile, readCatalogFile } from '../../src/billing/catalog-file.ts'
import { catalogDocument, type HeldCatalog } from '../../src/billing/held-catalog.ts'
import { changesAnything, planCatalog } from '../../src/billing/plan-catalog.ts'

const plans = ['a', 'b', 'c']
const key = fc.constantFrom('a', 'b', 'c', 'd', 'e-1')
const text = fc
  .oneof(
    fc.constantFrom('Name', 'no', '1.5', 'null', '- x', '# y', "it's", 'ünï ☕'),
    fc.string({ minLength: 1, maxLength: 12 }),
  )
  .map((value) => value.replace(/\p{C}|\p{Surrogate}/gu, '').trim() || 'x')
const stripeIds = fc.uniqueArray(fc.constantFrom('id_1', 'id_2', 'id_3', 'id_4', 'id_5', 'id_6'), {
  maxLength: 3,
})
const features = fc.dictionary(
  fc.constantFrom('api', 'seats', 'x.y'),
  fc.oneof(fc.boolean(), fc.integer(), fc.constantFrom('unlimited', 'true', '7'), fc.constant(null)),
)
const unique = <T extends { key: string }>(thing: fc.Arbitrary<T>) =>
  fc.uniqueArray(thing, { selector: (one) => one.key, maxLength: 5 })

const content = fc
  .record({
    products: unique(
      fc.record(
        {
          key,
          name: text,
          type: fc.constantFrom(undefined, null),
          status: fc.constantFrom('draft', 'published', 'retired'),
          stripe: fc.record({ products: stripeIds, prices: stripeIds }),
          features,
        },
        { requiredKeys: ['key', 'name'] },
      ),
    ),
    ladders: unique(
      fc.record(
        {
          key,
          name: text,
          description: text,
          tiers: fc.shuffledSubarray(plans),
        },
        { requiredKeys: ['key', 'name'] },
      ),
    ),
    org_types: unique(
      fc.record({ key, name: text, default_ladder: fc.option(key) }, { requiredKeys: ['key', 'name'] }),
    ),
  })
  .map((file) => {
    // One id stands for one product in a file.
    const seen = new Set<string>()
    const once = (kind: string) => (id: string) => !seen.has(kind + id) && seen.add(kind + id)
    const typed = file.products.map((product) =>
      plans.includes(product.key) ? product : { ...product, type: 'addon' },
    )
    const products = typed.map((product) =>
      product.stripe
        ? {
            ...product,
            stripe: {
              products: product.stripe.products.filter(once('r')),
              prices: product.stripe.prices.filter(once('p')),
            },
          }
        : product,
    )
    return readCatalogFile({ version: 1, ...file, products })
  })

const start = readCatalogFile({
  version: 1,
  products: [
    ...plans.map((plan) => ({ key: plan, name: plan, status: 'published' })),
    { key: 'd', name: 'D', type: 'usage' },
    { key: 'e-1', name: 'E', type: 'addon' },
  ],
  ladders: [{ key: 'a', name: 'A', tiers: plans }],
})

const nothing: HeldCatalog = { products: [], ladders: [], orgTypes: [] }

test('files in a row: each applied twice changes nothing, what it leaves out stays, and the export written and read back is the same catalog', () => {
  let applied = 0
  fc.assert(
    fc.property(fc.array(content, { minLength: 1, maxLength: 4 }), (files) => {
      let held: HeldCatalog = planCatalog(nothing, start).after
      for (const file of files) {
        const { problems, after } = planCatalog(held, file)
        if (problems.length > 0) continue
        applied += 1
        expect(changesAnything(planCatalog(after, file).report)).toBe(false)
        expect(planCatalog(after, file).after).toEqual(after)
        for (const product of held.products)
          expect(after.products.map((one) => one.key)).toContain(product.key)

        const exported = parseCatalogFile(stringify(catalogDocument(after)))
        const again = planCatalog(after, exported)
        expect(again).toMatchObject({ after })
        expect(changesAnything(again.report)).toBe(false)
        // On an empty catalog the export is the whole of it.
        expect(planCatalog(nothing, exported).after).toEqual(after)
        held = after
      }
    }),
    { numRuns: 1000 },
  )
  expect(applied).toBeGreaterThan(500)
})
