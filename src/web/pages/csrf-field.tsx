/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import { csrfField } from '../csrf.ts'

/** In every form that changes something, with the viewer's `csrf`: without it the guard refuses what is sent. */
export const CsrfField: FC<{ token: string }> = ({ token }) => (
  <input type="hidden" name={csrfField} value={token} />
)
