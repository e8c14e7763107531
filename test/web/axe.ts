import axe from 'axe-core'
import type { Page } from 'playwright-core'

/** What axe finds wrong with a page for those who do not see it or do not see well, a sentence each with its places. */
export async function axeFaults(page: Page): Promise<string[]> {
  // Not as a script of the page: its policy would refuse that, and the test is not about the policy.
  await page.evaluate(axe.source)
  return page.evaluate(async () => {
    const { axe } = globalThis as never as { axe: { run: (options: object) => Promise<Found> } }
    const { violations } = await axe.run({ resultTypes: ['violations'] })
    return violations.map(
      ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html.slice(0, 200)).join(' | ')}`,
    )
  })
}
type Found = { violations: { id: string; help: string; nodes: { html: string }[] }[] }
