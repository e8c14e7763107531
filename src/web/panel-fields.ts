import { z } from 'zod'
import { Refused } from '../errors.ts'
import { reason } from './api/fields.ts'

/** What a field for a date and a time sends, without a zone: it is labelled as UTC. */
export const utcMinute = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?$/, 'has to be a date and a time')
  .transform((value) => new Date(`${value}Z`))
  .refine((at) => !Number.isNaN(at.getTime()), 'is no date that there is')

/**
 * Why an operator does it, as the dialog sent it.
 * @throws Refused `reason_invalid` (422)
 */
export function reasonIn(form: URLSearchParams): string {
  const read = reason.safeParse(form.get('reason') ?? '')
  if (read.success) return read.data
  throw new Refused(
    'reason_invalid',
    `The reason ${read.error.issues[0]!.message}.`,
    'Say why in a sentence: the history shows it for ever.',
    422,
  )
}
