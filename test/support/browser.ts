import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'

/** Debian's Chromium without a window, or null where there is none; with REQUIRE_CHROMIUM=1 its absence is an error. */
export async function testBrowser(): Promise<Browser | null> {
  if (!existsSync(executablePath)) {
    if (process.env.REQUIRE_CHROMIUM)
      throw new Error(`REQUIRE_CHROMIUM is set and there is no ${executablePath}`)
    console.warn(
      `there is no ${executablePath}: what needs a browser was NOT run (CHROMIUM may name another)`,
    )
    return null
  }
  const quiet = [
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--disable-quic',
  ]
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', ...quiet],
  })
}
