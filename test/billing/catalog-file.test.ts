import { describe, expect, test } from 'vitest'
import { CatalogInvalid, parseCatalogFile, readCatalogFile } from '../../src/billing/catalog-file.ts'

const sample = `
version: 1
products:
  - { key: public-tier, name: Public Tier, status: published }
  - { key: standard, name: Standard, status: published, stripe: { products: [prod_S], prices: [price_S_month, price_S_year] }, features: { api: true, seats: 10 } }
  - { key: extra-seats, name: Extra seats, type: addon, status: published, stripe: { prices: [price_X] }, features: { seats: 5 } }
ladders:
  - { key: core, name: Core, tiers: [public-tier, standard] }     # rank 0 first
org_types:
  - { key: coop, name: Co-op, default_ladder: core }
`

function problemsOf(text: string): readonly string[] {
  try {
    parseCatalogFile(text)
  } catch (error) {
    expect(error).toBeInstanceOf(CatalogInvalid)
    expect(error).toMatchObject({ code: 'catalog_invalid', status: 422 })
    return (error as CatalogInvalid).problems
  }
  return []
}

test('the catalog file of the documentation is read, in YAML and in JSON alike', () => {
  const file = parseCatalogFile(sample)
  expect(file.products.map(({ key }) => key)).toEqual(['public-tier', 'standard', 'extra-seats'])
  expect(file.products[1]).toMatchObject({
    stripe: { products: ['prod_S'], prices: ['price_S_month', 'price_S_year'] },
    features: { api: true, seats: 10 },
  })
  expect(file.ladders).toEqual([{ key: 'core', name: 'Core', tiers: ['public-tier', 'standard'] }])
  expect(parseCatalogFile(JSON.stringify(file))).toEqual(file)
})

test('what is empty or left out is empty', () => {
  const nothing = { version: 1, products: [], ladders: [], org_types: [] }
  expect(parseCatalogFile('version: 1')).toEqual(nothing)
  expect(parseCatalogFile('version: 1\nproducts:\nladders:\n')).toEqual(nothing)
})

describe('a fault is named by its path, its line and what to do', () => {
  test.each([
    ['an unknown key', 'version: 1\nprodcts: []', 'prodcts is no key here (did you mean products?)'],
    ['an unknown key inside', one('nme: x'), 'products[0] (line 2): nme is no key here (did you mean name?)'],
    [
      'an unknown key of Stripe',
      one('stripe: { price: [p] }'),
      'stripe (line 2): price is no key here (did you mean prices?)',
    ],
    [
      'a key that is no slug (D12)',
      'version: 1\nladders: [{ key: Core_1, name: C }]',
      'ladders[0].key (line 2): has to be kebab-case',
    ],
    ['a missing name', 'version: 1\nproducts: [{ key: a }]', 'products[0].name: is missing'],
    ['another version', 'version: 2', 'version (line 1): has to be 1'],
    [
      'the retired type plan (R7)',
      one('type: plan'),
      'a plan has no type: leave it out and put the product on a ladder',
    ],
    ['another type', one('type: adon'), 'has to be one of addon, usage, one_time (did you mean addon?)'],
    ['another status (R12)', one('status: live'), 'has to be one of draft, published, retired'],
    [
      'a number for an id',
      one('stripe: { prices: [12] }'),
      'products[0].stripe.prices[0] (line 2): has to be a text',
    ],
    [
      'a list for a limit',
      one('features: { seats: [1] }'),
      'products[0].features.seats (line 2): has to be true, false, a number',
    ],
    [
      'a product twice',
      'version: 1\nproducts: [{ key: a, name: A }, { key: a, name: B }]',
      'products[1].key: the product a stands at products[0].key already',
    ],
    [
      'a ladder twice',
      'version: 1\nladders: [{ key: a, name: A }, { key: a, name: B }]',
      'ladders[1].key: the ladder a stands at ladders[0].key already',
    ],
    [
      'an org type twice',
      'version: 1\norg_types: [{ key: a, name: A }, { key: a, name: B }]',
      'org_types[1].key: the org type a stands',
    ],
    [
      'a price mapped twice',
      'version: 1\nproducts: [{ key: a, name: A, stripe: { prices: [p] } }, { key: b, name: B, stripe: { prices: [p] } }]',
      'products[1].stripe.prices[0]: the price p stands at products[0].stripe.prices[0] already; one price means one product',
    ],
    ['a Stripe product mapped twice', one('stripe: { products: [p, p] }'), 'the Stripe product p stands at'],
    [
      'a tier twice',
      'version: 1\nladders: [{ key: a, name: A, tiers: [x, x] }]',
      'ladders[0].tiers[1]: the product x stands',
    ],
    [
      'a rank twice',
      'version: 1\nladders: [{ key: a, name: A, tiers: [x, { product: y, rank: 0 }] }]',
      'the rank 0 stands',
    ],
    ['YAML that is none', 'version: 1\nproducts: [', 'line'],
    ['a YAML key twice', 'version: 1\nversion: 1', 'Map keys must be unique'],
    ['a text', 'hello', 'the file (line 1): has to be a map'],
    ['nothing', '', 'the file'],
  ])('%s', (_, text, problem) => {
    expect(problemsOf(text).join('\n')).toContain(problem)
  })

  function one(field: string): string {
    return `version: 1\nproducts: [{ key: a, name: A, ${field} }]`
  }
})

test('all faults are told at once', () => {
  expect(problemsOf('version: 3\nproducts: [{ key: A }, { key: b, name: B, type: x }]')).toHaveLength(4)
})

test('keys that other languages give a meaning are only keys', () => {
  const content = JSON.parse(
    '{"version":1,"products":[{"key":"a","name":"A","features":{"__proto__":{"seats":1}}}]}',
  )
  expect(Object.keys(readCatalogFile(content).products[0]!.features)).toEqual([])
  expect(({} as { seats?: number }).seats).toBeUndefined()
})

test('aliases do not multiply into a bomb', () => {
  const rows = Array.from(
    { length: 12 },
    (_, n) => `a${n + 1}: &a${n + 1} [${Array(9).fill(`*a${n}`).join(',')}]`,
  )
  expect(problemsOf(`a0: &a0 [x]\n${rows.join('\n')}`).join()).toContain('alias')
})
