import { z } from 'zod'
import { type InboxSearch, sources, writeStates } from '../stripe/inbox/search-inbox.ts'
import { instant, text } from './api/fields.ts'

/** By what the inbox is searched, in an address: the same words for the API and for the page. */
export const eventFilters = {
  event: text(255).optional(),
  type: text(100).optional(),
  subscription: text(255).optional(),
  customer: text(255).optional(),
  organization: text(255).optional(),
  state: z.enum(writeStates).optional(),
  reason: text(100).optional(),
  source: z.enum(sources).optional(),
  from: instant.optional(),
  until: instant.optional(),
}

const schema = z.object(eventFilters)
export type EventFilters = z.output<typeof schema>

export function searchOf({ event, ...filters }: EventFilters, tenantId: string): InboxSearch {
  return { tenantId, ...filters, ...(event === undefined ? {} : { events: [event] }) }
}

export type FilterName = keyof typeof eventFilters
export const filterNames = Object.keys(eventFilters) as FilterName[]

/** What a person typed into the form, and what was wrong with it. */
export type TypedFilters = {
  typed: Partial<Record<FilterName, string>>
  filters: EventFilters
  faults: Partial<Record<FilterName, string>>
}

/**
 * The filters of a page's address. A field that was left empty is none, and a time without a zone is UTC, which is how
 * pages show times. A fault is told beside its field and does not lose what else was typed.
 */
export function readTypedFilters(query: Readonly<Record<string, string | undefined>>): TypedFilters {
  const typed: TypedFilters['typed'] = {}
  for (const name of filterNames) {
    const value = query[name]?.trim()
    if (value) typed[name] = value
  }
  const asked: Record<string, string> = { ...typed }
  for (const name of ['from', 'until'] as const) {
    const [, minutes, seconds = ':00'] =
      /^(\d{4}-\d\d-\d\dT\d\d:\d\d)(:\d\d(?:\.\d+)?)?$/.exec(typed[name] ?? '') ?? []
    if (minutes) asked[name] = `${minutes}${seconds}Z`
  }
  const faults: TypedFilters['faults'] = {}
  const read = schema.safeParse(asked)
  for (const issue of read.error?.issues ?? []) {
    const name = issue.path[0] as FilterName
    faults[name] ??=
      issue.code === 'invalid_value' ? `has to be one of ${issue.values.join(', ')}` : issue.message
    delete asked[name]
  }
  const filters = read.success ? read.data : schema.parse(asked)
  if (filters.from && filters.until && filters.from >= filters.until)
    faults.until = 'has to be after the time from which to look'
  return { typed, filters, faults }
}

/** An address with these filters, as they were typed, and whatever else belongs into it. */
export function addressWith(
  path: string,
  typed: TypedFilters['typed'],
  more: Record<string, string> = {},
): string {
  const query = new URLSearchParams({ ...typed, ...more }).toString()
  return query === '' ? path : `${path}?${query}`
}
