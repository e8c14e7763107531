import type { Locator, Page } from 'playwright-core'

/** Presses a button of a form that asks first, and the button in the dialog that does it. `reason`: what is typed there. */
export async function act(
  page: Page,
  within: Page | Locator,
  button: string,
  confirm: string,
  reason?: string,
): Promise<void> {
  await within.getByRole('button', { name: button, exact: true }).click()
  const dialog = page.getByRole('dialog')
  if (reason !== undefined) await dialog.getByLabel('Reason').fill(reason)
  await dialog.getByRole('button', { name: confirm, exact: true }).click()
}
