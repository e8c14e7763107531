import { z } from 'zod'
import { sources, writeStates } from '../../stripe/inbox/search-inbox.ts'
import { time } from './answers.ts'

/** What the routes of the inbox answer (see answers.ts). */

const write = z.strictObject({
  write: z.enum(['enrollment', 'subscription-changes']),
  state: z.enum(writeStates),
  reason: z.string().nullable(),
  on: z.string().nullable().describe('What it waits for, such as `price:…`.'),
})

const event = z.strictObject({
  event: z.string(),
  type: z.string(),
  mode: z.enum(['test', 'live']),
  source: z.enum(sources),
  created_at: time,
  received_at: time,
  subscription: z.string().nullable(),
  customer: z.string().nullable(),
  organization: z.strictObject({ organization_id: z.uuid(), name: z.string() }).nullable(),
  writes: z.array(write),
})
export const eventAnswer = event.meta({ id: 'Event' })

export const alarmAnswer = z.strictObject({
  kind: z.string(),
  subject: z.string(),
  detail: z.string(),
  times: z.int(),
  last_at: time,
  cleared_at: time.nullable(),
})

const caused = z.strictObject({
  transitions: z.array(
    z.strictObject({
      organization_id: z.uuid(),
      ladder: z.string(),
      sequence: z.int(),
      type: z.string(),
      from_product: z.string().nullable(),
      to_product: z.string().nullable(),
      from_rank: z.int().nullable(),
      to_rank: z.int().nullable(),
      actor: z.string(),
      reason: z.string(),
      effective_at: time,
    }),
  ),
  changes: z.array(
    z.strictObject({
      id: z.uuid(),
      kind: z.string(),
      item: z.string(),
      from: z.unknown(),
      to: z.unknown(),
      from_amount: z.int().nullable(),
      to_amount: z.int().nullable(),
      currency: z.string().nullable(),
      duplicate_of: z.string().nullable(),
      occurred_at: time,
    }),
  ),
  grants: z.array(
    z.strictObject({
      grant_id: z.uuid(),
      product: z.string(),
      grant_reason: z.string(),
      outcome: z.enum(['given', 'took_place', 'superseded']),
    }),
  ),
  alarms: z.array(alarmAnswer),
})

export const eventStoryAnswer = event
  .extend({
    api_version: z.string().nullable(),
    account: z.string().nullable(),
    request: z.string().nullable(),
    object: z.strictObject({ type: z.string().nullable(), id: z.string().nullable() }),
    trail_kind: z.string().nullable(),
    seconds_late: z.int(),
    overtaken_by: z.array(z.string()),
    body_kept: z.boolean(),
    writes: z.array(
      write.extend({
        detail: z.string().nullable(),
        attempts: z.int(),
        due_at: time.nullable(),
        handled_at: time.nullable(),
      }),
    ),
    caused,
    body: z.string().nullable().describe('As it was signed; null once retention dropped it.'),
  })
  .meta({ id: 'EventStory' })

export const replayedAnswer = z.strictObject({
  outcome: z.enum(['rung', 'nothing']),
  writes: z.array(write),
  left_as_they_are: z.array(write),
})
