import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApiKey } from '../../src/auth/api-keys.ts'
import type { WebServer } from '../../src/web/server.ts'
import { testBrowser } from '../support/browser.ts'
import { event, newWorld, PRICES, subscription, type World } from '../support/world.ts'
import { listeningApp } from './app-for-test.ts'
import { axeFaults } from './axe.ts'
import { fillInbox, workersOf } from './inbox-for-test.ts'
import { look } from './look.ts'

let world: World
let server: WebServer
let browser: Browser | null
let key: string

beforeAll(async () => {
  browser = await testBrowser()
  world = await newWorld()
  await fillInbox(world)
  server = await listeningApp(world.app, { ringAgain: workersOf(world) })
  key = (await createApiKey(world.app, { role: 'operator', name: 'Ada' })).key
})
afterAll(async () => {
  await browser?.close()
  await server.close(100)
  await world.close()
})

/** A page of somebody who is signed in, and what its console complained about. */
async function open(
  path: string,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser!.newContext({ viewport: { width: 1280, height: 800 }, ...options })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(`${server.url}/operator/sign-in`)
  await page.getByLabel('API key').fill(key)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  await page.goto(server.url + path)
  return { page, complaints }
}

/** Presses Tab until the focus is there; fails when it never comes. */
async function tabTo(page: Page, text: string | RegExp): Promise<void> {
  for (let pressed = 0; pressed < 200; pressed++) {
    await page.keyboard.press('Tab')
    const here = await page.evaluate(() => {
      // The browser's own objects: these sources are compiled for Node.
      const { document } = globalThis as never as { document: { activeElement: Focused | null } }
      const at = document.activeElement
      return at?.getAttribute('aria-label') ?? at?.labels?.[0]?.textContent ?? at?.textContent ?? ''
    })
    if (typeof text === 'string' ? here.trim() === text : text.test(here)) return
  }
  throw new Error(`${text} cannot be reached by Tab`)
}
type Focused = {
  getAttribute(name: string): string | null
  labels?: ArrayLike<{ textContent: string | null }>
  textContent: string | null
}

test('an operator finds an event, reads its story and replays it, by keyboard alone', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const { page, complaints } = await open('/operator')
  await tabTo(page, 'Events')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Inbox' }).waitFor()
  await look(page, 'inbox')
  await tabTo(page, 'Customer')
  await page.keyboard.type('cus_1')
  await page.keyboard.press('Enter')
  await page.getByRole('link', { name: /Customer: cus_1/ }).waitFor()
  expect(await page.getByRole('row').count()).toBe(4)
  await look(page, 'inbox-searched')
  await tabTo(page, 'customer.subscription.updated')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'What it caused' }).waitFor()
  expect(await page.getByText('upgrade on core').count()).toBe(1)
  await look(page, 'event')
  await tabTo(page, 'Replay…')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Replay 1 event?' }).waitFor()
  await look(page, 'replay')
  const before = await world.history('cus_1')
  await tabTo(page, 'Replay 1 event')
  await page.keyboard.press('Enter')
  await page.getByText('Every write was handled.').waitFor()
  await look(page, 'replayed')
  expect(await world.history('cus_1')).toEqual(before)
  expect(complaints).toEqual([])
})

test('without script, many are chosen by mouse, and all that match at once', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const { page } = await open('/operator/events', { javaScriptEnabled: false })
  await page.getByLabel(/Choose .* evt_created/).check()
  await page.getByLabel(/Choose .* evt_unmapped/).check()
  await page.getByRole('button', { name: 'Replay chosen…' }).click()
  await page.getByRole('heading', { name: 'Replay 2 events?' }).waitFor()
  await page.getByRole('link', { name: 'Cancel' }).click()
  const states = page.getByRole('navigation', { name: 'States' })
  await states.getByRole('link', { name: 'Waiting' }).click()
  await page.getByRole('link', { name: 'Replay all that match…' }).click()
  await page.getByRole('button', { name: 'Replay 1 event' }).click()
  await page.getByRole('heading', { name: 'Rang for 1 event' }).waitFor()
  expect(await page.getByText('unmapped price').count()).toBeGreaterThan(0)
})

test('nothing is wider than a phone, and axe finds no fault, in the light and in the dark', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  await longLife()
  const paths = {
    inbox: '/operator/events',
    waiting: '/operator/events?state=waiting',
    nothing: '/operator/events?customer=cus_nobody&type=a.very.long.type.that.nobody.ever.heard.of.before',
    fault: '/operator/events?from=yesterday',
    event: '/operator/events/evt_long',
    unmapped: '/operator/events/evt_unmapped',
    replay: '/operator/events/replay?all=yes&type=customer.',
    lost: '/operator/events/evt_nobody',
    home: '/operator',
  }
  for (const [width, colorScheme] of [
    [375, 'light'],
    [375, 'dark'],
    [1280, 'dark'],
    [1280, 'light'],
  ] as const) {
    const { page, complaints } = await open('/operator', { viewport: { width, height: 800 }, colorScheme })
    for (const [name, path] of Object.entries(paths)) {
      await page.goto(server.url + path)
      await look(page, `${name}-${width}-${colorScheme}`)
      const wide = await page.evaluate(
        () =>
          (globalThis as never as { document: { documentElement: { scrollWidth: number } } }).document
            .documentElement.scrollWidth,
      )
      expect({ name, wide, faults: await axeFaults(page) }).toEqual({ name, wide: width, faults: [] })
    }
    expect(complaints.filter((text) => !text.includes('404'))).toEqual([])
    await page.context().close()
  }
})

/** Names as long as they come, a detail of five hundred characters, and a trail that goes on. */
async function longLife(): Promise<void> {
  const at = Math.floor(Date.now() / 1000) - 86_400
  const id = `sub_${'1QxLongAsStripeMakesThem'.repeat(2)}`
  const customer = `cus_${'PqRsTuVwXyZ'.repeat(2)}`
  const of = (price: string) => subscription({ id, customer, items: [['si_long', price]] })
  await world.deliver(
    event('customer.subscription.created', of(PRICES.standard), { id: 'evt_long_0', created: at }),
  )
  for (let n = 1; n <= 12; n++) {
    const previous = { items: of(n % 2 ? PRICES.standard : PRICES.pro).items }
    await world.deliver(
      event('customer.subscription.updated', of(n % 2 ? PRICES.pro : PRICES.standard), {
        id: n === 7 ? 'evt_long' : `evt_long_${n}_${'x'.repeat(40)}`,
        created: at + n * 3600,
        previous,
      }),
    )
  }
  await world.owner`
    update stripe.event_writes set state = 'parked', reason = 'failed', detail = ${'could not serialize access due to concurrent update of relation '.repeat(7)}
    where event_id = 'evt_long' and write = 'subscription-changes'`
}
