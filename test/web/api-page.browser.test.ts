import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { WebServer } from '../../src/web/server.ts'
import { testBrowser } from '../support/browser.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { listeningApp } from './app-for-test.ts'
import { axeFaults } from './axe.ts'
import { look } from './look.ts'

let db: TestDatabase
let server: WebServer
let browser: Browser | null

beforeAll(async () => {
  browser = await testBrowser()
  db = await testDatabase()
  server = await listeningApp(db.app)
})
afterAll(async () => {
  await browser?.close()
  await server.close(100)
  await db.close()
})

test.each([
  ['light', 1280],
  ['dark', 1280],
  ['light', 375],
] as const)(
  'the API’s page is read without a key, %s and %i wide: nothing refused, nothing in the way',
  async (colorScheme, width) => {
    if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
    const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 } })
    const page = await context.newPage()
    page.setDefaultTimeout(30_000)
    const complaints: string[] = []
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.goto(`${server.url}/api/v1/docs`)
    await page.getByRole('link', { name: 'webhook-endpoints' }).click()
    await page.getByRole('heading', { name: 'POST /webhook-endpoints', exact: true }).waitFor()
    await look(page, `api-${colorScheme}-${width}`)
    expect(await axeFaults(page)).toEqual([])
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
    expect(complaints).toEqual([])
    await context.close()
  },
)

test('the OpenAPI document is read without a key', async () => {
  const response = await fetch(`${server.url}/api/v1/openapi.json`)
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toContain('application/json')
  expect(await response.json()).toMatchObject({ openapi: '3.1.1', servers: [{ url: '/api/v1' }] })
})
