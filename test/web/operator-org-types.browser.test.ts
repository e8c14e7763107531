import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApiKey } from '../../src/auth/api-keys.ts'
import { getOrgType } from '../../src/organization/change-org-type.ts'
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

const open = (path = '/operator/org-types', options: BrowserContextOptions = {}, key = world.key) =>
  signedInPage(browser!, { url: server.url, key, path }, options)
const defaultOf = async (key: string) => (await getOrgType(world.app, key)).defaultLadder
const told = (page: Page, text: string | RegExp) => page.getByRole('status').getByText(text).waitFor()
const refused = (page: Page, text: string | RegExp) => page.getByRole('alert').getByText(text).waitFor()

async function choicesOf(page: Page, label: string) {
  const options = page.getByLabel(label).locator('option')
  return options.evaluateAll((all) =>
    all.map((one) => ({
      value: one.getAttribute('value'),
      label: one.textContent,
      disabled: one.hasAttribute('disabled'),
    })),
  )
}

test('R62: a default is chosen among ladders, each with what stands at its rank 0; a product cannot be chosen', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  await world.ask('POST', '/ladders', { key: 'hollow', name: 'Hollow' })
  await world.ask('POST', '/org-types', { key: 'guild', name: '<b>Guild</b>' })
  const { page, complaints } = await open()
  await page.getByRole('link', { name: '<b>Guild</b>' }).click()
  await page.waitForURL(/org-types\/guild$/)
  expect(await page.locator('main b').count()).toBe(0)
  expect(await choicesOf(page, 'Ladder')).toEqual([
    { value: '', label: 'None: they start without a plan', disabled: false },
    { value: 'core', label: 'Core — Public Tier', disabled: false },
    { value: 'hollow', label: 'Hollow — nothing at rank 0', disabled: true },
    { value: 'support', label: 'Support — Gold support', disabled: false },
  ])
  await page.getByLabel('Ladder').selectOption('support')
  await page.getByRole('button', { name: 'Change the default…' }).click()
  await page.getByRole('dialog').getByText('Support — Gold support').waitFor()
  await look(page, 'org-type-dialog')
  await page.getByRole('dialog').getByRole('button', { name: 'Change the default' }).click()
  await told(page, /The default was changed. Existing organizations stay where they are/)
  expect(await defaultOf('guild')).toBe('support')
  await page.getByLabel('Ladder').selectOption('')
  await act(page, page, 'Change the default…', 'Change the default')
  await told(page, /New organizations start without a plan/)
  expect(await defaultOf('guild')).toBeNull()
  await page.getByText('There is nothing to give them').waitFor()
  expect(complaints).toEqual([])
})

test('R62: a product, or a ladder without a published rank 0, is refused also where a form was made up', async () => {
  const choose = async (body: Record<string, string>) => {
    const answer = await fetch(`${server.url}/operator/org-types/coop/default-ladder`, {
      method: 'POST',
      headers: bearer(world.key),
      body: new URLSearchParams(body),
    })
    return { status: answer.status, text: await answer.text() }
  }
  await world.ask('POST', '/ladders', { key: 'empty', name: 'Empty' })
  const product = await choose({ default_ladder: 'pro' })
  expect(product.status).toBe(422)
  expect(product.text).toContain('A default is a ladder and never a product')
  const empty = await choose({ default_ladder: 'empty' })
  expect(empty.status).toBe(422)
  expect(empty.text).toContain('empty has no tier at rank 0')
  // Nothing said is not the same as none.
  expect((await choose({})).status).toBe(422)
  expect(await defaultOf('coop')).toBe('core')
})

test('an org type is created and renamed; its faults stand at its fields', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const { page } = await open()
  const create = () => act(page, page, 'Create the org type…', 'Create the org type')
  await page.getByLabel('Name').fill('Housing co-op')
  await page.getByLabel('Key').fill('coop')
  await page.getByLabel('New ones start on').selectOption('support')
  await create()
  await page.getByText('This is refused: There is an org type with the key coop already.').waitFor()
  expect(await page.getByLabel('New ones start on').inputValue()).toBe('support')
  await look(page, 'org-types-fault')
  expect(await axeFaults(page)).toEqual([])
  await page.getByLabel('Key').fill('housing-coop')
  await create()
  await told(page, 'Housing co-op was created.')
  expect(await defaultOf('housing-coop')).toBe('support')
  await page.getByRole('textbox', { name: 'Name' }).fill('Housing')
  await act(page, page, 'Rename…', 'Rename')
  await told(page, 'The org type was renamed.')
  expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Housing')
  await page.getByRole('link', { name: 'Org types' }).first().click()
  const row = page.getByRole('row', { name: /housing-coop/ })
  expect(await row.textContent()).toContain('Support — Gold support')
  expect(await row.textContent()).toContain('0 organizations')
  await look(page, 'org-types')
})

test('R63: existing organizations are backfilled after a question, and it is told how many were updated, skipped and failed, and why', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  await world.ask('POST', '/org-types', { key: 'club', name: 'Club' })
  const ids = []
  for (const name of ['<em>Chess</em>', 'Rowing', 'Fencing'])
    ids.push(await world.organization({ org_type: 'club', name }))
  await world.ask('POST', `/organizations/${ids[1]}/grants`, { product: 'pro', reason: 'x' })
  // One that somebody broke: it has no pool.
  await world.owner`
    insert into organization.organizations (tenant_id, org_type_id, name)
    select tenant_id, org_type_id, 'Broken' from organization.tenants, organization.org_types
    where tenant_key = 'default' and org_type_key = 'club'`
  const theirs = await world.askAsOther('POST', '/organizations', { name: 'Theirs', org_type: 'club' })
  expect(theirs.status).toBe(201)
  await world.ask('PUT', '/org-types/club/default-ladder', { ladder: 'core' })

  const { page, complaints } = await open('/operator/org-types/club')
  await page.getByText('4 organizations').first().waitFor()
  await act(page, page, 'Backfill existing orgs…', 'Cancel')
  const placed = async () =>
    (
      await world.owner<{ name: string; product: string }[]>`
        select o.name, p.product_key as product
        from organization.organizations o
        join organization.org_types y using (org_type_id)
        join entitlements.resource_pools r using (organization_id)
        join entitlements.pool_provision_ladders a on a.pool_id = r.pool_id and a.ended_at is null
        join entitlements.pool_provisions v using (provision_id)
        join billing.products p using (product_id)
        where y.org_type_key = 'club' order by o.name`
    ).map(({ name, product }) => `${name} ${product}`)
  expect(await placed()).toEqual(['Rowing pro'])
  await page.getByRole('button', { name: 'Backfill existing orgs…' }).click()
  await page.getByRole('dialog', { name: 'Backfill 4 organizations of type Club?' }).waitFor()
  await look(page, 'backfill-dialog')
  await page.getByRole('dialog').getByRole('button', { name: 'Backfill existing orgs' }).click()
  await told(page, '2 updated / 1 skipped / 1 failed')
  const why = (name: string) => page.getByRole('row', { name }).textContent()
  expect(await why('<em>Chess</em>')).toContain('now on public-tier of core')
  expect(await why('Rowing')).toContain('stands on pro of core, which is higher')
  expect(await why('Broken')).toContain('it has no default pool')
  expect(await page.locator('main em').count()).toBe(0)
  expect(await page.getByText('Theirs').count()).toBe(0)
  await look(page, 'backfill')
  expect(await axeFaults(page)).toEqual([])
  expect((await placed()).sort()).toEqual(['<em>Chess</em> public-tier', 'Fencing public-tier', 'Rowing pro'])
  expect(complaints).toEqual([])

  await page.goto(`${server.url}/operator/org-types/club`)
  await act(page, page, 'Backfill existing orgs…', 'Backfill existing orgs', 'once more')
  await told(page, '0 updated / 3 skipped / 1 failed')
})

test('two operators at once: whoever backfills after the default was taken away is told so', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  await world.ask('POST', '/org-types', { key: 'choir', name: 'Choir', default_ladder: 'core' })
  await world.organization({ org_type: 'choir' })
  const { page } = await open('/operator/org-types/choir')
  await world.ask('PUT', '/org-types/choir/default-ladder', { ladder: null })
  await act(page, page, 'Backfill existing orgs…', 'Backfill existing orgs')
  await refused(page, 'The org type choir has no default ladder, so there is nothing to give.')
  expect(await page.getByRole('button', { name: 'Backfill existing orgs…' }).count()).toBe(0)
})

test('without script the backfill asks on a page of its own, in the dark and on a narrow screen', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  await world.ask('POST', '/org-types', { key: 'band', name: 'Band', default_ladder: 'core' })
  await world.organization({ org_type: 'band' })
  const { page } = await open('/operator/org-types/band', {
    javaScriptEnabled: false,
    viewport: { width: 380, height: 800 },
    colorScheme: 'dark',
  })
  await look(page, 'org-type-narrow-dark')
  await page.getByRole('button', { name: 'Backfill existing orgs…' }).click()
  await page.getByRole('heading', { name: 'Backfill 1 organization of type Band?' }).waitFor()
  await page.getByRole('button', { name: 'Backfill existing orgs' }).click()
  await page.getByText('0 updated / 1 skipped / 0 failed').waitFor()
  await look(page, 'backfill-narrow-dark')
})

test('a long backfill goes on where it stopped, and the counts are those of all of it', async () => {
  const { key } = await createApiKey(world.app, { role: 'operator', name: 'Patient' })
  await world.ask('POST', '/org-types', { key: 'crew', name: 'Crew', default_ladder: 'core' })
  const ids = []
  for (let n = 0; n < 3; n++) ids.push(await world.organization({ org_type: 'crew', name: `Crew ${n}` }))
  ids.sort()
  const answer = await fetch(`${server.url}/operator/org-types/crew/backfill`, {
    method: 'POST',
    headers: bearer(key),
    body: new URLSearchParams({ after: ids[0]!, updated: '5', skipped: '7', failed: '1' }),
  })
  const text = await answer.text()
  expect(text).toContain('5 updated / 9 skipped / 1 failed')
  expect(text).not.toContain(ids[0])
  expect(text).toContain(ids[2])
})
