import type { z } from 'zod'
import { StepladderError } from '../errors.ts'
import { faultOf } from './api/read-input.ts'

/** What somebody typed into the fields of a form, and what was wrong with it: the end of a sentence for each field. */
export type Typed = Readonly<Record<string, string>>
export type Faults = Readonly<Record<string, string>>

/**
 * The fields of a form, by the schema that checks the same for the API. A field that was left empty is none; fields that the schema
 * does not know are left out. `data` is null when there are faults.
 */
export function readForm<Schema extends z.ZodObject>(
  form: URLSearchParams,
  schema: Schema,
): { typed: Typed; faults: Faults; data: z.output<Schema> | null } {
  const typed: Record<string, string> = {}
  for (const name of Object.keys(schema.shape)) {
    const value = form.get(name)?.trim()
    if (value) typed[name] = value
  }
  const read = schema.safeParse(typed, { reportInput: true })
  if (read.success) return { typed, faults: {}, data: read.data as z.output<Schema> }
  const faults: Record<string, string> = {}
  for (const issue of read.error.issues) faults[String(issue.path[0])] ??= faultOf(issue)
  return { typed, faults, data: null }
}

/**
 * What a verb refused, at the field at which it can be mended: `{ ladder_exists: 'key' }`. Every other error is thrown on, and is told at
 * the top of the page.
 */
export function faultsOfRefusal(error: unknown, fields: Readonly<Record<string, string>>): Faults {
  const field = error instanceof StepladderError ? fields[error.code] : undefined
  if (field === undefined || !(error instanceof StepladderError)) throw error
  return { [field]: `is refused: ${error.message.replace(/\.$/, '')}` }
}
