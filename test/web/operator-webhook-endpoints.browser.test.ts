import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createApiKey } from '../../src/auth/api-keys.ts'
import { raiseAlarm } from '../../src/stripe/alarms.ts'
import type { WebServer } from '../../src/web/server.ts'
import { testBrowser } from '../support/browser.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { act } from './act.ts'
import { bearer, listeningApp } from './app-for-test.ts'
import { axeFaults } from './axe.ts'
import { look } from './look.ts'
import { signedInPage } from './signed-in-page.ts'

const path = '/operator/webhook-endpoints'
const secretForm = /^whsec_[A-Za-z0-9+/]{43}=$/

let db: TestDatabase
let server: WebServer
let browser: Browser | null
let key: string
let viewerKey: string

beforeAll(async () => {
  browser = await testBrowser()
  db = await testDatabase()
  server = await listeningApp(db.app)
  key = (await createApiKey(db.app, { role: 'operator', name: 'Ada' })).key
  viewerKey = (await createApiKey(db.app, { role: 'viewer', name: 'Vera' })).key
})
afterAll(async () => {
  await browser?.close()
  await server.close(100)
  await db.close()
})
beforeEach(async () => {
  await db.owner`delete from outbound.deliveries`
  await db.owner`delete from outbound.endpoints`
})

const open = (options: BrowserContextOptions = {}, by = key) =>
  signedInPage(browser!, { url: server.url, key: by, path }, options)

/** An endpoint of the default tenant, older by so many minutes. */
async function endpoint(description: string, more: { url?: string; minutes?: number } = {}): Promise<string> {
  const { url = 'https://crm.example.com/hooks', minutes = 0 } = more
  const [made] = await db.owner<{ endpointId: string }[]>`
    insert into outbound.endpoints (tenant_id, url, description, secret, created_at)
    select tenant_id, ${url}, ${description}, 'whsec_b2xkIG9sZCBvbGQgb2xkIG9sZCBvbGQ=', now() - make_interval(mins => ${minutes})
    from organization.tenants where tenant_key = 'default' returning endpoint_id`
  return made!.endpointId
}

/** Messages of this endpoint as its tries left them: those that wait, and those of them that are parked; or one that was taken. */
async function messages(
  endpointId: string,
  count: number,
  left: { lastError?: string; parked?: boolean; taken?: boolean } = {},
): Promise<void> {
  const { lastError = null, parked = false, taken = false } = left
  await db.owner`
    insert into outbound.deliveries
      (endpoint_id, transition_id, tenant_id, pool_id, plan_ladder_id, sequence, first_tried_at, due_at, delivered_at, last_error)
    select ${endpointId}, gen_random_uuid(), tenant_id, gen_random_uuid(), gen_random_uuid(), 1, now(),
           case when ${parked} then 'infinity' else now() end, case when ${taken} then now() end, ${lastError}
    from organization.tenants, generate_series(1, ${count}) where tenant_key = 'default'`
}

const stored = () => db.owner`
  select description, disabled_why, next_secret is not null as rotating from outbound.endpoints order by created_at`

const over = (page: Page) => page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')

test('an endpoint is added through the one dialog, and its secret is seen once', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const { page, complaints } = await open()
  await page.getByRole('heading', { name: 'No other system is told of moves.' }).waitFor()
  await look(page, 'webhooks-empty')
  expect(await axeFaults(page)).toEqual([])
  await page.getByLabel('Address').fill('https://crm.example.com/hooks')
  await page.getByLabel('What it is').fill('<b>CRM</b> & co')
  await page.getByRole('button', { name: 'Add the endpoint…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Add this endpoint?' })
  expect(await dialog.getByText('https://crm.example.com/hooks').count()).toBe(1)
  await look(page, 'webhooks-dialog')
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'hidden' })
  expect(await stored()).toEqual([])

  await act(page, page, 'Add the endpoint…', 'Add the endpoint')
  const shown = (await page.locator('#secret').textContent())!.trim()
  expect(shown).toMatch(secretForm)
  await look(page, 'webhooks-made')
  expect(await axeFaults(page)).toEqual([])
  await page.getByRole('link', { name: 'I have kept it' }).click()
  const row = page.getByRole('row', { name: /<b>CRM<\/b> & co/ })
  await row.getByText('enabled').waitFor()
  expect(await page.content()).not.toContain(shown)
  expect(await stored()).toEqual([{ description: '<b>CRM</b> & co', disabledWhy: null, rotating: false }])
  expect(complaints).toEqual([])
})

test('what is refused stands at its field, and what was typed stays', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const { page } = await open()
  await page.getByLabel('Address').fill('https://10.1.2.3/hooks')
  await page.getByLabel('What it is').fill('inside')
  await act(page, page, 'Add the endpoint…', 'Add the endpoint')
  await page.getByText(/leads to a private address/).waitFor()
  expect(await page.getByLabel('Address').inputValue()).toBe('https://10.1.2.3/hooks')
  expect(await page.getByLabel('What it is').inputValue()).toBe('inside')
  await look(page, 'webhooks-fault')
  expect(await axeFaults(page)).toEqual([])
  for (let n = 0; n < 20; n++) await endpoint(`number ${n}`)
  await page.getByLabel('Address').fill('https://example.com/hooks')
  await act(page, page, 'Add the endpoint…', 'Add the endpoint')
  await page.getByText(/There are 20 webhook endpoints already/).waitFor()
  await page.getByText(/Delete one that nobody uses/).waitFor()
  expect((await stored()).length).toBe(20)
})

test('a secret is rotated: the new one is seen once, and the list says until when the old one signs too', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  await endpoint('CRM')
  const { page, complaints } = await open()
  const row = page.getByRole('row', { name: /CRM/ })
  await act(page, row, 'Rotate secret…', 'Rotate secret', 'it was in a mail')
  const shown = (await page.locator('#secret').textContent())!.trim()
  expect(shown).toMatch(secretForm)
  await page.getByText(/the old one signs beside it/).waitFor()
  await look(page, 'webhooks-rotated')
  await page.getByRole('link', { name: 'I have kept it' }).click()
  await row.getByText(/its old secret signs too until/).waitFor()
  expect(await page.content()).not.toContain(shown)
  const rows = await db.owner`select next_secret from outbound.endpoints`
  expect(rows).toEqual([{ nextSecret: shown }])
  const log = await db.owner`
    select reason from auth.operator_actions where action = 'POST /operator/webhook-endpoints/:id/rotate-secret'`
  expect(log).toEqual([{ reason: 'it was in a mail' }])
  await row.getByRole('button', { name: 'Rotate secret…' }).click()
  await page
    .getByRole('dialog')
    .getByText(/is gone at once/)
    .waitFor()
  await page.keyboard.press('Escape')
  expect(complaints).toEqual([])
})

test('it is disabled, enabled and deleted; what is parked is sent again; its alarms are cleared', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const id = await endpoint('CRM')
  const { page, complaints } = await open()
  const row = page.getByRole('row', { name: /CRM/ })
  const told = (words: string) => page.getByRole('status').getByText(words).waitFor()
  expect(await row.getByRole('button', { name: 'Send again…' }).count()).toBe(0)
  await act(page, row, 'Disable…', 'Disable')
  await told('CRM is disabled.')
  await row.getByText('by an operator').waitFor()
  await act(page, row, 'Enable…', 'Enable')
  await told('CRM is enabled: nothing waits.')

  await messages(id, 2, { lastError: 'It answered 400.', parked: true })
  await raiseAlarm(db.app, 'webhook_delivery_parked', id, 'x')
  await page.reload()
  await row.getByText('2 of them parked').waitFor()
  await row.getByText('It answered 400.').waitFor()
  await act(page, row, 'Send again…', 'Send again')
  await told('CRM is enabled: 2 messages to be sent.')
  expect(await row.getByText(/of them parked/).count()).toBe(0)
  const [alarm] = await db.owner`select cleared_at from stripe.alarms where subject = ${id}`
  expect(alarm!.clearedAt).not.toBeNull()

  await act(page, row, 'Delete…', 'Delete')
  await told('CRM was deleted.')
  expect(await stored()).toEqual([])
  expect(complaints).toEqual([])
})

test('by keyboard alone a secret is rotated', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  await endpoint('CRM')
  const { page } = await open()
  const focused = () => page.evaluate<string>('document.activeElement.textContent.trim()')
  for (let pressed = 0; pressed < 40 && (await focused()) !== 'Rotate secret…'; pressed++)
    await page.keyboard.press('Tab')
  expect(await focused()).toBe('Rotate secret…')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
  expect(await focused()).toBe('Rotate secret…')
  await page.keyboard.press('Enter')
  await page.keyboard.type('by keyboard')
  await page.keyboard.press('Enter')
  await page.locator('#secret').waitFor()
  expect(await stored()).toEqual([{ description: 'CRM', disabledWhy: null, rotating: true }])
})

test('without script the same is asked on a page, and nothing is done before it is confirmed', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  await endpoint('CRM')
  const { page } = await open({ javaScriptEnabled: false })
  const row = page.getByRole('row', { name: /CRM/ })
  await row.getByRole('button', { name: 'Rotate secret…' }).click()
  await page.getByRole('heading', { name: 'Rotate the secret of CRM?' }).waitFor()
  expect(await stored()).toEqual([{ description: 'CRM', disabledWhy: null, rotating: false }])
  await page.getByRole('button', { name: 'Rotate secret' }).click()
  expect((await page.locator('#secret').textContent())!.trim()).toMatch(secretForm)
  expect(await stored()).toEqual([{ description: 'CRM', disabledWhy: null, rotating: true }])
})

test('sixty endpoints, addresses of 300 characters, failures and parked messages fit wide and narrow, light and dark', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const long = `https://example.com/${'hooks-of-our-own/'.repeat(20)}`.slice(0, 300)
  for (let n = 0; n < 56; n++) await endpoint(`number ${n}`, { minutes: 60 - n })
  const failing = await endpoint(
    'The data warehouse, which is told of everything by the department of finance',
    {
      url: long,
      minutes: 75,
    },
  )
  await db.owner`
    update outbound.endpoints set disabled_at = now(), disabled_why = 'failing', failures = 4_711 where endpoint_id = ${failing}`
  await messages(failing, 1_234, {
    lastError: 'Its name leads to a private address, which is not allowed here.',
  })
  const nameless = await endpoint('', { url: `https://example.com/${'x'.repeat(280)}`, minutes: 74 })
  await db.owner`
    update outbound.endpoints set next_secret = 'x', secret_until = now() + interval '3 hours' where endpoint_id = ${nameless}`
  await messages(nameless, 3, { lastError: 'It answered 500.', parked: true })
  await messages(nameless, 1, { taken: true })
  const off = await endpoint('Off for now', { minutes: 73 })
  await db.owner`update outbound.endpoints set disabled_at = now(), disabled_why = 'operator' where endpoint_id = ${off}`
  const taking = await endpoint('Billing', { minutes: 72 })
  await messages(taking, 1, { taken: true })
  for (const [width, colorScheme] of [
    [1280, 'light'],
    [1280, 'dark'],
    [390, 'light'],
    [390, 'dark'],
  ] as const) {
    const { page, complaints } = await open({ viewport: { width, height: 800 }, colorScheme })
    expect(await page.getByRole('row').count()).toBe(61)
    await look(page, `webhooks-${width}-${colorScheme}`)
    expect(await over(page), `${width} ${colorScheme}`).toBeLessThanOrEqual(0)
    expect(await axeFaults(page), `${width} ${colorScheme}`).toEqual([])
    const row = page.getByRole('row', { name: /xxxx/ })
    await row.getByText('3 of them parked').waitFor()
    await row.getByText(/Others taken/).waitFor()
    await row.getByRole('button', { name: 'Delete…' }).click()
    const dialog = page.getByRole('dialog', { name: 'Delete example.com?' })
    await dialog.getByText(/xxxx/).waitFor()
    await look(page, `webhooks-delete-${width}-${colorScheme}`)
    expect(complaints).toEqual([])
  }
})

test('a viewer sees the list, and nothing that changes it', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const { page } = await open({}, viewerKey)
  await page.getByText(/An operator can add an endpoint/).waitFor()
  await endpoint('CRM')
  await page.reload()
  await page.getByRole('row', { name: /CRM/ }).waitFor()
  await look(page, 'webhooks-viewer')
  expect(await axeFaults(page)).toEqual([])
  expect(await page.getByRole('main').getByRole('button').count()).toBe(0)
})

test('another tenant’s endpoint is not shown, and nothing can be done to it', async () => {
  const [theirs] = await db.owner<{ id: string }[]>`
    with acme as (
      insert into organization.tenants (tenant_key, name) values ('acme', 'Acme') returning tenant_id
    )
    insert into outbound.endpoints (tenant_id, url, secret)
    select tenant_id, 'https://theirs.example.com/', 'whsec_eA==' from acme returning endpoint_id as id`
  const headers = bearer(key)
  expect(await (await fetch(server.url + path, { headers })).text()).not.toContain('theirs.example.com')
  for (const verb of ['rotate-secret', 'disable', 'enable', 'delete']) {
    const ask = async (id: string) => {
      const answer = await fetch(`${server.url}${path}/${id}/${verb}`, { method: 'POST', headers })
      return { status: answer.status, text: await answer.text() }
    }
    const nobodys = await ask('00000000-0000-4000-8000-000000000000')
    expect(nobodys.status).toBe(404)
    expect(await ask(theirs!.id)).toEqual(nobodys)
  }
  expect(await stored()).toEqual([{ description: '', disabledWhy: null, rotating: false }])
})
