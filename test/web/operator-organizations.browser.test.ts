import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { WebServer } from '../../src/web/server.ts'
import { testBrowser } from '../support/browser.ts'
import { event, PRICES, subscription } from '../support/world.ts'
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

const path = '/operator/organizations'
const open = (at = path, options: BrowserContextOptions = {}, key = world.key) =>
  signedInPage(browser!, { url: server.url, key, path: at }, options)
const told = (page: Page, text: string | RegExp) => page.getByRole('status').getByText(text).waitFor()
const refused = (page: Page, text: string | RegExp) => page.getByRole('alert').getByText(text).waitFor()
const names = (page: Page) =>
  page.getByRole('table', { name: 'Organizations' }).locator('tbody th a').allTextContents()

async function get(at: string, key: string) {
  const response = await fetch(server.url + at, { headers: bearer(key) })
  return { status: response.status, text: await response.text() }
}

test('an organization is created and found by name, key and customer; markup in its name stays text', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const { page, complaints } = await open()
  await page.getByRole('heading', { name: 'There is no organization yet.' }).waitFor()
  await look(page, 'organizations-empty')
  expect(await axeFaults(page)).toEqual([])
  await page.getByLabel('Name', { exact: true }).fill('<img src=x onerror=alert(1)> Bakery')
  await page.getByLabel('Key, if there is one').fill('bakery-1')
  await act(page, page, 'Create…', 'Create')
  await told(page, '<img src=x onerror=alert(1)> Bakery was created.')
  await page.getByLabel('Customer at Stripe').fill('cus_bakery')
  await act(page, page, 'Link…', 'Link')
  await told(page, /cus_bakery was linked/)
  await look(page, 'organization')
  expect(await axeFaults(page)).toEqual([])
  await page.getByLabel('Customer at Stripe').fill('cus_bakery')
  await act(page, page, 'Link…', 'Link')
  await told(page, 'cus_bakery was linked here before: nothing changed.')
  await page.getByRole('link', { name: 'Public Tier (Core)' }).click()
  await page.waitForURL(/\/enrollment$/)

  await world.organization({ name: 'Another', organization_key: 'another-1' })
  for (const [text, expected] of [
    ['BAKERY', 1],
    ['bakery-', 1],
    ['cus_bakery', 1],
    ['akery-1', 0],
    ['nOTH', 1],
    ['', 2],
  ] as const) {
    await page.goto(`${server.url}${path}?q=${encodeURIComponent(text)}`)
    expect({ text, found: (await names(page)).length }).toEqual({ text, found: expected })
  }
  await look(page, 'organizations')
  expect(await axeFaults(page)).toEqual([])
  expect(complaints).toEqual([])
})

test('what is refused stands at its field: a key that is taken, a customer of somebody else, a transfer to nobody', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const one = await world.organization({ name: 'One', organization_key: 'one' })
  const two = await world.organization({ name: 'Two', organization_key: 'two' })
  await world.ask('POST', `/organizations/${one}/customers`, { customer: 'cus_one' })
  const { page } = await open()
  await page.getByLabel('Name', { exact: true }).fill('One again')
  await page.getByLabel('Key, if there is one').fill('one')
  await act(page, page, 'Create…', 'Create')
  await page.getByText('This is refused: There is an organization with the key one already.').waitFor()
  expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('One again')
  await look(page, 'organizations-fault')

  await page.goto(`${server.url}${path}/${two}`)
  await page.getByLabel('Customer at Stripe').fill('cus_one')
  await act(page, page, 'Link…', 'Link')
  await page.getByText(`This is refused: cus_one belongs to organization ${one}.`).waitFor()
  expect(await axeFaults(page)).toEqual([])
  await page.getByLabel('Customer at Stripe').fill('one')
  await act(page, page, 'Link…', 'Link')
  await page.getByText('This must be a customer’s id, cus_….').waitFor()

  await page.goto(`${server.url}${path}/${one}`)
  await page.getByLabel('To the organization').fill('nobody')
  await act(page, page, 'Transfer…', 'Transfer', 'merger')
  await page.getByText('This names no organization: it is a key or an id.').waitFor()
  await page.getByLabel('To the organization').fill('one')
  await act(page, page, 'Transfer…', 'Transfer', 'merger')
  await page.getByText('This is refused: An account is transferred to another organization.').waitFor()
})

test('what waits leads here with what is to be filled in: a customer to be linked, the key of somebody new', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const owner = await world.organization({ name: 'The owner', organization_key: 'owner-1' })
  const { page, complaints } = await open(`${path}?link=cus_whose`)
  await page.getByText('Whose is cus_whose?').waitFor()
  await page.getByLabel('Name, key or customer').fill('owner-')
  await page.getByRole('button', { name: 'Search' }).click()
  await page.getByText('Whose is cus_whose?').waitFor()
  expect(await axeFaults(page)).toEqual([])
  await page.getByRole('link', { name: 'The owner' }).click()
  await page.waitForURL(new RegExp(owner))
  expect(await page.getByLabel('Customer at Stripe').inputValue()).toBe('cus_whose')
  await act(page, page, 'Link…', 'Link')
  await told(page, /cus_whose was linked/)

  await page.goto(`${server.url}${path}?key=acme+%26+"sons"#new`)
  expect(await page.getByLabel('Key, if there is one').inputValue()).toBe('acme & "sons"')
  // What could not stand there is passed over.
  await page.goto(`${server.url}${path}?link=<b>&key=`)
  expect(await page.getByText('Whose is').count()).toBe(0)
  expect(await page.getByLabel('Key, if there is one').inputValue()).toBe('')
  expect(complaints).toEqual([])
})

test('customers are transferred with their subscriptions; the second operator who tries is told that they are gone', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const from = await world.organization({ name: 'Old', organization_key: 'old' })
  await world.organization({ name: 'New', organization_key: 'new' })
  await world.ask('POST', `/organizations/${from}/customers`, { customer: 'cus_moving' })
  const sketch = {
    id: 'sub_moving',
    customer: 'cus_moving',
    items: [['si_m', PRICES.pro] as [string, string]],
  }
  await world.deliver(event('customer.subscription.created', subscription(sketch)))
  const [first, second] = [await open(`${path}/${from}`), await open(`${path}/${from}`)]
  for (const { page } of [first, second]) await page.getByLabel('To the organization').fill('new')
  await act(first.page, first.page, 'Transfer…', 'Transfer', 'merger')
  await told(first.page, 'cus_moving went to New, with every subscription.')
  await first.page.getByRole('heading', { name: 'New' }).waitFor()
  expect(await first.page.getByRole('article', { name: 'Core' }).locator('.tier').textContent()).toContain(
    'Pro',
  )
  await act(second.page, second.page, 'Transfer…', 'Transfer', 'merger')
  await refused(second.page, 'No Stripe customer is linked to this organization.')
})

test('R52, R64: the Grants tab gives what is no plan; a plan is refused there with the way to Enrollment', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const organization = await world.organization({ name: 'Flat', organization_key: 'flat' })
  await world.ask('POST', '/products', { key: 'turned-plan', name: 'Turned plan', type: 'addon' })
  await world.ask('POST', '/products/turned-plan/publish')
  const { page, complaints } = await open('/operator/grants?q=flat')
  await page.getByRole('link', { name: 'Flat' }).click()
  await page.getByText('Nothing: no add-on').waitFor()
  await look(page, 'grants-empty')
  const choices = await page.getByLabel('Product', { exact: true }).locator('option').allTextContents()
  expect(choices.map((text) => text.trim())).toEqual(['Choose one', 'Extra seats', 'Turned plan'])
  await page.getByLabel('Product', { exact: true }).selectOption('seats')
  await page.getByLabel('Quantity').fill('3')
  await act(page, page, 'Give…', 'Give', 'sorry for the outage')
  await told(page, 'Extra seats × 3 was given.')
  await look(page, 'grants')
  expect(await axeFaults(page)).toEqual([])
  const listed = await world.ask('GET', `/organizations/${organization}/flat-grants`)
  expect(listed.body.items).toMatchObject([{ product: 'seats', quantity: 3, reason: 'sorry for the outage' }])

  // A form that still offers what has become a plan meanwhile.
  await page.getByLabel('Product', { exact: true }).evaluate((select) => {
    const choice = (select as unknown as { options: { value: string }[] }).options
    choice[2]!.value = 'pro'
  })
  await page.getByLabel('Product', { exact: true }).selectOption('pro')
  await act(page, page, 'Give…', 'Give', 'wrong tab')
  await page.getByText('This is refused: Pro is a tier of a ladder: it is not given flat.').waitFor()
  const way = page.getByRole('region', { name: 'Give a product' }).getByRole('link', { name: 'Enrollment' })
  expect(await way.getAttribute('href')).toBe(`${path}/${organization}/enrollment`)
  await look(page, 'grants-fault')

  await page.goto(`${server.url}${path}/${organization}/grants`)
  await act(page, page, 'Revoke…', 'Revoke', 'given by mistake')
  await told(page, 'It was taken back.')
  await page.getByRole('link', { name: 'Show those that have ended too' }).click()
  await page.getByRole('row', { name: /Extra seats × 3.*revoked/ }).waitFor()
  // The refusal itself, as the browser tells it.
  expect(complaints.filter((text) => !text.includes('422'))).toEqual([])
})

test('another tenant’s organization answers exactly as one that is not there, and is not found', async () => {
  const theirs = (await world.askAsOther('POST', '/organizations', { name: 'Theirs', org_type: 'coop' })).body
  for (const below of ['', '/enrollment', '/grants']) {
    const nobodys = await get(`${path}/00000000-0000-4000-8000-000000000000${below}`, world.key)
    expect(nobodys.status).toBe(404)
    expect(await get(`${path}/${theirs.organization_id}${below}`, world.key)).toEqual(nobodys)
    expect((await get(`${path}/${theirs.organization_id}${below}`, world.otherKey)).status).toBe(200)
  }
  expect((await get(`${path}?q=Theirs`, world.key)).text).toContain('Nobody is found')
  expect((await get(`${path}?q=Theirs`, world.otherKey)).text).toContain('>Theirs</a>')
})
