import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApiKey } from '../../src/auth/api-keys.ts'
import { getLadder } from '../../src/billing/ladders.ts'
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

const open = (path = '/operator/ladders', options: BrowserContextOptions = {}, key = world.key) =>
  signedInPage(browser!, { url: server.url, key, path }, options)

const tiersOf = async (key: string) =>
  (await getLadder(world.app, key)).tiers.map(({ product, rank }) => `${rank} ${product}`)
const isThere = async (key: string) =>
  (await world.owner`select is_active from billing.plan_ladders where ladder_key = ${key}`)[0] ?? null

async function makeLadder(key: string, ...tiers: string[]) {
  await world.ask('POST', '/ladders', { key, name: key })
  for (const [rank, product] of tiers.entries()) {
    await world.ask('POST', '/products', { key: product, name: product })
    await world.ask('POST', `/products/${product}/publish-and-attach`, { ladder: key, rank })
  }
}

const told = (page: Page, text: string | RegExp) => page.getByRole('status').getByText(text).waitFor()
const refused = (page: Page, text: string | RegExp) => page.getByRole('alert').getByText(text).waitFor()

test('R57: a ladder is created with key, name and description; its faults stand at its fields, and markup stays text', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const { page, complaints } = await open()
  const create = () => act(page, page, 'Create the ladder…', 'Create the ladder')
  await page.getByLabel('Name').fill('<b>Care</b> & more')
  await page.getByLabel('Key').fill('Not Kebab')
  await create()
  await page.getByText('This has to be kebab-case, such as extra-seats.').waitFor()
  expect(await page.getByLabel('Name').inputValue()).toBe('<b>Care</b> & more')
  await page.getByLabel('Key').fill('core')
  await create()
  await page.getByText('This is refused: There is a ladder with the key core already.').waitFor()
  await look(page, 'ladders-fault')
  expect(await axeFaults(page)).toEqual([])

  await page.getByLabel('Key').fill('care')
  await page.getByLabel('Description').fill('What <script>alert(1)</script> they are cared for with')
  await create()
  await told(page, '<b>Care</b> & more was created. Put plans on it next.')
  expect(new URL(page.url()).pathname).toBe('/operator/ladders/care')
  expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('<b>Care</b> & more')
  await look(page, 'ladder-empty')
  expect(await axeFaults(page)).toEqual([])
  await page.getByRole('link', { name: 'Plan ladders' }).first().click()
  const row = page.getByRole('row', { name: /<b>Care<\/b> & more/ })
  expect(await row.textContent()).toContain('What <script>alert(1)</script> they')
  expect(await page.locator('main b, main script').count()).toBe(0)
  await look(page, 'ladders')
  expect(complaints.filter((text) => !text.includes('422'))).toEqual([])
})

test('R58: the picker offers published products without a type that are not on the ladder; a draft is published and attached', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  await world.ask('POST', '/ladders', { key: 'picked', name: 'Picked' })
  await world.ask('POST', '/products', { key: 'a-draft', name: 'A draft' })
  const { page } = await open()
  await page.getByRole('link', { name: 'Tiers of Picked' }).click()
  const plan = page.getByLabel('Plan', { exact: true })
  const offered = await plan
    .locator('option')
    .evaluateAll((all) => all.map((one) => one.getAttribute('value')))
  for (const key of ['pro', 'standard', 'gold']) expect(offered).toContain(key)
  // An add-on is no plan, and a draft is attached in the other form.
  for (const key of ['seats', 'a-draft']) expect(offered).not.toContain(key)

  await plan.selectOption('pro')
  await page.getByLabel('Rank', { exact: true }).first().fill('4')
  await act(page, page, 'Attach…', 'Attach')
  await told(page, 'Pro is a tier now, at rank 4.')
  await page.getByLabel('Product', { exact: true }).selectOption('a-draft')
  const rank = page.locator('#draft-rank')
  await rank.fill('4')
  await act(page, page, 'Publish and attach…', 'Publish and attach')
  await page.getByText('This is refused: Rank 4 of picked is pro’s.').waitFor()
  expect(await rank.inputValue()).toBe('4')
  expect(await tiersOf('picked')).toEqual(['4 pro'])
  await rank.fill('0')
  await act(page, page, 'Publish and attach…', 'Publish and attach')
  await told(page, 'A draft is a tier now, at rank 0.')
  expect(await tiersOf('picked')).toEqual(['0 a-draft', '4 pro'])
  const [row] =
    await world.owner`select lifecycle_status as status from billing.products where product_key = 'a-draft'`
  expect(row!.status).toBe('published')
})

test('a draft is not attached by a form that was made up: publishing it is another step', async () => {
  await world.ask('POST', '/ladders', { key: 'forged', name: 'Forged' })
  await world.ask('POST', '/products', { key: 'draft-too', name: 'Draft too' })
  const attach = async (product: string) => {
    const answer = await fetch(`${server.url}/operator/ladders/forged/tiers`, {
      method: 'POST',
      headers: bearer(world.key),
      body: new URLSearchParams({ product, rank: '0' }),
    })
    return { status: answer.status, text: await answer.text() }
  }
  const draft = await attach('draft-too')
  expect(draft.status).toBe(422)
  expect(draft.text).toContain('Draft too is not published')
  expect((await attach('seats')).status).toBe(422)
  expect(await tiersOf('forged')).toEqual([])
})

test('R59: tiers are listed by rank, two change places in one step, and a rank given twice is told at both', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  await makeLadder('ranked', 'bronze', 'silver', 'golden')
  const { page } = await open('/operator/ladders/ranked')
  const listed = () => page.locator('tbody th a').allTextContents()
  expect(await listed()).toEqual(['bronze', 'silver', 'golden'])
  await page.getByLabel('Rank of silver').fill('2')
  await act(page, page, 'Change the ranks…', 'Change the ranks')
  await page.getByText('This is given to golden too.').waitFor()
  await page.getByText('This is given to silver too.').waitFor()
  expect(await tiersOf('ranked')).toEqual(['0 bronze', '1 silver', '2 golden'])
  await page.getByLabel('Rank of golden').fill('1')
  await page.getByRole('button', { name: 'Change the ranks…' }).click()
  await look(page, 'ladder-ranks-dialog')
  await page.getByRole('dialog').getByRole('button', { name: 'Change the ranks' }).click()
  await told(page, 'The ranks were changed.')
  expect(await listed()).toEqual(['bronze', 'golden', 'silver'])
  expect(await tiersOf('ranked')).toEqual(['0 bronze', '1 golden', '2 silver'])
})

test('two operators who change the ranks at once: the second is told, and undoes nothing', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  await makeLadder('shared', 'first', 'second')
  const { key } = await createApiKey(world.app, { role: 'operator', name: 'Second' })
  const [{ page: one }, { page: other }] = await Promise.all([
    open('/operator/ladders/shared'),
    open('/operator/ladders/shared', {}, key),
  ])
  await one.getByLabel('Rank of first').fill('5')
  await act(one, one, 'Change the ranks…', 'Change the ranks', 'first leads')
  await told(one, 'The ranks were changed.')
  await other.getByLabel('Rank of second').fill('7')
  await act(other, other, 'Change the ranks…', 'Change the ranks')
  await refused(other, /Somebody else changed the tiers of shared after you had opened the page/)
  await look(other, 'ladder-changed-meanwhile')
  expect(await other.getByLabel('Rank of first').inputValue()).toBe('5')
  expect(await tiersOf('shared')).toEqual(['1 second', '5 first'])

  // Both have the tier before them; one of them takes it away.
  await one.goto(`${server.url}/operator/ladders/shared`)
  const row = (page: Page) => page.getByRole('row', { name: /second/ })
  await act(one, row(one), 'Remove…', 'Remove')
  await told(one, 'second is no tier of this ladder any more.')
  await act(other, row(other), 'Remove…', 'Remove')
  await refused(other, 'There is no such tier on shared.')
})

test('R60: a tier on which somebody stands cannot be removed, and the count is shown; also when they came meanwhile', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  await makeLadder('used', 'base', 'upper')
  const { page } = await open('/operator/ladders/used')
  const row = page.getByRole('row', { name: /upper/ })
  await row.getByRole('button', { name: 'Remove…' }).waitFor()
  const organization = await world.organization()
  await world.ask('POST', `/organizations/${organization}/grants`, { product: 'upper', reason: 'x' })
  await act(page, row, 'Remove…', 'Remove')
  await refused(page, '1 organization stands on upper on used.')
  expect(await row.textContent()).toContain('1 organization')
  expect(await row.textContent()).toContain('in use')
  expect(await row.getByRole('button').count()).toBe(0)
  await look(page, 'ladder-in-use')
  expect(await axeFaults(page)).toEqual([])
  expect(await tiersOf('used')).toEqual(['0 base', '1 upper'])
  await act(page, page.getByRole('row', { name: /base/ }), 'Remove…', 'Remove')
  await told(page, 'base is no tier of this ladder any more.')
  expect(await tiersOf('used')).toEqual(['1 upper'])
  // R61: nor can the ladder be deleted meanwhile.
  await page.getByText(/It cannot be deleted now: 1 organization stands on its tiers/).waitFor()
})

test('what an org type starts on cannot be taken from under it', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  await makeLadder('floor', 'ground')
  await world.ask('POST', '/org-types', { key: 'floored', name: 'Floored', default_ladder: 'floor' })
  const { page } = await open('/operator/ladders/floor')
  await page.getByText(/the org type floored would have no default/).waitFor()
  await act(page, page, 'Remove…', 'Remove')
  await refused(page, /Organizations of type floored start on floor, but then floor has no tier at rank 0/)
  await page.getByLabel('Rank of ground').fill('1')
  await act(page, page, 'Change the ranks…', 'Change the ranks')
  await refused(page, /Organizations of type floored start on floor/)
  expect(await tiersOf('floor')).toEqual(['0 ground'])
})

test('R61: a ladder that was never used is deleted with its tiers; one that was is out of use, and its history stays', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  await makeLadder('unused', 'never')
  await makeLadder('left', 'once')
  const organization = await world.organization()
  const { body } = await world.ask('POST', `/organizations/${organization}/grants`, {
    product: 'once',
    reason: 'x',
  })
  const grant = (body.grant as { id?: string } | undefined)?.id ?? body.grant_id
  await world.ask('POST', `/organizations/${organization}/grants/${grant}/revoke`, { reason: 'x' })

  const { page } = await open('/operator/ladders/unused')
  await act(page, page, 'Delete unused…', 'Cancel')
  expect(await isThere('unused')).toEqual({ isActive: true })
  await act(page, page, 'Delete unused…', 'Delete', 'a mistake')
  await told(page, 'The ladder unused was deleted.')
  expect(await isThere('unused')).toBeNull()
  await page.goto(`${server.url}/operator/ladders/left`)
  await act(page, page, 'Delete left…', 'Delete')
  await told(page, /The ladder left is out of use, without tiers/)
  expect(await isThere('left')).toEqual({ isActive: false })
  expect(await page.getByRole('link', { name: 'left', exact: true }).count()).toBe(0)
  const [action] = await world.owner`
    select reason, caller_name as name from auth.operator_actions where action = 'POST /operator/ladders/:key/delete' order by 1 limit 1`
  expect(action).toEqual({ reason: 'a mistake', name: 'Olga' })
})

test('a viewer reads the ladders, is offered nothing that changes them, and is refused', async () => {
  const { key } = await createApiKey(world.app, { role: 'viewer' })
  for (const path of ['/operator/ladders', '/operator/ladders/core']) {
    const answer = await fetch(server.url + path, { headers: bearer(key) })
    const text = await answer.text()
    expect(answer.status).toBe(200)
    expect(text).toContain('Core')
    expect(text.match(/action="\/operator\/ladders/g)).toBeNull()
  }
  const answer = await fetch(`${server.url}/operator/ladders/core/delete`, {
    method: 'POST',
    headers: bearer(key),
  })
  expect(answer.status).toBe(403)
})

test('a ladder that is not there is told as such, whatever its key looks like', async () => {
  for (const key of ['nobody', 'N%00', '%E0%A4', 'x'.repeat(400)]) {
    const answer = await fetch(`${server.url}/operator/ladders/${key}`, { headers: bearer(world.key) })
    expect({
      key,
      status: answer.status,
      told: (await answer.text()).includes('There is no such ladder'),
    }).toEqual({
      key,
      status: 404,
      told: true,
    })
  }
})

test('on a narrow screen and in the dark a ladder is read and used all the same', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const { page } = await open('/operator/ladders/core', {
    viewport: { width: 380, height: 800 },
    colorScheme: 'dark',
  })
  await look(page, 'ladder-narrow-dark')
  expect(await axeFaults(page)).toEqual([])
  const wide = await page.evaluate(() => {
    const { document } = globalThis as never as { document: { documentElement: { scrollWidth: number } } }
    return document.documentElement.scrollWidth
  })
  expect(wide).toBeLessThanOrEqual(380)
})
