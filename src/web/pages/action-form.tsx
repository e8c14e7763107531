/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { Child, FC } from 'hono/jsx'
import { type Ask, askField } from './ask.ts'
import { CsrfField } from './csrf-field.tsx'
import type { Viewer } from './layout.tsx'

/**
 * A form that changes something: nothing is sent to its handler before somebody has confirmed it. With script a dialog asks, without
 * it a page does (`onAction`). Its children are the fields; `label` is what its button says on the page.
 */
export const ActionForm: FC<{
  viewer: Viewer
  action: string
  ask: Ask
  label?: string
  /** `row`: beside other things, as in a table. */
  look?: 'card' | 'row'
  children?: Child
}> = ({ viewer, action, ask, label = `${ask.button}…`, look = 'row', children }) => (
  <form method="post" action={action} class={`action ${look}`} data-confirm="">
    <CsrfField token={viewer.csrf} />
    <input type="hidden" name={askField} value={JSON.stringify(ask)} />
    {children}
    <button type="submit" class={ask.danger ? 'quiet danger' : look === 'row' ? 'quiet' : undefined}>
      {label}
    </button>
  </form>
)
