import { isUtf8 } from 'node:buffer'
import { hash } from 'node:crypto'
import { z } from 'zod'

/** Any object out of JSON.parse: its keys were written by others, `__proto__` among them, and are never assigned by name. */
export type JsonObject = { readonly [key: string]: unknown }

/** A snapshot event: the classic kind, which carries its object. */
export type StripeEvent = {
  id: string
  type: string
  /** null where old or generated events say none. */
  apiVersion: string | null
  /** Unix seconds, Stripe's clock. */
  created: number
  livemode: boolean
  /** The connected account it happened on; null for our own. */
  account: string | null
  /** `request.id`, or the bare string of versions before 2017; null for what Stripe did by itself. */
  request: string | null
  object: JsonObject
  /** null: absent, or nothing that attributes can be read from. */
  previous: JsonObject | null
}

/** What stands for a signed body. Nothing here throws: a body that cannot be understood is a value too. */
export type Envelope =
  | { kind: 'snapshot'; event: StripeEvent }
  | {
      kind: 'thin'
      id: string
      type: string
      /** Unix seconds. */
      created: number
      livemode: boolean
      related: { type: string; id: string } | null
    }
  | {
      kind: 'unreadable'
      /** Made from the bytes, `raw_` and 32 hex digits: the same body again is the same row. */
      id: string
      reason: string
    }

/** The columns of an inbox row that come from the event; every text is storable and at most 255 long. */
export type InboxFacts = {
  event: string
  type: string
  apiVersion: string | null
  /** Unix seconds, Stripe's clock. */
  created: number
  livemode: boolean
  account: string | null
  request: string | null
  objectType: string | null
  /** null for objects without an id, such as an upcoming invoice. */
  objectId: string | null
  /** The subscription that the event is about. */
  subscription: string | null
  customer: string | null
}

/** 9999-12-31T23:59:59Z: what every clock, Postgres' too, can still write. */
const LAST_SECOND = 253_402_300_799
const LONGEST_TEXT = 255

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A text that a column holds: not empty, at most 255, no NUL (Postgres refuses it), no lone surrogate (jsonb does). Else null. */
export function textOf(value: unknown): string | null {
  return typeof value === 'string' && isStorable(value) ? value : null
}

/** The id of a reference: the bare id, or the object that Stripe put in its place because it was expanded. */
export function idOf(value: unknown): string | null {
  return textOf(isJsonObject(value) ? value.id : value)
}

/** Whether a value is a moment as Stripe writes it: whole Unix seconds, up to the year 9999. */
export function isSeconds(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= LAST_SECOND
}

function isStorable(text: string): boolean {
  return text !== '' && text.length <= LONGEST_TEXT && !text.includes('\0') && !/\p{Surrogate}/u.test(text)
}

const NOT_STORABLE = `expected text of 1 to ${LONGEST_TEXT} characters that Postgres can hold`
const text = z.string().refine(isStorable, NOT_STORABLE)
/** Absent, null and '' are one: each is how some version says "none". */
const textOrNone = z
  .string()
  .refine((value) => value === '' || isStorable(value), NOT_STORABLE)
  .nullish()
  .transform((value) => value || null)
const seconds = z.custom<number>(isSeconds, 'expected whole Unix seconds')
const jsonObject = z.custom<JsonObject>(isJsonObject, 'expected an object')

/** Strict in what the inbox needs. The object inside is left alone: its shape is the API version's affair. */
const snapshot = z.object({
  id: text,
  object: z.literal('event'),
  type: text,
  created: seconds,
  livemode: z.boolean(),
  api_version: textOrNone,
  account: textOrNone,
  request: z.union([z.object({ id: textOrNone }).transform((request) => request.id), textOrNone]),
  data: z.object({ object: jsonObject, previous_attributes: z.unknown().optional() }),
})

const thin = z.object({
  id: text,
  type: text,
  created: z
    .string()
    .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/, 'expected an ISO 8601 time in UTC')
    .transform((iso) => Math.floor(Date.parse(iso) / 1000))
    .refine(isSeconds, 'expected a moment between 1970 and 9999'),
  livemode: z.boolean(),
  related_object: z.object({ type: text, id: text }).nullish(),
})

/**
 * Reads a body whose signature has been verified. Never throws, whatever the bytes.
 * `object: v2.core.event` is how Stripe marks the thin kind (docs.stripe.com/event-destinations).
 */
export function readEnvelope(body: Uint8Array): Envelope {
  if (!isUtf8(body)) return unreadable(body, 'not UTF-8')
  let parsed: unknown
  try {
    parsed = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'))
  } catch {
    return unreadable(body, 'not JSON')
  }
  if (!isJsonObject(parsed)) return unreadable(body, 'not a JSON object')
  if (parsed.object === 'v2.core.event') return readThin(body, parsed)
  // Amazon EventBridge puts the event under `detail` and signs nothing: such a body did not come from a webhook endpoint.
  if ('detail-type' in parsed && 'detail' in parsed) return unreadable(body, 'wrapped by EventBridge')

  const read = snapshot.safeParse(parsed)
  if (!read.success) return unreadable(body, faultOf(read.error))
  const { id, type, created, livemode, api_version, account, request, data } = read.data
  const previous = isJsonObject(data.previous_attributes) ? data.previous_attributes : null
  return {
    kind: 'snapshot',
    event: {
      id,
      type,
      apiVersion: api_version,
      created,
      livemode,
      account,
      request,
      object: data.object,
      previous,
    },
  }
}

function readThin(body: Uint8Array, parsed: JsonObject): Envelope {
  const read = thin.safeParse(parsed)
  if (!read.success) return unreadable(body, faultOf(read.error))
  const { id, type, created, livemode, related_object } = read.data
  return { kind: 'thin', id, type, created, livemode, related: related_object ?? null }
}

/** Names the field and what was expected, never what stood there: a reason is written to logs and columns. */
function faultOf(error: z.ZodError): string {
  const issue = error.issues[0]
  return issue ? `${issue.path.join('.')}: ${issue.message}` : 'not an event'
}

function unreadable(body: Uint8Array, reason: string): Envelope {
  return {
    kind: 'unreadable',
    id: `raw_${hash('sha256', body, 'hex').slice(0, 32)}`,
    reason,
  }
}

/** What an inbox row says about an event that could be read. */
export function inboxFactsOf(envelope: Exclude<Envelope, { kind: 'unreadable' }>): InboxFacts {
  if (envelope.kind === 'thin') {
    const { id, type, created, livemode, related } = envelope
    const objectType = related?.type ?? null
    const objectId = related?.id ?? null
    const none = { apiVersion: null, account: null, request: null, subscription: null, customer: null }
    return { event: id, type, created, livemode, objectType, objectId, ...none }
  }
  const { id, type, apiVersion, created, livemode, account, request, object } = envelope.event
  const objectType = textOf(object.object)
  const objectId = textOf(object.id)
  const customer = objectType === 'customer' ? objectId : idOf(object.customer)
  const subscription = subscriptionOf(envelope.event, objectType, objectId)
  return {
    event: id,
    type,
    apiVersion,
    created,
    livemode,
    account,
    request,
    objectType,
    objectId,
    subscription,
    customer,
  }
}

function subscriptionOf(
  event: StripeEvent,
  objectType: string | null,
  objectId: string | null,
): string | null {
  const { object } = event
  if (objectType === 'subscription') return objectId
  if (objectType === null && event.type.startsWith('customer.subscription.')) return objectId
  if (objectType === 'checkout.session') return idOf(object.subscription)
  if (objectType !== 'invoice') return null
  // Since 2025-03-31 an invoice names its subscription under `parent`.
  const parent = isJsonObject(object.parent) ? object.parent.subscription_details : null
  return idOf(object.subscription) ?? (isJsonObject(parent) ? idOf(parent.subscription) : null)
}
