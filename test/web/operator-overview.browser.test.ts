import type { Browser, BrowserContextOptions } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApiKey } from '../../src/auth/api-keys.ts'
import { raiseAlarm } from '../../src/stripe/alarms.ts'
import type { WebServer } from '../../src/web/server.ts'
import { testBrowser } from '../support/browser.ts'
import { testDatabase } from '../support/database.ts'
import { event, newWorld, subscription, type World } from '../support/world.ts'
import { listeningApp } from './app-for-test.ts'
import { axeFaults } from './axe.ts'
import { fillInbox, workersOf } from './inbox-for-test.ts'
import { look } from './look.ts'
import { signedInPage } from './signed-in-page.ts'

let world: World
let server: WebServer
let browser: Browser | null
let key: string
let viewersKey: string

const markup = '<img src=x onerror=alert(1)>'

beforeAll(async () => {
  browser = await testBrowser()
  world = await newWorld()
  await fillInbox(world)
  await world.deliver(
    event(
      'customer.subscription.created',
      subscription({ id: 'sub_3', customer: 'cus_3', items: [['si_3', 'price_new']] }),
    ),
  )
  // As if they had come over the last hour: now and then, and many at once.
  await world.owner`
    insert into stripe.events (event_id, type, mode, created_at, body_hash, received_at)
    select 'evt_played_' || n, 'invoice.paid', 'test', now(), ''::bytea, now() - interval '58 minutes' + n * n * interval '140 milliseconds'
    from generate_series(1, 150) n`
  await world.owner`
    insert into stripe.event_writes (event_id, write, state, handled_at)
    select event_id, write, 'done', received_at + (1 + inbox_id % 9) * interval '20 milliseconds'
    from stripe.events, unnest(array['enrollment', 'subscription-changes']) as w (write) where event_id like 'evt_played_%'`
  await world.owner`
    update stripe.event_writes set state = 'parked', reason = 'failed', detail = ${markup} where event_id = 'evt_played_7' and write = 'enrollment'`
  await raiseAlarm(world.app, 'write_failed', 'evt_played_7', markup)
  await raiseAlarm(world.app, 'same_id_other_body', 'evt_created', 'type customer.subscription.created')
  server = await listeningApp(world.app, { ringAgain: workersOf(world) })
  key = (await createApiKey(world.app, { role: 'operator', name: 'Ada' })).key
  viewersKey = (await createApiKey(world.app, { role: 'viewer', name: 'Vera' })).key
})
afterAll(async () => {
  await browser?.close()
  await server.close(100)
  await world.close()
})

const open = (path: string, options: BrowserContextOptions = {}, as = key) =>
  signedInPage(browser!, { url: server.url, key: as, path }, options)

test('the overview tells how it goes, what needs a person, and leads there', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const { page, complaints } = await open('/operator')
  await look(page, 'overview')
  await page.getByText(/things need a look/).waitFor()
  expect(await page.getByRole('img', { name: /Events received in each minute/ }).count()).toBe(1)
  expect(await page.getByRole('heading', { name: 'Received to applied' }).count()).toBe(1)
  expect(await page.getByText(markup).count()).toBe(1)
  expect(await axeFaults(page)).toEqual([])
  await page.getByRole('link', { name: '1 write parked' }).click()
  await page.getByRole('heading', { name: 'Waiting', exact: true }).waitFor()
  expect(complaints).toEqual([])
})

test('an event that has just come is shown at once, in the minute that is not over', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const fresh = await newWorld()
  const server = await listeningApp(fresh.app)
  const { key } = await createApiKey(fresh.app, { role: 'operator' })
  await fresh.deliver(event('customer.subscription.created', subscription()))
  const { page, complaints } = await signedInPage(browser, { url: server.url, key, path: '/operator' })
  const received = page.getByRole('article').filter({ hasText: 'Events received' })
  expect(await received.locator('.number').textContent()).toBe('1')
  const bars = received.getByRole('img').locator('g')
  expect(await bars.count()).toBe(60)
  expect(await bars.last().locator('title').textContent()).toMatch(/ so far$/)
  expect(await bars.nth(58).locator('title').textContent()).toMatch(/: \d events?$/)
  expect(await received.locator('rect.rest-of').count()).toBe(1)
  expect(await axeFaults(page)).toEqual([])
  expect(complaints).toEqual([])
  await page.context().close()
  await server.close(100)
  await fresh.close()
})

test('two operators clear one alarm: the first has done it, and the second is told what happened', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const [first, second] = [await open('/operator'), await open('/operator')]
  const clear = async ({ page }: typeof first) => {
    await page
      .getByRole('row', { name: /write failed/ })
      .getByRole('button', { name: 'Clear…' })
      .click()
    await page.getByRole('dialog').getByLabel('Reason').fill('looked at it')
    await page.getByRole('dialog').getByRole('button', { name: 'Clear' }).click()
  }
  await clear(first)
  await first.page.getByRole('status').getByText('write failed about evt_played_7 is cleared.').waitFor()
  expect(await first.page.getByRole('row', { name: /write failed/ }).count()).toBe(0)
  await clear(second)
  await second.page.getByRole('alert').getByText('That alarm is not open.').waitFor()
  await look(second.page, 'overview-second')
  expect(await axeFaults(second.page)).toEqual([])
  const actions = await world.owner<{ name: string; reason: string }[]>`
    select caller_name as name, reason from auth.operator_actions where action = 'POST /operator/alarms/clear'`
  expect([...actions]).toEqual([{ name: 'Ada', reason: 'looked at it' }])
})

test('whoever may only read is offered nothing to change', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const { page } = await open('/operator', {}, viewersKey)
  await page.getByRole('heading', { name: 'Alarms' }).waitFor()
  expect(await page.getByRole('button').allTextContents()).toEqual(['Sign out'])
  expect(await page.getByRole('link', { name: 'Keys' }).count()).toBe(0)
  await page.goto(`${server.url}/operator/waiting`)
  expect(await page.getByRole('link', { name: 'Replay…' }).count()).toBe(0)
  expect(await page.getByText('Mend the cause').count()).toBe(1)
})

test('what waits is grouped by what it waits on, with the one action that frees it', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const { page, complaints } = await open('/operator/waiting')
  await look(page, 'waiting')
  const price = page.getByRole('row', { name: /unmapped price/ })
  expect(await price.count()).toBe(1)
  expect(await price.textContent()).toMatch(/2 writes2 subscriptions2 customers/)
  expect(await price.textContent()).toContain('Map price_new')
  expect(await axeFaults(page)).toEqual([])
  const parked = page.getByRole('row', { name: /failed/ })
  expect(await parked.getByText(markup).count()).toBe(1)
  await parked.getByRole('link', { name: 'Replay…' }).click()
  await page.getByRole('heading', { name: 'Replay 1 event?' }).waitFor()
  expect(complaints).toEqual([])
})

test('a price is mapped where it is waited for; a second operator is told what it stands for by then', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const late = subscription({ id: 'sub_4', customer: 'cus_4', items: [['si_4', 'price_late']] })
  await world.deliver(event('customer.subscription.created', late))
  const [first, second] = [await open('/operator/waiting'), await open('/operator/waiting')]
  const map = async ({ page }: typeof first, product: string) => {
    const row = page.getByRole('row', { name: /price_late/ })
    await row.getByLabel('It stands for').selectOption(product)
    await row.getByRole('button', { name: 'Map…' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Map it' }).click()
  }
  await map(first, 'pro')
  await first.page.getByRole('status').getByText('price_late stands for Pro now.').waitFor()
  await look(first.page, 'waiting-mapped')
  await map(second, 'standard')
  await second.page.getByRole('alert').getByText('price_late stands for pro already.').waitFor()
  await world.takeUpWhatIsDue()
  expect(await world.tier('cus_4')).toBe('pro')
  await first.page.reload()
  expect(await first.page.getByText('price_late').count()).toBe(0)
  expect([...first.complaints, ...second.complaints]).toEqual([])
})

test('R71: a violation is shown, and nothing of it is corrected', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const planted = await newWorld()
  await fillInbox(planted)
  // As the owner, who has to take the guard away first: nobody else could plant this.
  await planted.owner`alter table entitlements.pool_provision_transitions disable trigger user`
  await planted.owner`update entitlements.pool_provision_transitions set reason = ${markup} where sequence = 1`
  await planted.owner`update billing.subscriptions set ended_at = now(), status = 'canceled'`
  const rows = async () => [
    await planted.owner`select to_jsonb(t) from entitlements.pool_provision_transitions t order by transition_id`,
    await planted.owner`select to_jsonb(b) from billing.subscriptions b order by subscription_id`,
    await planted.owner`select to_jsonb(p) from entitlements.pool_provisions p order by provision_id`,
  ]
  const before = await rows()
  const other = await listeningApp(planted.app)
  const operator = (await createApiKey(planted.app, { role: 'operator' })).key
  const { page, complaints } = await signedInPage(browser, {
    url: other.url,
    key: operator,
    path: '/operator/validation',
  })
  await look(page, 'validation-broken')
  await page.getByText(/do not hold/).waitFor()
  await page.getByText('subscription sub_1 is canceled and still holds pro').waitFor()
  expect(await page.getByText(/history row 1 was altered/).count()).toBe(2)
  expect(await page.getByRole('main').getByRole('button').count()).toBe(0)
  expect(await axeFaults(page)).toEqual([])
  await page.reload()
  expect(await rows()).toEqual(before)
  expect(complaints).toEqual([])
  await other.close(100)
  await planted.close()
})

test('times are the viewer’s, with UTC on hover', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const { page } = await open('/operator/waiting', { timezoneId: 'Asia/Tokyo', locale: 'de-DE' })
  const time = page.locator('tbody time').first()
  const at = new Date((await time.getAttribute('datetime'))!)
  const tokyo = new Date(at.getTime() + 9 * 3_600_000)
  expect(await time.textContent()).toContain(tokyo.toISOString().slice(11, 16))
  expect(await time.getAttribute('title')).toBe(`${at.toISOString().slice(0, 23).replace('T', ' ')} UTC`)
  expect(await page.getByText('Times are Asia/Tokyo').count()).toBe(1)
})

test('on a phone the tabs are behind one name, by keyboard too', async () => {
  if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
  const { page } = await open('/operator', { viewport: { width: 375, height: 800 } })
  const tab = page.getByRole('navigation', { name: 'Panel' }).getByRole('link', { name: 'Waiting' })
  expect(await tab.isVisible()).toBe(false)
  await page.getByLabel('Menu: Overview').focus()
  await page.keyboard.press('Space')
  await tab.waitFor()
  await look(page, 'menu-375')
  expect(await axeFaults(page)).toEqual([])
  await tab.click()
  await page.getByLabel('Menu: Waiting').waitFor()
})

test.each([
  [375, 'light'],
  [375, 'dark'],
  [1280, 'light'],
  [1280, 'dark'],
] as const)(
  'nothing is wider than %i pixels, and axe finds no fault, in the %s, full and empty',
  async (width, colorScheme) => {
    if (!browser) return expect(process.env.REQUIRE_CHROMIUM).toBeUndefined()
    const nothing = await testDatabase()
    const bare = await listeningApp(nothing.app)
    const bareKey = (await createApiKey(nothing.app, { role: 'operator', name: 'Ada' })).key
    for (const [which, url, as] of [
      ['full', server.url, key],
      ['empty', bare.url, bareKey],
    ] as const) {
      const options = { viewport: { width, height: 800 }, colorScheme }
      const { page, complaints } = await signedInPage(browser, { url, key: as, path: '/operator' }, options)
      for (const path of ['', '/waiting', '/validation', '/keys']) {
        await page.goto(`${url}/operator${path}`)
        await look(page, `${which}${path.replace('/', '-') || '-overview'}-${width}-${colorScheme}`)
        const wide = await page.evaluate(
          () =>
            (globalThis as never as { document: { documentElement: { scrollWidth: number } } }).document
              .documentElement.scrollWidth,
        )
        expect({ which, path, wide, faults: await axeFaults(page) }).toEqual({
          which,
          path,
          wide: width,
          faults: [],
        })
      }
      expect(complaints).toEqual([])
      await page.context().close()
    }
    await bare.close(100)
    await nothing.close()
  },
)
