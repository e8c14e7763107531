import { UnrecoverableError } from 'bullmq'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { silentLog } from '../../src/log.ts'
import { openQueues, type QueueBackend, type WorkQueue } from '../../src/queue/backend.ts'
import { dashboardApp } from '../../src/queue/dashboard.ts'
import { dashboardPath } from '../../src/web/operator.ts'
import type { WebServer } from '../../src/web/server.ts'
import { testBrowser } from '../support/browser.ts'
import { type TestDatabase, testDatabase } from '../support/database.ts'
import { testRedis } from '../support/redis.ts'
import { keyWithRole, listeningApp, signedIn } from './app-for-test.ts'
import { look } from './look.ts'

const redis = await testRedis()
const kinds = redis ? (['redis', 'postgres'] as const) : (['postgres'] as const)
const patience = { timeout: 20_000, interval: 100 }
let db: TestDatabase
let browser: Browser | null
let key: string

beforeAll(async () => {
  browser = await testBrowser()
  db = await testDatabase()
  key = await keyWithRole(db.app, 'operator')
})
afterAll(async () => {
  await browser?.close()
  await db.close()
  await redis?.close()
})

describe.each(kinds)('the queue dashboard on %s', (kind) => {
  let backend: QueueBackend
  let queue: WorkQueue
  let server: WebServer

  beforeEach(async () => {
    const redisUrls = kind === 'redis' ? [redis!.url] : []
    backend = openQueues({ redisUrls, databaseUrl: db.appUrl, log: silentLog })
    queue = backend.queue('enrollment')
    await queue.obliterate({ force: true })
    server = await listeningApp(db.app, { dashboard: dashboardApp([queue], dashboardPath) })
  })
  afterEach(async () => {
    await server.close(100)
    await queue.close()
    await backend.close()
  })

  /** So many jobs whose tries are used up, and no worker that would take them up again. */
  async function failed(count: number): Promise<void> {
    const worker = backend.worker(
      'enrollment',
      async () => {
        throw new UnrecoverableError('the database said no')
      },
      { concurrency: 1 },
    )
    await queue.addBulk(
      Array.from({ length: count }, (_, n) => ({ name: 'enrollment' as const, data: { events: [n + 1] } })),
    )
    await expect.poll(() => queue.getFailedCount(), patience).toBe(count)
    await worker.close()
  }

  /** The jobs of that state, as an operator with a mouse sees them. */
  async function open(status: string): Promise<Page> {
    const page = await (await browser!.newContext()).newPage()
    page.setDefaultTimeout(30_000)
    await page.goto(`${server.url}/operator/sign-in`)
    await page.getByLabel('API key').fill(key)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
    await page.goto(`${server.url}${dashboardPath}/queue/enrollment?status=${status}`)
    return page
  }

  /** The first of a job's own buttons, which have no names but those that they show under the mouse. */
  async function press(page: Page, name: string): Promise<void> {
    const button = page.locator('[data-base-ui-tooltip-trigger] button[class*="button-GXX"]').first()
    await button.hover()
    await page.getByText(name, { exact: true }).waitFor()
    await button.click()
    await page.getByRole('button', { name: 'Confirm' }).click()
  }

  test('a failed job is retried by mouse', async () => {
    if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
    await failed(2)
    const page = await open('failed')
    await page.getByText('the database said no').first().waitFor()
    await look(page, `dashboard-failed-${kind}`)
    await press(page, 'Retry')
    await expect.poll(() => queue.getWaitingCount(), patience).toBe(1)
    expect(await queue.getFailedCount()).toBe(1)
    await page.getByRole('button', { name: 'Retry all' }).click()
    await page.getByRole('button', { name: 'Confirm' }).click()
    await expect.poll(() => queue.getWaitingCount(), patience).toBe(2)
    expect(await queue.getFailedCount()).toBe(0)
  })

  test('a delayed job is promoted by mouse', async () => {
    if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
    const job = await queue.add('enrollment', { events: [1] }, { delay: 86_400_000 })
    const page = await open('delayed')
    await look(page, `dashboard-delayed-${kind}`)
    await press(page, 'Promote')
    await expect.poll(() => queue.getWaitingCount(), patience).toBe(1)
    expect(await queue.getDelayedCount()).toBe(0)
    expect((await queue.getWaiting()).map(({ id }) => id)).toEqual([job.id])
  })

  test('failed jobs are cleaned away by mouse', async () => {
    if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
    await failed(3)
    const [newest] = await queue.getFailed()
    // It leaves alone what failed within the last five seconds.
    await expect.poll(() => Date.now() - newest!.finishedOn!, patience).toBeGreaterThan(6_000)
    const page = await open('failed')
    await page.getByRole('button', { name: 'Clean all' }).click()
    await page.getByRole('button', { name: 'Confirm' }).click()
    await expect.poll(() => queue.getFailedCount(), patience).toBe(0)
  })

  test('no page of another site can press these buttons, with the operator’s cookie or without', async () => {
    await failed(1)
    const cookie = await signedIn(server.url, key)
    const [job] = await queue.getFailed()
    const paths = [
      `/api/queues/enrollment/${job!.id}/retry/failed`,
      '/api/queues/enrollment/retry/failed',
      '/api/queues/enrollment/clean/failed',
      `/api/queues/enrollment/${job!.id}/clean`,
    ]
    for (const path of paths) {
      const put = (headers: Record<string, string>) =>
        fetch(`${server.url}${dashboardPath}${path}`, { method: 'PUT', headers }).then(({ status }) => status)
      expect({ path, status: await put({ cookie, origin: 'https://evil.example' }) }).toEqual({
        path,
        status: 403,
      })
      expect({ path, status: await put({ cookie, 'sec-fetch-site': 'cross-site' }) }).toEqual({
        path,
        status: 403,
      })
      expect({ path, status: await put({ cookie }) }).toEqual({ path, status: 403 })
      expect({ path, status: await put({ origin: server.url }) }).toEqual({ path, status: 401 })
    }
    expect(await queue.getFailedCount()).toBe(1)
    expect(await queue.getWaitingCount()).toBe(0)
  })
})
