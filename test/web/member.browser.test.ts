import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApiKey } from '../../src/auth/api-keys.ts'
import { routesAndRoles } from '../../src/web/routes-and-roles.ts'
import type { WebServer } from '../../src/web/server.ts'
import { testBrowser } from '../support/browser.ts'
import { event, PRICES, subscription } from '../support/world.ts'
import { type ApiWorld, apiWorld } from './api/api-for-test.ts'
import { bearer, listeningApp } from './app-for-test.ts'
import { axeFaults } from './axe.ts'
import { look } from './look.ts'
import { signedInPage } from './signed-in-page.ts'

let world: ApiWorld
let server: WebServer
let browser: Browser | null
let organization: string

const cancelAt = 1_893_456_000

beforeAll(async () => {
  browser = await testBrowser()
  world = await apiWorld()
  server = await listeningApp(world.app)
  for (const [product, features] of [
    ['pro', { api_calls: 5000, reports: true }],
    ['seats', { seats: 5 }],
  ] as const)
    await world.ask('PATCH', `/products/${product}`, { features })
  organization = await world.organization({ name: '<b>Dairy</b> & Co' })
  await world.ask('POST', `/organizations/${organization}/customers`, { customer: 'cus_1' })
  const items = [['si_1', PRICES.pro] as [string, string]]
  await world.deliver(event('customer.subscription.created', subscription({ items, cancelAt })))
  await world.ask('POST', `/organizations/${organization}/flat-grants`, {
    product: 'seats',
    quantity: 2,
    reason: 'a secret between operators',
  })
})
afterAll(async () => {
  await browser?.close()
  await server.close(100)
  await world.close()
})

const text = async (key: string) => {
  const response = await fetch(`${server.url}/member`, { headers: bearer(key) })
  return { status: response.status, text: await response.text() }
}

test('R70: an operator makes a link, and whoever opens it sees “You are on …”, what it includes, until when and what then', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const at = `/operator/organizations/${organization}`
  const { page: operator } = await signedInPage(browser, { url: server.url, key: world.key, path: at })
  await operator.getByRole('button', { name: 'Make a link…' }).click()
  await operator.getByRole('button', { name: 'Make the link' }).click()
  const link = (await operator.locator('#member-link').textContent())!.trim()
  await look(operator, 'member-link')
  expect(await axeFaults(operator)).toEqual([])

  for (const [colorScheme, width] of [
    ['light', 1280],
    ['dark', 375],
  ] as const) {
    const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 } })
    const page = await context.newPage()
    page.setDefaultTimeout(30_000)
    const complaints: string[] = []
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
    await page.goto(link)
    await page.waitForURL(`${server.url}/member`)
    await page.getByRole('heading', { name: '<b>Dairy</b> & Co' }).waitFor()
    const core = page.getByRole('region', { name: 'Core' })
    expect(await core.getByRole('heading').textContent()).toBe('You are on Pro')
    expect(await core.textContent()).toMatch(/Until 1 Jan 2030 00:00\. Then you are on Public Tier\./)
    const shown = (await page.locator('main').textContent())!
    for (const part of ['Extra seats × 2', 'Api calls5,000', 'Reportsincluded', 'Seats10'])
      expect(shown).toContain(part)
    // What operators and Stripe know is not theirs to read.
    for (const secret of ['cus_1', 'sub_1', 'secret between', 'Olga']) expect(shown).not.toContain(secret)
    expect(await page.locator('main form, main button, main input').count()).toBe(0)
    expect(await axeFaults(page)).toEqual([])
    await look(page, `member-${colorScheme}-${width}`)
    expect(complaints).toEqual([])
    await context.close()
  }
})

test('R70: there is no route by which a member could change anything', async () => {
  const member = Object.entries(routesAndRoles).filter(
    ([route, rule]) =>
      / \/member/.test(route) || rule === 'member' || (Array.isArray(rule) && rule.includes('member')),
  )
  expect(member.map(([route]) => route).sort()).toEqual(['GET /member', 'GET /member/enter'])
})

test('a member’s key shows its own organization and no other, and an operator’s has no such page', async () => {
  const other = await world.organization({ name: 'Elsewhere' })
  const keyOf = async (id: string) =>
    (await createApiKey(world.app, { role: 'member', organization: id })).key
  const own = await text(await keyOf(organization))
  expect(own.text).toContain('You are on Pro')
  const elsewhere = await text(await keyOf(other))
  expect(elsewhere.text).toContain('Elsewhere')
  expect(elsewhere.text).toContain('You are on Public Tier')
  expect(elsewhere.text).not.toContain('Dairy')
  expect((await text(world.key)).status).toBe(403)
})
