import type { Browser, BrowserContextOptions } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApiKey, listApiKeys } from '../../src/auth/api-keys.ts'
import type { WebServer } from '../../src/web/server.ts'
import { testBrowser } from '../support/browser.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { listeningApp } from './app-for-test.ts'
import { axeFaults } from './axe.ts'
import { look } from './look.ts'
import { signedInPage } from './signed-in-page.ts'

let db: TestDatabase
let server: WebServer
let browser: Browser | null
let key: string

beforeAll(async () => {
  browser = await testBrowser()
  db = await testDatabase()
  server = await listeningApp(db.app)
  key = (await createApiKey(db.app, { role: 'operator', name: 'Ada' })).key
})
afterAll(async () => {
  await browser?.close()
  await server.close(100)
  await db.close()
})

const open = (options: BrowserContextOptions = {}) =>
  signedInPage(browser!, { url: server.url, key, path: '/operator/keys' }, options)

const stateOf = async (name: string) => {
  const row = (await listApiKeys(db.app)).find((one) => one.name === name)
  return row && (row.revokedAt ? 'revoked' : 'open')
}

test('R72: a key is made and revoked through the one dialog: asked, cancelled, confirmed, told', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const { page, complaints } = await open()
  await page.getByLabel('Name').fill('<b>billing</b> & co')
  await page.getByLabel('Role', { exact: true }).selectOption('viewer')
  await page.getByRole('button', { name: 'Make the key…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Make this key?' })
  await dialog.waitFor()
  expect(await dialog.getByText('<b>billing</b> & co').count()).toBe(1)
  expect(await dialog.getByText('Viewer: reads').count()).toBe(1)
  await look(page, 'keys-dialog')
  expect(await axeFaults(page)).toEqual([])
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'hidden' })
  expect(await stateOf('<b>billing</b> & co')).toBeUndefined()

  await page.getByRole('button', { name: 'Make the key…' }).click()
  await dialog.getByRole('button', { name: 'Make the key' }).click()
  const shown = await page.locator('#key').textContent()
  expect(shown?.trim()).toMatch(/^sl_[a-z2-7]{8}_[a-z2-7]{32}$/)
  await look(page, 'keys-made')
  expect(await axeFaults(page)).toEqual([])

  await page.getByRole('link', { name: 'I have kept it' }).click()
  const row = page.getByRole('row', { name: /<b>billing<\/b> & co/ })
  expect(await page.locator('body').textContent()).not.toContain(shown!.trim())
  await row.getByRole('button', { name: 'Revoke…' }).click()
  await page.getByRole('button', { name: 'Cancel' }).click()
  expect(await stateOf('<b>billing</b> & co')).toBe('open')
  await row.getByRole('button', { name: 'Revoke…' }).click()
  await page.getByRole('dialog').getByLabel('Reason').fill('left the company')
  await page.getByRole('button', { name: 'Revoke', exact: true }).click()
  await page.getByRole('status').getByText('The key was revoked.').waitFor()
  expect(await stateOf('<b>billing</b> & co')).toBe('revoked')
  await look(page, 'keys')
  // What was said once is not said again.
  await page.reload()
  expect(await page.getByText('The key was revoked.').count()).toBe(0)
  expect(complaints).toEqual([])
})

test('the dialog holds the focus, is used by keyboard alone, and gives the focus back', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  await createApiKey(db.app, { role: 'viewer', name: 'by keyboard' })
  const { page } = await open()
  const button = page.getByRole('row', { name: /by keyboard/ }).getByRole('button', { name: 'Revoke…' })
  await button.focus()
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog')
  await dialog.waitFor()
  const focused = () =>
    page.evaluate(() => {
      const { document } = globalThis as never as { document: { activeElement: Focused } }
      const at = document.activeElement
      // Past the last control the focus is at the browser's own bar, which the page sees as its body.
      if (at.tagName === 'BODY') return { name: 'the browser', inDialog: false }
      return { name: at.name || at.textContent.trim(), inDialog: at.closest('dialog') !== null }
    })
  expect(await focused()).toEqual({ name: 'reason', inDialog: true })
  const seen = new Set<string>()
  for (let pressed = 0; pressed < 6; pressed++) {
    await page.keyboard.press('Tab')
    const { name, inDialog } = await focused()
    if (inDialog) seen.add(name)
    else expect(name).toBe('the browser')
  }
  expect([...seen].sort()).toEqual(['Cancel', 'Revoke', 'reason'])
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'hidden' })
  expect(await focused()).toEqual({ name: 'Revoke…', inDialog: false })
  expect(await stateOf('by keyboard')).toBe('open')
  await page.keyboard.press('Enter')
  await dialog.getByLabel('Reason').fill('no longer needed')
  await page.keyboard.press('Enter')
  await page.getByRole('status').waitFor()
  expect(await stateOf('by keyboard')).toBe('revoked')
})
type Focused = {
  tagName: string
  name?: string
  textContent: string
  closest(selector: string): unknown
}

test('without script the same is asked on a page, and nothing is done before it is confirmed', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  await createApiKey(db.app, { role: 'viewer', name: 'without script' })
  const { page } = await open({ javaScriptEnabled: false })
  const row = page.getByRole('row', { name: /without script/ })
  await row.getByRole('button', { name: 'Revoke…' }).click()
  await page.getByRole('heading', { name: 'Revoke without script?' }).waitFor()
  await look(page, 'keys-confirm-page')
  expect(await stateOf('without script')).toBe('open')
  await page.getByRole('link', { name: 'Cancel' }).click()
  expect(new URL(page.url()).pathname).toBe('/operator/keys')
  await row.getByRole('button', { name: 'Revoke…' }).click()
  await page.getByRole('button', { name: 'Revoke' }).click()
  await page.getByText('The key was revoked.').waitFor()
  expect(await stateOf('without script')).toBe('revoked')
})

test('what is refused stands at its field, and what was typed stays', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const { page } = await open()
  await page.getByLabel('Name').fill('for a shop')
  await page.getByLabel('Role', { exact: true }).selectOption('member')
  await page.getByLabel('Organization').fill('nobody-knows-it')
  await page.getByRole('button', { name: 'Make the key…' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Make the key' }).click()
  await page.getByText(/no such organization in that tenant/).waitFor()
  expect(await page.getByLabel('Name').inputValue()).toBe('for a shop')
  await look(page, 'keys-fault')
  expect(await axeFaults(page)).toEqual([])
  await page.getByLabel('Role', { exact: true }).selectOption('plan_approver')
  await page.getByLabel('Organization').fill('')
  await page.getByRole('button', { name: 'Make the key…' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Make the key' }).click()
  await page.getByText(/can be made by somebody who may approve them/).waitFor()
  expect(await stateOf('for a shop')).toBeUndefined()
})

test('another tenant’s key is not shown, and revoking it is answered as one that nobody has', async () => {
  const [tenant] = await db.owner<{ id: string }[]>`
    insert into organization.tenants (tenant_key, name) values ('other', 'Other') returning tenant_id as id`
  const theirs = await createApiKey(db.app, { role: 'viewer', name: 'theirs', tenant: tenant!.id })
  const headers = { authorization: `Bearer ${key}` }
  const list = await (await fetch(`${server.url}/operator/keys`, { headers })).text()
  expect(list).not.toContain('theirs')
  const revoke = async (id: string) => {
    const answer = await fetch(`${server.url}/operator/keys/${id}/revoke`, { method: 'POST', headers })
    return { status: answer.status, text: await answer.text() }
  }
  const nobodys = await revoke('00000000-0000-4000-8000-000000000000')
  expect(nobodys.status).toBe(404)
  expect(await revoke(theirs.id)).toEqual(nobodys)
  expect(await stateOf('theirs')).toBe('open')
})
