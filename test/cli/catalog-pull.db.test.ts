import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { register } from '../../src/cli/catalog.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { type StripeStandIn, stripeStandIn } from '../support/stripe-stand-in.ts'

const product = (n: number, name: string, metadata: object = {}) => ({
  id: `prod_${n}`,
  object: 'product',
  name,
  active: true,
  created: n,
  metadata,
  marketing_features: [{ name: 'Unlimited joy' }],
})
// More than one page of each.
const products = [
  ...Array.from({ length: 130 }, (_, n) => product(n, `Thing ${n}`)),
  product(900, 'Pro', { ladder: 'core', rank: '1', 'feature.seats': '50' }),
]
const prices = products.map(({ id, created }) => ({
  id: `price_of_${id}`,
  object: 'price',
  product: id,
  active: true,
  created,
  currency: 'eur',
  unit_amount: 100,
  recurring: { interval: 'month', interval_count: 1 },
}))

let db: TestDatabase
let stripe: StripeStandIn
let folder: string
beforeAll(async () => {
  db = await testDatabase()
  stripe = await stripeStandIn([], { products, prices })
  folder = await mkdtemp(join(tmpdir(), 'catalog-pull-'))
  vi.stubEnv('DATABASE_URL', db.appUrl)
  vi.stubEnv('OWNER_DATABASE_URL', db.ownerUrl)
  vi.stubEnv('STRIPE_API_KEY', 'rk_test_of_this_test')
  vi.stubEnv('STRIPE_API_BASE_URL', stripe.url)
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
  await stripe.close()
  await db.close()
})
afterEach(() => vi.restoreAllMocks())

async function run(...argv: string[]): Promise<string> {
  let printed = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += text
    return true
  })
  const program = new Command().exitOverride()
  register(program)
  await program.parseAsync(['catalog', ...argv], { from: 'user' })
  vi.restoreAllMocks()
  return printed
}

test('the first day: what Stripe sells becomes a file, the file can be applied, and pulled again it changes nothing', async () => {
  const file = join(folder, 'catalog.yaml')
  const told = await run('pull', '--output', file)
  expect(told).toContain(
    'Drafted from 131 products and 131 prices at Stripe: 131 products and 131 prices are new here.',
  )
  expect(told).toContain('To be filled in, with a place on a ladder or a type: thing-0, thing-1')
  const text = readFileSync(file, 'utf8')
  expect(text).toContain('# Advertised: Unlimited joy')
  expect(text).toContain('- price_of_prod_7 # 100 eur a month')

  expect(await run('apply', file, '--dry-run')).toContain('product thing-129 would be created')
  expect(await run('export')).not.toContain('thing-129')
  expect(await run('apply', file)).toContain('ladder core changed: rank of pro: none → 1')

  const again = join(folder, 'again.yaml')
  await run('pull', '--output', again)
  expect(JSON.parse(await run('apply', again, '--json'))).toMatchObject({ changed: false })
  expect(JSON.parse(await run('pull', '--json'))).toMatchObject({
    output: null,
    stripe_products: 131,
    added: [],
    new_prices: [],
    catalog: JSON.parse(await run('export', '--json')),
  })
})

test('without a file to write it, the draft itself is printed', async () => {
  expect(await run('pull')).toMatch(/^# Drafted by `stepladder catalog pull`/)
})

test('a file that is there is not written over: somebody may have filled it in', async () => {
  const file = join(folder, 'mine.yaml')
  writeFileSync(file, 'mine')
  const asked = stripe.asked()
  await expect(run('pull', '--output', file)).rejects.toMatchObject({
    name: 'UsageError',
    code: 'catalog_file_exists',
  })
  expect(readFileSync(file, 'utf8')).toBe('mine')
  expect(stripe.asked()).toBe(asked)
  const nowhere = join(folder, 'none', 'catalog.yaml')
  await expect(run('pull', '--output', nowhere)).rejects.toMatchObject({ code: 'catalog_file_unwritable' })
  expect(existsSync(nowhere)).toBe(false)
})

test('without a key it says what to set', async () => {
  vi.stubEnv('STRIPE_API_KEY', '')
  await expect(run('pull')).rejects.toMatchObject({ name: 'Refused', code: 'no_stripe_key' })
  vi.stubEnv('STRIPE_API_KEY', 'rk_test_of_this_test')
})
