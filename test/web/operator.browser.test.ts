import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApiKey } from '../../src/auth/api-keys.ts'
import { signBody } from '../../src/stripe/signature.ts'
import { testBrowser } from '../support/browser.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { type Deployment, SECRET, startDeployment } from '../support/deployment.ts'
import { event, subscription } from '../support/world.ts'
import { axeFaults } from './axe.ts'

let db: TestDatabase
let stepladder: Deployment
let browser: Browser | null
let key: string

beforeAll(async () => {
  browser = await testBrowser()
  db = await testDatabase({ max: 12 })
  stepladder = await startDeployment(db)
  key = (await createApiKey(db.app, { role: 'operator', name: 'Ada' })).key
})
afterAll(async () => {
  await browser?.close()
  await stepladder.close()
  await db.close()
})

/** A page of its own, and what its console complained about. */
async function open(path: string): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser!.newContext()
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(stepladder.url + path)
  return { page, complaints }
}

test('an operator comes in by keyboard alone, and a wrong key is told so', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const { page, complaints } = await open('/operator')
  expect(new URL(page.url()).pathname).toBe('/operator/sign-in')
  await page.getByLabel('API key').fill('sl_wrong_key')
  await page.keyboard.press('Enter')
  await page.getByText('That key is not known, or was revoked.').waitFor()
  expect(await axeFaults(page)).toEqual([])
  await page.getByLabel('API key').fill(key)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  expect(await page.getByText('Ada').count()).toBe(1)
  // The refusal itself, as the browser tells it.
  expect(complaints.filter((text) => !text.includes('401'))).toEqual([])
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.goto(`${stepladder.url}/operator/queues/`)
  expect(new URL(page.url()).pathname).toBe('/operator/sign-in')
})

test('the queue dashboard opens behind the sign-in and shows both queues, under a policy of its own', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const body = Buffer.from(JSON.stringify(event('customer.subscription.created', subscription())))
  const now = Math.floor(Date.now() / 1000)
  const headers = { 'content-type': 'application/json', 'stripe-signature': signBody(body, SECRET, now) }
  expect((await fetch(`${stepladder.url}/webhooks/stripe`, { method: 'POST', headers, body })).status).toBe(
    200,
  )
  const { page, complaints } = await open('/operator/sign-in')
  await page.getByLabel('API key').fill(key)
  await page.keyboard.press('Enter')
  await page.getByRole('navigation').getByRole('link', { name: 'Queues' }).click()
  await page
    .getByRole('link', { name: /^enrollment/ })
    .first()
    .waitFor()
  expect(await page.getByRole('link', { name: /subscription-changes/ }).count()).toBeGreaterThan(0)
  await page
    .getByRole('link', { name: /^enrollment/ })
    .first()
    .click()
  await page
    .getByText(/Completed/i)
    .first()
    .waitFor()
  // Its fonts come from outside and are refused; everything else has to load under its policy.
  expect(complaints.filter((text) => !/font/i.test(text))).toEqual([])
})
