/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import type { Faults, Typed } from '../read-form.ts'
import { TextField } from './fields.tsx'

const label = 'Until (UTC)'

/** For the question of a form that has an `UntilField`: what it is called there. */
export const untilShown = { valid_until: label } as const

/** When what is given ends. `id`: where several forms of a page have one; `hint`: what an end means besides. */
export const UntilField: FC<{ id?: string; hint?: string; typed: Typed; faults: Faults }> = (props) => {
  const { id, hint, typed, faults } = props
  return (
    <TextField
      id={id}
      name="valid_until"
      type="datetime-local"
      label={label}
      value={typed.valid_until}
      fault={faults.valid_until}
      hint={[hint, 'Empty: it has no end.'].filter(Boolean).join(' ')}
    />
  )
}
