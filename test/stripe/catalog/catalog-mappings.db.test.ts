import { afterAll, beforeAll, expect, test } from 'vitest'
import { readCatalogFile } from '../../../src/billing/catalog-file.ts'
import { applyCatalog } from '../../../src/stripe/catalog/apply-catalog.ts'
import { meaningsOfPrices, readStripeMappings } from '../../../src/stripe/catalog/catalog-mappings.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await testDatabase()
  const content = {
    version: 1,
    products: [
      { key: 'public-tier', name: 'Public Tier', status: 'published' },
      { key: 'standard', name: 'Standard', stripe: { products: ['prod_S'], prices: ['price_S'] } },
      { key: 'pro', name: 'Pro', status: 'retired', stripe: { prices: ['price_P'] } },
      { key: 'seats', name: 'Seats', type: 'addon', stripe: { prices: ['price_X'] } },
      { key: 'draft', name: 'Draft', stripe: { prices: ['price_D'] } },
    ],
    ladders: [
      { key: 'core', name: 'Core', tiers: ['public-tier', 'standard', 'pro'] },
      { key: 'support', name: 'Support', tiers: ['pro'] },
    ],
  }
  await applyCatalog(db.app, readCatalogFile(content))
})
afterAll(() => db.close())

async function meaning(price: string, product: string | null = null) {
  return (await meaningsOfPrices(db.app, [{ price, product }]))(price, product)
}

test('a price means its product, of the kind and with the ranks that the view and the ladders say (R10)', async () => {
  expect(await meaning('price_S')).toMatchObject({
    productKey: 'standard',
    kind: 'plan',
    ladders: [{ rank: 1 }],
  })
  expect(await meaning('price_X')).toMatchObject({ productKey: 'seats', kind: 'addon', ladders: [] })
  expect(await meaning('price_D')).toMatchObject({ productKey: 'draft', kind: null, ladders: [] })
})

test('a product on two ladders stands on both, and a retired one is honoured for who has it', async () => {
  const pro = await meaning('price_P')
  expect(pro).toMatchObject({ productKey: 'pro', kind: 'plan' })
  expect(pro!.ladders.map(({ rank }) => rank).sort()).toEqual([0, 2])
})

test('a Stripe product covers a price that nobody mapped, and a price’s own mapping wins over it', async () => {
  expect(await meaning('price_later', 'prod_S')).toMatchObject({ productKey: 'standard' })
  expect(await meaning('price_P', 'prod_S')).toMatchObject({ productKey: 'pro' })
  expect(await meaning('price_P', 'prod_unknown')).toMatchObject({ productKey: 'pro' })
})

test('a price that nobody mapped means nothing, and is not guessed from another event', async () => {
  expect(await meaning('price_later')).toBeNull()
  expect(await meaning('price_later', 'prod_unknown')).toBeNull()
  const meanings = await meaningsOfPrices(db.app, [
    { price: 'price_later', product: null },
    { price: 'price_later', product: 'prod_S' },
    { price: 'price_S', product: null },
  ])
  expect(meanings('price_later', null)).toBeNull()
  expect(meanings('price_S', null)).not.toBeNull()
  expect((await meaningsOfPrices(db.app, []))('price_S', null)).toBeNull()
})

test('mappings are read back by product, sorted', async () => {
  expect(await readStripeMappings(db.app)).toEqual([
    { key: 'draft', products: [], prices: ['price_D'] },
    { key: 'pro', products: [], prices: ['price_P'] },
    { key: 'seats', products: [], prices: ['price_X'] },
    { key: 'standard', products: ['prod_S'], prices: ['price_S'] },
  ])
})
