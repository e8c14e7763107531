import { createHash } from 'node:crypto'
import { Refused } from '../errors.ts'

export const seenField = 'seen'

/** What stands for the state that a form was made from; it travels with the form. */
export function seenOf(shown: unknown): string {
  return createHash('sha256').update(JSON.stringify(shown)).digest('base64url').slice(0, 22)
}

/**
 * A form shows a whole list and sends a whole list back: of two operators who have it open, the second would undo unseen what the first
 * did. Asked in the transaction that would change it, with the state that stands there. A form that says nothing of it is not asked.
 * @throws Refused `changed_meanwhile` (409)
 */
export function refuseChanged(form: URLSearchParams, stands: unknown, what: string): void {
  const seen = form.get(seenField)
  if (seen === null || seen === seenOf(stands)) return
  throw new Refused(
    'changed_meanwhile',
    `Somebody else changed ${what} after you had opened the page. What you sent was not done.`,
    'Below it is shown as it stands now: do it again if it is still wanted.',
  )
}
