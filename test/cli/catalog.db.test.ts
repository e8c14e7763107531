import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { parse } from 'yaml'
import { register } from '../../src/cli/catalog.ts'
import { SIMULATED_CATALOG } from '../../src/simulator/prices.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'

const sample = fileURLToPath(new URL('../../src/cli/sample-catalog.yaml', import.meta.url))
let db: TestDatabase
let folder: string
beforeAll(async () => {
  db = await testDatabase()
  folder = await mkdtemp(join(tmpdir(), 'catalog-'))
  vi.stubEnv('DATABASE_URL', db.appUrl)
  vi.stubEnv('OWNER_DATABASE_URL', db.ownerUrl)
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
  await db.close()
})
afterEach(() => vi.restoreAllMocks())

/** Runs a command and answers what it printed on standard output. */
async function run(...argv: string[]): Promise<string> {
  let printed = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += text
    return true
  })
  const program = new Command().exitOverride()
  register(program)
  for (const command of program.commands[0]!.commands)
    command.exitOverride().configureOutput({ writeErr: () => {} })
  await program.parseAsync(['catalog', ...argv], { from: 'user' })
  vi.restoreAllMocks()
  return printed
}
function fileOf(text: string): string {
  const path = join(folder, 'catalog.yaml')
  writeFileSync(path, text)
  return path
}

test('a dry run tells what would be and writes nothing; the apply does it; the second changes nothing and says so', async () => {
  const dry = await run('apply', sample, '--dry-run')
  expect(dry).toContain('product standard would be created')
  expect(dry).toContain('Nobody would move.')
  expect(dry).toContain('nothing was written')
  expect(JSON.parse(await run('apply', sample, '--dry-run', '--json'))).toMatchObject({
    dry_run: true,
    changed: true,
    blast_radius: { subscriptions: 0, moves: { total: 0, by: [], first: [] }, held: { total: 0, first: [] } },
  })
  expect(await run('export')).not.toContain('standard')
  const wet = await run('apply', sample)
  expect(wet).toContain('product standard created')
  expect(wet).toContain('Stripe price price_sim_pro_year created')
  expect(wet).toContain('ladder core changed: rank of standard: none → 1; rank of pro: none → 2')
  expect(await run('apply', sample)).toBe('Nothing changed: the catalog stands like this already.\n')
})

test('a script gets one JSON document with what was created, changed and left, and what was woken', async () => {
  const first = fileOf(
    'version: 1\nproducts: [{ key: sms, name: SMS, type: usage, stripe: { prices: [price_sms] } }]',
  )
  expect(JSON.parse(await run('apply', first, '--json'))).toEqual({
    dry_run: false,
    changed: true,
    products: { created: ['sms'], changed: [], unchanged: [] },
    ladders: { created: [], changed: [], unchanged: [] },
    org_types: { created: [], changed: [], unchanged: [] },
    stripe_products: { created: [], changed: [], unchanged: [] },
    stripe_prices: { created: ['price_sms'], changed: [], unchanged: [] },
    woken: 0,
    resolving: 0,
  })
  const next = fileOf('version: 1\nproducts: [{ key: sms, name: Texts, type: usage }]')
  expect(JSON.parse(await run('apply', next, '--json')).products.changed).toEqual([
    { key: 'sms', what: ['name: SMS → Texts'] },
  ])
})

test('what is exported, in either form, is a file that changes nothing', async () => {
  const yaml = await run('export')
  const json = await run('export', '--format', 'json')
  expect(JSON.parse(await run('export', '--json'))).toEqual(JSON.parse(json))
  expect(parse(yaml)).toEqual(JSON.parse(json))
  for (const text of [yaml, json])
    expect(JSON.parse(await run('apply', fileOf(text), '--json')).changed).toBe(false)
})

test('a file that cannot be taken is refused with its faults; one that is not there is a mistake in the asking', async () => {
  await expect(run('apply', fileOf('version: 1\nprodcts: []'))).rejects.toMatchObject({
    code: 'catalog_invalid',
    message: expect.stringContaining('did you mean products?'),
  })
  await expect(run('apply', join(folder, 'none.yaml'))).rejects.toMatchObject({
    name: 'UsageError',
    code: 'catalog_file_unreadable',
  })
  await expect(run('export', '--format', 'xml')).rejects.toMatchObject({ code: 'commander.invalidArgument' })
})

test('the sample catalog knows every price that simulations sell', async () => {
  const { products } = JSON.parse(await run('export', '--json')) as {
    products: { key: string; stripe?: object }[]
  }
  for (const product of SIMULATED_CATALOG.products)
    expect(products).toContainEqual(expect.objectContaining(sorted(product)))
})

function sorted(product: (typeof SIMULATED_CATALOG.products)[number]) {
  return 'stripe' in product
    ? {
        ...product,
        stripe: { products: [...product.stripe.products], prices: [...product.stripe.prices].sort() },
      }
    : product
}
