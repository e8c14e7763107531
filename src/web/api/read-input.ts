import { z } from 'zod'
import { Refused } from '../../errors.ts'
import { type ReadBody, readIncoming, readRequest } from '../read-body.ts'
import type { WebContext } from '../web-env.ts'

/** Bytes. The largest thing that is sent here is a product with some hundred features. */
const largestBody = 64 * 1024

const nothing = z.strictObject({})

/**
 * The query of a request, checked. Unknown parameters are errors: a misspelt filter would otherwise answer with everybody.
 * @throws Refused `invalid_parameter` (400), which names the parameter.
 */
export function readQuery<Schema extends z.ZodObject>(
  c: WebContext,
  schema: Schema | null,
): z.output<Schema> | null {
  const known = schema ?? nothing
  const given = Object.entries(c.req.queries())
  const twice = given.find(([, values]) => values.length > 1)
  if (twice) throw invalidParameter(twice[0], 'was given twice', known)
  const read = known.safeParse(Object.fromEntries(given.map(([name, values]) => [name, values[0]])))
  if (read.success) return schema && (read.data as z.output<Schema>)
  const issue = read.error.issues[0]!
  if (issue.code === 'unrecognized_keys')
    throw invalidParameter(
      issue.keys[0]!,
      schema ? 'is not a parameter of this list' : 'is not known here',
      known,
    )
  throw invalidParameter(String(issue.path[0]), issue.message, known)
}

function invalidParameter(name: string, why: string, schema: z.ZodObject): Refused {
  const names = Object.keys(schema.shape)
  const next = names.length === 0 ? 'Ask without parameters.' : `Parameters: ${names.join(', ')}.`
  return new Refused('invalid_parameter', `The parameter ${shown(name)} ${why}.`, next, 400)
}

/**
 * The JSON body of a request, checked. No body at all is an empty one.
 * @throws Refused `content_type_unsupported`, `body_too_large`, `body_cut_off`, `invalid_json` or `invalid_body` (400), which
 * names every field at fault.
 */
export async function readBody<Schema extends z.ZodObject>(
  c: WebContext,
  schema: Schema | null,
): Promise<z.output<Schema> | null> {
  const known = schema ?? nothing
  const type = c.req.header('content-type') ?? ''
  const notJson = () =>
    new Refused('content_type_unsupported', 'The body has to be application/json.', takes(known), 415)
  // Not read at all: a form of a session was read by the guard already.
  if (/^application\/x-www-form-urlencoded\b/i.test(type)) throw notJson()
  const bytes = await bytesOf(c)
  if (bytes.length > 0 && !/^application\/json\s*(;|$)/i.test(type)) throw notJson()
  const read = known.safeParse(bytes.length === 0 ? {} : parsed(bytes), { reportInput: true })
  if (read.success) return schema && (read.data as z.output<Schema>)
  const faults = read.error.issues.flatMap(sentencesOf)
  const more = faults.length > 5 ? `; and ${faults.length - 5} more` : ''
  throw new Refused('invalid_body', `${faults.slice(0, 5).join('; ')}${more}.`, takes(known), 400)
}

async function bytesOf(c: WebContext): Promise<Uint8Array> {
  const tooLarge = () =>
    new Refused('body_too_large', `At most ${largestBody / 1024} KiB can be sent here.`, 'Send less.', 413)
  if (Number(c.req.header('content-length')) > largestBody) throw tooLarge()
  const incoming = c.env?.incoming
  const body: ReadBody = incoming
    ? await readIncoming(incoming, largestBody)
    : await readRequest(c.req.raw, largestBody)
  if (body === 'too_large') throw tooLarge()
  if (body === 'cut_off')
    throw new Refused('body_cut_off', 'The body ended before its length.', 'Send it again.', 400)
  return body
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new Refused('invalid_json', 'The body is not JSON.', 'Send one JSON object, in UTF-8.', 400)
  }
}

function takes(schema: z.ZodObject): string {
  const fields = Object.entries(schema.shape).map(([name, field]) =>
    (field as z.ZodType).safeParse(undefined).success ? `${name}?` : name,
  )
  return fields.length === 0 ? 'Send no body.' : `Fields: ${fields.join(', ')}.`
}

function sentencesOf(issue: z.core.$ZodIssue): string[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((name) => `${shown([...issue.path, name].join('.'))} is not a field here`)
  const field = issue.path.length === 0 ? 'The body' : shown(issue.path.join('.'))
  return [`${field} ${faultOf(issue)}`]
}

/** What is wrong with a field, as the end of a sentence that begins with it. */
export function faultOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type' && issue.input === undefined) return 'is missing'
  if (issue.code !== 'invalid_type' || isOurs(issue.message)) return plain(issue)
  return `has to be ${words[issue.expected] ?? issue.expected}`
}

const words: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
}

/** Our own messages are written as the end of a sentence; the library's are made into one. */
function plain(issue: z.core.$ZodIssue): string {
  if (isOurs(issue.message)) return issue.message
  const counted = 'origin' in issue && (issue.origin === 'string' || issue.origin === 'array')
  if (issue.code === 'invalid_value') return `has to be one of ${issue.values.join(', ')}`
  if (issue.code === 'too_big') return `is too ${counted ? 'long' : 'large'}`
  if (issue.code === 'too_small') return counted ? 'must not be empty' : 'is too small'
  if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? issue.message
  return 'is not of the right form'
}

function isOurs(message: string): boolean {
  return !/^(Invalid|Too|Unrecognized) /.test(message)
}

/** Names are the caller's own words: shown, but not at any length. */
function shown(name: string): string {
  return JSON.stringify(name.slice(0, 60))
}
