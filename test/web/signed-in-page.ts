import type { Browser, BrowserContextOptions, Page } from 'playwright-core'

export type OpenedPage = { page: Page; complaints: string[] }

/** A page of somebody who is signed in with that key, and what its console complained about. */
export async function signedInPage(
  browser: Browser,
  { url, key, path }: { url: string; key: string; path: string },
  options: BrowserContextOptions = {},
): Promise<OpenedPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(`${url}/operator/sign-in`)
  await page.getByLabel('API key').fill(key)
  await page.keyboard.press('Enter')
  await page.waitForURL(`${url}/operator`)
  await page.goto(url + path)
  return { page, complaints }
}
