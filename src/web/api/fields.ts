import { z } from 'zod'
import { Refused } from '../../errors.ts'

/** Whether Postgres takes it for a text: not with NUL, nor with half of a surrogate pair. */
export function isWritable(value: string): boolean {
  return !/\0|\p{Surrogate}/u.test(value)
}

/** A text of one line or more that can be written down. */
export function text(longest: number) {
  return z
    .string()
    .min(1, 'must not be empty')
    .max(longest, 'is too long')
    .refine(isWritable, 'must not contain NUL or half a character')
}

/** Why an operator does it: it is shown in the history for ever. */
export const reason = z
  .string()
  .trim()
  .min(1, 'must not be empty: it is what the history shows')
  .max(500, 'is too long')
  .refine(isWritable, 'must not contain NUL or half a character')

export const customerId = text(255).regex(/^cus_/, 'must be a customer’s id, cus_…')

export const priceId = text(255).regex(/^\S+$/, 'must be a price’s id, price_…')

/** An id of ours: whether anything has it is another question. */
export const id = z.uuid({ error: 'must be an id as an answer gave it' }).toLowerCase()

const firstInstant = 0
const lastInstant = Date.parse('9999-12-31T23:59:59.999Z')

/** ISO 8601 with an offset, of the years 1970 to 9999; the verb judges whether it is ahead. */
export const instant = z.iso
  .datetime({ offset: true, error: 'must be a time such as 2027-01-31T00:00:00Z' })
  .refine(
    (value) => Date.parse(value) >= firstInstant && Date.parse(value) <= lastInstant,
    'must be a time of the years 1970 to 9999',
  )
  .transform((value) => new Date(value))

export const page = {
  limit: z.coerce
    .number('must be a whole number from 1 to 200')
    .int('must be a whole number from 1 to 200')
    .min(1, 'must be from 1 to 200')
    .max(200, 'must be from 1 to 200')
    .default(50),
  cursor: text(1000).optional(),
}

const anId = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/**
 * An id out of a path. What has not the form of one is nobody's, and is answered as any id that nobody has.
 * @throws Refused `organization_unknown`, `grant_unknown`, … (404)
 */
export function idIn(params: Readonly<Record<string, string>>, name: string, what: string): string {
  const value = params[name]!
  if (anId.test(value)) return value.toLowerCase()
  throw unknown(what)
}

/** The one answer for what is not there, and for what is another tenant's. */
export function unknown(what: string): Refused {
  return new Refused(
    `${what}_unknown`,
    `There is no such ${what.replaceAll('_', ' ')}.`,
    'Look at the id: it may be of another kind of thing.',
    404,
  )
}

/** A page of a list that was asked for one more than fits, and where the next one begins. */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  itemOf: (row: Row) => Item,
  keyOf: (row: Row) => string,
): { items: Item[]; next_cursor: string | null } {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return {
    items: items.map(itemOf),
    next_cursor: last && rows.length > limit ? Buffer.from(keyOf(last)).toString('base64url') : null,
  }
}

/**
 * What `pageOf` wrote, of the form that this list's cursors have.
 * @throws Refused `invalid_parameter` (400)
 */
export function readCursor(cursor: string | undefined, form: RegExp): string | null {
  if (cursor === undefined) return null
  const key = Buffer.from(cursor, 'base64url').toString('utf8')
  if (form.test(key) && isWritable(key)) return key
  throw new Refused(
    'invalid_parameter',
    'The parameter "cursor" is not one that a page gave.',
    'Start without a cursor.',
    400,
  )
}

export const idCursor = anId
