/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx'
import { seenField, seenOf } from '../changed-meanwhile.ts'

/** Within a form that shows a whole list and sends it back: what it was made from (see `refuseChanged`). */
export const SeenField: FC<{ shown: unknown }> = ({ shown }) => (
  <input type="hidden" name={seenField} value={seenOf(shown)} />
)
