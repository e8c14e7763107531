/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import { type Ask, askField, confirmedField } from './ask.ts'
import { Question } from './confirm-dialog.tsx'
import { CsrfField } from './csrf-field.tsx'
import { PanelPage, type Viewer } from './layout.tsx'

/** The same question as a page, for a browser without script. `fields` are what was sent, and are sent again. */
export const ConfirmPage: FC<{
  viewer: Viewer
  action: string
  ask: Ask
  fields: readonly (readonly [string, string])[]
  fault?: string | undefined
}> = ({ viewer, action, ask, fields, fault }) => (
  <PanelPage title={ask.title} at={ask.back} viewer={viewer}>
    <form method="post" action={action} class="card plain asked">
      <CsrfField token={viewer.csrf} />
      <input type="hidden" name={askField} value={JSON.stringify(ask)} />
      <input type="hidden" name={confirmedField} value="yes" />
      {fields.map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      <Question
        ask={ask}
        shown={fields.flatMap(([name, value]) => {
          const called = ask.shows?.[name]
          return called && value ? [[called, value] as const] : []
        })}
        fault={fault}
      />
      <div class="actions">
        <button type="submit" class={ask.danger ? 'danger' : undefined}>
          {ask.button}
        </button>
        <a class="button quiet" href={ask.back}>
          Cancel
        </a>
      </div>
    </form>
  </PanelPage>
)
