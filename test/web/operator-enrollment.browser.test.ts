import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApiKey } from '../../src/auth/api-keys.ts'
import type { WebServer } from '../../src/web/server.ts'
import { testBrowser } from '../support/browser.ts'
import { event, PRICES, subscription } from '../support/world.ts'
import { act } from './act.ts'
import { type ApiWorld, apiWorld } from './api/api-for-test.ts'
import { listeningApp } from './app-for-test.ts'
import { axeFaults } from './axe.ts'
import { look } from './look.ts'
import { signedInPage } from './signed-in-page.ts'

let world: ApiWorld
let server: WebServer
let browser: Browser | null
let second: string
let viewer: string

beforeAll(async () => {
  browser = await testBrowser()
  world = await apiWorld()
  server = await listeningApp(world.app)
  second = (await createApiKey(world.app, { role: 'operator', name: 'Bruno' })).key
  viewer = (await createApiKey(world.app, { role: 'viewer', name: 'Vera' })).key
})
afterAll(async () => {
  await browser?.close()
  await server.close(100)
  await world.close()
})

const open = (path: string, options: BrowserContextOptions = {}, key = world.key) =>
  signedInPage(browser!, { url: server.url, key, path }, options)
const enrollmentOf = (organization: string) => `/operator/organizations/${organization}/enrollment`
const told = (page: Page, text: string | RegExp) => page.getByRole('status').getByText(text).waitFor()
const refused = (page: Page, text: string | RegExp) => page.getByRole('alert').getByText(text).waitFor()
const card = (page: Page, name: string) => page.getByRole('article', { name, exact: true })

async function place(organization: string, ladder = 'core') {
  const { body } = await world.ask('GET', `/enrollments?organization=${organization}&ladder=${ladder}`)
  return (body.items as unknown as { product: string; holder: { kind: string } }[])[0] ?? null
}

/** An organization whose customer pays for a tier. */
async function paying(customer: string, price: string, created?: number): Promise<string> {
  const organization = await world.organization({ name: `Customer ${customer}` })
  await world.ask('POST', `/organizations/${organization}/customers`, { customer })
  const sketch = { id: `sub_${customer}`, customer, items: [[`si_${customer}`, price] as [string, string]] }
  await world.deliver(
    event('customer.subscription.created', subscription(sketch), created === undefined ? {} : { created }),
  )
  return organization
}

test('R64, R65, R67: somebody is picked on the Enrollment tab, is given a grant, and it is revoked; the history tells both', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const organization = await world.organization({ name: '<b>Acme</b> & sons', organization_key: 'acme-1' })
  const { page, complaints } = await open('/operator/enrollment')
  await page.getByLabel('Name, key or customer').fill('acme-')
  await page.getByRole('button', { name: 'Search' }).click()
  await look(page, 'enrollment-pick')
  expect(await axeFaults(page)).toEqual([])
  await page.getByRole('link', { name: '<b>Acme</b> & sons' }).click()
  await page.getByRole('heading', { name: '<b>Acme</b> & sons' }).waitFor()

  const issue = card(page, 'Issue Grant')
  await issue.getByLabel('Plan').selectOption('pro')
  await issue.getByRole('button', { name: 'Issue Grant…' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('Pro (Core, rank 2)').waitFor()
  await look(page, 'enrollment-dialog')
  expect(await axeFaults(page)).toEqual([])
  await page.keyboard.press('Escape')
  expect((await place(organization))?.product).toBe('public-tier')
  await issue.getByRole('button', { name: 'Issue Grant…' }).click()
  await dialog.getByLabel('Reason').fill('<i>pilot</i>')
  await dialog.getByRole('button', { name: 'Issue Grant' }).click()
  await told(page, 'Pro was given without an end. It has the place on Core.')
  expect(await place(organization)).toMatchObject({ product: 'pro', holder: { kind: 'grant' } })
  await look(page, 'enrollment')
  expect(await axeFaults(page)).toEqual([])

  const grants = page.getByRole('table', { name: 'Active Grants' })
  const row = grants.getByRole('row', { name: /Pro/ })
  expect(await row.textContent()).toContain('<i>pilot</i>')
  await row.getByRole('button', { name: 'Revoke…' }).click()
  await dialog.getByLabel('Reason').fill('pilot over')
  await dialog.getByRole('button', { name: 'Revoke' }).click()
  await told(page, /The grant was revoked\./)
  expect(await place(organization)).toMatchObject({ product: 'public-tier', holder: { kind: 'default' } })

  const moves = page.getByRole('table', { name: 'History of tiers' }).locator('tbody tr')
  const texts = (await moves.allTextContents()).map((text) => text.replaceAll(/\s+/g, ' '))
  expect(texts.length).toBeGreaterThanOrEqual(4)
  expect(texts[0]).toMatch(/^initiate Core.*none → Public Tier \(0\)system: new organization/)
  expect(texts[1]).toMatch(/^upgrade Core.*Public Tier \(0\) → Pro \(2\)Olga: <i>pilot<\/i>/)
  expect(texts.at(-1)).toMatch(/^initiate Core.*→ Public Tier \(0\)system/)
  // R68: there is nothing in the history to change it by.
  expect(await page.getByRole('region', { name: 'History', exact: true }).getByRole('button').count()).toBe(0)
  expect(complaints).toEqual([])
})

test('R66: Extend is offered only with an attached plan, and carries on what is held', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  await world.owner`insert into organization.org_types (org_type_key, name) values ('bare', 'Bare') on conflict do nothing`
  const bare = await world.organization({ name: 'Bare', org_type: 'bare' })
  const { page } = await open(enrollmentOf(bare))
  await card(page, 'Issue Grant').waitFor()
  expect(await card(page, 'Extend current tier').count()).toBe(0)
  await page.getByText('On no ladder, and it never did').waitFor()
  await look(page, 'enrollment-empty')
  expect(await axeFaults(page)).toEqual([])

  const organization = await paying('cus_extended', PRICES.standard)
  await page.goto(server.url + enrollmentOf(organization))
  const extend = card(page, 'Extend current tier')
  await extend.getByLabel('Until (UTC)').fill('2001-01-01T10:00')
  await act(page, extend, 'Extend…', 'Extend', 'they asked')
  await extend.getByText(/This is refused/).waitFor()
  expect(await extend.getByLabel('Until (UTC)').inputValue()).toBe('2001-01-01T10:00')
  await look(page, 'enrollment-fault')
  await extend.getByLabel('Until (UTC)').fill('2099-01-01T10:00')
  await act(page, extend, 'Extend…', 'Extend', 'they asked')
  await told(page, 'Standard was extended until 2099-01-01 10:00 UTC. It has the place on Core.')
  expect(await place(organization)).toMatchObject({ product: 'standard', holder: { kind: 'grant' } })
})

test('a ceiling lowers a payer, says who pays for more, and is lifted again', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const organization = await paying('cus_forced', PRICES.pro)
  const { page, complaints } = await open(enrollmentOf(organization))
  const force = card(page, 'Force a tier')
  await force.getByLabel('How').selectOption('at_most')
  await force.getByLabel('Tier').selectOption({ label: 'Core: Standard (rank 1)' })
  await act(page, force, 'Force…', 'Force', 'abuse')
  await told(page, /Core is Standard at most.*Paid for and above it: sub_cus_forced \(Pro\)/)
  expect(await place(organization)).toMatchObject({ product: 'standard' })
  await card(page, 'Core').getByText('Why this tier').click()
  await page.getByText(/under a ceiling of rank 1/).waitFor()
  await look(page, 'enrollment-ceiling')
  expect(await axeFaults(page)).toEqual([])
  await act(page, card(page, 'Core'), 'Lift…', 'Lift', 'settled')
  await told(page, 'The ceiling was lifted. The place went from rank 1 to 2 (upgrade).')
  expect(await place(organization)).toMatchObject({ product: 'pro' })
  expect(complaints).toEqual([])
})

test('a grant below what is paid for is held, and at the present tier it is refused with the way to Extend (D20)', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const organization = await paying('cus_held', PRICES.pro)
  const { page } = await open(enrollmentOf(organization))
  const issue = card(page, 'Issue Grant')
  await issue.getByLabel('Plan').selectOption('standard')
  await act(page, issue, 'Issue Grant…', 'Issue Grant', 'in case they leave')
  await told(page, 'Standard was given without an end. On Core it is held and waits: Pro is paid for.')
  await issue.getByLabel('Plan').selectOption('pro')
  await act(page, issue, 'Issue Grant…', 'Issue Grant', 'again')
  await refused(page, 'The organization stands on Pro already.')
  await page.getByText('Extend it instead.').waitFor()
})

test('of two operators who act on one pool at once, the second is told what happened and nothing more is done', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const organization = await world.organization({ name: 'Shared' })
  const ada = await open(enrollmentOf(organization))
  const bruno = await open(enrollmentOf(organization), {}, second)
  for (const [{ page }, plan] of [
    [ada, 'pro'],
    [bruno, 'standard'],
  ] as const)
    await card(page, 'Issue Grant').getByLabel('Plan').selectOption(plan)
  await act(ada.page, card(ada.page, 'Issue Grant'), 'Issue Grant…', 'Issue Grant', 'promised')
  await told(ada.page, /Pro was given/)
  await act(bruno.page, card(bruno.page, 'Issue Grant'), 'Issue Grant…', 'Issue Grant', 'promised too')
  await refused(bruno.page, /Nothing was done, since this has changed while you looked: Olga gave Pro at /)
  await look(bruno.page, 'enrollment-second')
  expect(await place(organization)).toMatchObject({ product: 'pro' })
  const grants = await world.ask('GET', `/organizations/${organization}/grants`)
  const given = grants.body.items as unknown as { grant_reason: string }[]
  expect(given.filter(({ grant_reason }) => grant_reason !== 'default')).toHaveLength(1)

  // Both see the same grant now, and both revoke it.
  await ada.page.reload()
  const revoke = (page: Page, why: string) =>
    act(page, page.getByRole('table', { name: 'Active Grants' }), 'Revoke…', 'Revoke', why)
  await revoke(bruno.page, 'a mistake')
  await told(bruno.page, /The grant was revoked/)
  await revoke(ada.page, 'a mistake, too')
  await refused(ada.page, /Bruno revoked the grant of Pro at /)
})

test('whoever may only read sees all of it and is offered nothing', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const organization = await paying('cus_read', PRICES.both)
  const { page } = await open(enrollmentOf(organization), {}, viewer)
  await page.getByRole('heading', { name: 'History' }).waitFor()
  expect(await page.locator('#main form').count()).toBe(0)
  const known = page
    .getByRole('table', { name: 'Subscriptions at Stripe' })
    .getByRole('row', { name: /sub_cus_read/ })
  expect((await known.textContent())!.replaceAll(/\s+/g, ' ')).toMatch(
    /active.*Pro with gold support.*settled/,
  )
  expect(await page.getByRole('article', { name: 'Support' }).locator('.tier').textContent()).toContain(
    'Pro with gold support',
  )
  await look(page, 'enrollment-viewer')
  expect(await axeFaults(page)).toEqual([])
})

test('dark and narrow, with much to show: nothing runs out of the page, and axe finds nothing', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const at = Math.floor(Date.now() / 1000) - 50_000
  const organization = await paying('cus_long', PRICES.standard, at - 600)
  const name = `${'Verylongnamewithoutanyspace'.repeat(6)} & co`
  await world.owner`update organization.organizations set name = ${name} where organization_id = ${organization}`
  let [was, is] = [PRICES.standard, PRICES.pro] as [string, string]
  for (let turn = 0; turn < 56; turn++) {
    const items = (price: string) => subscription({ items: [['si_cus_long', price]] }).items
    const now = subscription({ id: 'sub_cus_long', customer: 'cus_long', items: [['si_cus_long', is]] })
    await world.deliver(
      event('customer.subscription.updated', now, {
        created: at + turn * 600,
        previous: { items: items(was) },
      }),
    )
    ;[was, is] = [is, was]
  }
  for (const [colorScheme, width] of [
    ['dark', 375],
    ['light', 375],
    ['dark', 1280],
  ] as const) {
    const { page } = await open(enrollmentOf(organization), { colorScheme, viewport: { width, height: 800 } })
    await page.getByRole('heading', { name: 'History' }).waitFor()
    const runsOut = await page.evaluate(() => {
      const { document } = globalThis as never as {
        document: { documentElement: { scrollWidth: number; clientWidth: number } }
      }
      return document.documentElement.scrollWidth - document.documentElement.clientWidth
    })
    expect({ colorScheme, width, runsOut }).toEqual({ colorScheme, width, runsOut: 0 })
    expect(await axeFaults(page)).toEqual([])
    await look(page, `enrollment-long-${colorScheme}-${width}`)
    if (width === 1280) {
      const rows = page.getByRole('table', { name: 'History of tiers' }).locator('tbody tr')
      expect(await rows.count()).toBe(50)
      const all = page.getByRole('link', { name: /show all/ })
      const [, total] = /^The last 50 of (\d+): show all$/.exec((await all.textContent())!)!
      expect(Number(total)).toBeGreaterThan(50)
      await all.click()
      await page.waitForURL(/history=all/)
      expect(await rows.count()).toBe(Number(total))
    }
    await page.context().close()
  }
})
