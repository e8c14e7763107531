import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApiKey } from '../../src/auth/api-keys.ts'
import { getProduct } from '../../src/billing/products.ts'
import type { WebServer } from '../../src/web/server.ts'
import { testBrowser } from '../support/browser.ts'
import { act } from './act.ts'
import { type ApiWorld, apiWorld } from './api/api-for-test.ts'
import { bearer, listeningApp } from './app-for-test.ts'
import { axeFaults } from './axe.ts'
import { look } from './look.ts'
import { signedInPage } from './signed-in-page.ts'

let world: ApiWorld
let server: WebServer
let browser: Browser | null

beforeAll(async () => {
  browser = await testBrowser()
  world = await apiWorld()
  server = await listeningApp(world.app)
})
afterAll(async () => {
  await browser?.close()
  await server.close(100)
  await world.close()
})

const open = (path = '/operator/products', options: BrowserContextOptions = {}, key = world.key) =>
  signedInPage(browser!, { url: server.url, key, path }, options)
const product = (key: string) => getProduct(world.app, key)
const told = (page: Page, text: string | RegExp) => page.getByRole('status').getByText(text).waitFor()
const refused = (page: Page, text: string | RegExp) => page.getByRole('alert').getByText(text).waitFor()

test('R73: the list says in plain words what is a plan and what a regular product, and what stands for each at Stripe', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  await world.ask('POST', '/products', { key: 'unsaid', name: 'Unsaid' })
  const { page, complaints } = await open()
  const row = async (name: string) => (await page.getByRole('row', { name }).first().textContent()) ?? ''
  expect(await row('Extra seats')).toContain('Regular product: add-on')
  expect(await row('Gold support gold')).toContain('Plan')
  expect(await row('Gold support gold')).toContain('support, rank 0')
  expect(await row('Gold support gold')).toContain('1 price')
  expect(await row('Unsaid')).toContain('Not decided')
  expect(await row('Unsaid')).toContain('nothing is mapped')
  await look(page, 'products')
  expect(await axeFaults(page)).toEqual([])

  await page.getByLabel('Kind').selectOption('addon')
  await page.getByRole('button', { name: 'Show' }).click()
  await page.waitForURL(/kind=addon/)
  expect(await page.locator('tbody th a').allTextContents()).toEqual(['Extra seats'])
  await page.getByLabel('Status').selectOption('retired')
  await page.getByRole('button', { name: 'Show' }).click()
  await page.getByRole('heading', { name: 'No product is like that.' }).waitFor()
  expect(complaints).toEqual([])
})

test('a product is created, given what it includes, published and retired; markup stays text', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const { page, complaints } = await open()
  const create = () => act(page, page, 'Create the product…', 'Create the product')
  await page.getByLabel('Name').fill('<i>Storage</i>')
  await page.getByLabel('Key').fill('seats')
  await page.getByLabel('Type').selectOption('usage')
  await create()
  await page.getByText('This is refused: There is a product with the key seats already.').waitFor()
  expect(await page.getByLabel('Type').inputValue()).toBe('usage')
  await page.getByLabel('Key').fill('storage')
  await create()
  await told(page, '<i>Storage</i> was created, as a draft.')
  expect(await page.locator('main i').count()).toBe(0)

  await page.getByLabel('New feature 1', { exact: true }).fill('2bad')
  await page.getByLabel('Value of new feature 1').fill('10')
  await act(page, page, 'Change what it includes…', 'Change')
  await page.getByText(/This has to start with a letter/).waitFor()
  await page.getByLabel('New feature 1', { exact: true }).fill('gigabytes')
  await page.getByLabel('New feature 2', { exact: true }).fill('level')
  await page.getByLabel('Value of new feature 2').fill('<u>deep</u>')
  await page.getByLabel('New feature 3', { exact: true }).fill('backup')
  await page.getByLabel('Value of new feature 3').fill('true')
  await act(page, page, 'Change what it includes…', 'Change', 'as sold')
  await told(page, 'Changed: gigabytes, level, backup.')
  expect((await product('storage')).features).toEqual({ gigabytes: 10, level: '<u>deep</u>', backup: true })
  await look(page, 'product')
  expect(await axeFaults(page)).toEqual([])
  await page.getByLabel('gigabytes').fill('unlimited')
  await page.getByLabel('backup').fill('')
  await act(page, page, 'Change what it includes…', 'Change')
  await told(page, 'Changed: backup, gigabytes.')
  expect((await product('storage')).features).toEqual({ gigabytes: 'unlimited', level: '<u>deep</u>' })

  await act(page, page, 'Publish…', 'Publish')
  await told(page, '<i>Storage</i> is published.')
  // Published, and neither a type nor a ladder: nothing would say what it is.
  await page.getByLabel('Type', { exact: true }).selectOption('')
  await act(page, page, 'Change…', 'Change')
  await page.getByText(/This is refused: storage has no type and is no tier of a ladder/).waitFor()
  expect((await product('storage')).type).toBe('usage')
  await act(page, page, 'Retire…', 'Retire', 'sold no longer')
  await told(page, '<i>Storage</i> is retired: whoever has it keeps it.')
  expect((await product('storage')).status).toBe('retired')
  expect(complaints.filter((text) => !text.includes('422'))).toEqual([])
})

test('D11: what has no type is published and made a plan in one step, or neither happens', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  await world.ask('POST', '/products', { key: 'premium', name: 'Premium' })
  const { page } = await open('/operator/products/premium')
  expect(await page.getByRole('button', { name: 'Publish…', exact: true }).count()).toBe(0)
  await page.getByLabel('Ladder').selectOption('core')
  await page.getByLabel('Rank').fill('2')
  await act(page, page, 'Publish and attach…', 'Publish and attach')
  await page.getByText('This is refused: Rank 2 of core is pro’s.').waitFor()
  await look(page, 'product-rank-taken')
  expect(await product('premium')).toMatchObject({ status: 'draft', ladders: [] })
  await page.getByLabel('Rank').fill('9')
  await act(page, page, 'Publish and attach…', 'Publish and attach')
  await told(page, 'Premium is published, and a plan of core at rank 9.')
  expect(await product('premium')).toMatchObject({
    status: 'published',
    kind: 'plan',
    ladders: [{ ladder: 'core', rank: 9 }],
  })
  await page.getByText('It is a tier of a ladder: of each ladder an organization has one at most.').waitFor()
})

test('what organizations start on cannot be retired from under them', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const { page } = await open('/operator/products/public-tier')
  await act(page, page, 'Retire…', 'Retire')
  await refused(page, /Organizations of type coop start on core, but then public-tier.* is not published/)
  expect((await product('public-tier')).status).toBe('published')
})

test('two operators who change what a product includes at once: the second is told, and undoes nothing', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  await world.ask('PATCH', '/products/gold', { features: { hours: 8, phone: true } })
  const [{ page: one }, { page: other }] = await Promise.all([
    open('/operator/products/gold'),
    open('/operator/products/gold'),
  ])
  await one.getByLabel('hours').fill('24')
  await act(one, one, 'Change what it includes…', 'Change')
  await told(one, 'Changed: hours.')
  await other.getByLabel('phone').fill('false')
  await act(other, other, 'Change what it includes…', 'Change')
  await refused(other, /Somebody else changed what Gold support includes/)
  expect(await other.getByLabel('hours').inputValue()).toBe('24')
  expect((await product('gold')).features).toEqual({ hours: 24, phone: true })
})

test('a viewer reads what a product includes, and is offered nothing that changes it', async () => {
  const { key } = await createApiKey(world.app, { role: 'viewer' })
  for (const path of ['/operator/products', '/operator/products/pro']) {
    const answer = await fetch(server.url + path, { headers: bearer(key) })
    const text = await answer.text()
    expect([answer.status, text.match(/method="post" action="\/operator\/products/g)]).toEqual([200, null])
    expect(text).toContain('Pro')
  }
  const retire = await fetch(`${server.url}/operator/products/pro/retire`, {
    method: 'POST',
    headers: bearer(key),
  })
  expect(retire.status).toBe(403)
})

test('a long list is cut into pages by key, and a narrow screen shows it', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  await world.owner`
    insert into billing.products (product_key, name, product_type, lifecycle_status)
    select 'many-' || lpad(n::text, 3, '0'), repeat('Very long name ', 8) || n, 'addon', 'draft' from generate_series(1, 60) n`
  const { page } = await open('/operator/products?kind=addon&status=draft', {
    viewport: { width: 380, height: 800 },
    colorScheme: 'dark',
  })
  expect(await page.locator('tbody tr').count()).toBe(50)
  const wide = await page.evaluate(() => {
    const { document } = globalThis as never as { document: { documentElement: { scrollWidth: number } } }
    return document.documentElement.scrollWidth
  })
  expect(wide).toBeLessThanOrEqual(380)
  await page.getByRole('link', { name: 'Next' }).click()
  await page.waitForURL(/after=many-050/)
  expect(await page.locator('tbody tr').count()).toBe(10)
  await look(page, 'products-narrow-dark')
  expect(await axeFaults(page)).toEqual([])
  await page.getByRole('link', { name: 'From the start' }).click()
  await page.waitForURL(/\?status=draft&kind=addon$|\?kind=addon&status=draft$/)
})
