import type { Faults, Typed } from './read-form.ts'

/** Of a page with several forms, the one that somebody sent with faults; null: none was. */
export type SentForm = { form: string; typed: Typed; faults: Faults } | null

const unsent = { typed: {}, faults: {} } as const satisfies { typed: Typed; faults: Faults }

/** What one of the page's forms shows: what was typed into it, if it is the one that was sent. */
export function stateOf(sent: SentForm, form: string): { typed: Typed; faults: Faults } {
  return sent?.form === form ? sent : unsent
}
