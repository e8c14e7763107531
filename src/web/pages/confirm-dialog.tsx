/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import type { Ask } from './ask.ts'
import { TextField } from './fields.tsx'

/** What stands in the dialog and on the page alike; in the dialog the script fills it in. */
export const Question: FC<{
  ask: Ask
  shown: readonly (readonly [string, string])[]
  fault?: string | undefined
}> = ({ ask, shown, fault }) => (
  <>
    <h1 id="confirm-title">{ask.title}</h1>
    <p id="confirm-will">{ask.will}</p>
    <dl class="facts" id="confirm-shown">
      {shown.map(([name, value]) => (
        <div>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
    {ask.reason && (
      <TextField
        name="reason"
        id="confirm-reason"
        label={ask.reason === 'required' ? 'Reason, for the history' : 'Reason, if there is one'}
        required={ask.reason === 'required'}
        maxlength={500}
        fault={fault}
      />
    )}
  </>
)

const unasked: Ask = { title: '', will: '', button: '', reason: 'optional', back: '' }

/** Once on every page of the panel; the script opens it. Without script it stays closed. */
export const ConfirmDialog: FC = () => (
  <dialog id="confirm" aria-labelledby="confirm-title" aria-describedby="confirm-will">
    <form method="dialog">
      <Question ask={unasked} shown={[]} />
      <div class="actions">
        <button type="submit" value="confirmed">
          Confirm
        </button>
        <button type="submit" value="cancel" class="quiet" formnovalidate>
          Cancel
        </button>
      </div>
    </form>
  </dialog>
)
