import { z } from 'zod'
import { time } from './answers.ts'

/** What the routes of the whole deployment answer (see answers.ts). */

const counted = z.record(z.string(), z.int())
export const statsAnswer = z
  .strictObject({
    at: time,
    backlog: counted.describe('Events received and not yet taken up, by write.'),
    parked: z.array(z.strictObject({ write: z.string(), reason: z.string(), count: z.int() })),
    waiting: z.array(z.strictObject({ on_kind: z.string(), count: z.int() })),
    unresolved: z.array(z.strictObject({ reason: z.string(), count: z.int() })),
    alarms: z.array(z.strictObject({ kind: z.string(), count: z.int() })),
    received_to_applied_seconds: z.record(z.string(), z.number().nullable()).describe('By quantile.'),
    gap_watch: z.strictObject({ found: z.int(), behind_seconds: z.number() }).nullable(),
    reconcile: z.strictObject({
      ended_at: time.nullable(),
      differences: z.array(z.strictObject({ class: z.string(), outcome: z.string(), count: z.int() })),
      verified_share: z.number().nullable(),
    }),
    minutes: z
      .array(
        z.strictObject({
          at: time,
          received: z.int(),
          applied: z.strictObject({ p50: z.number(), p99: z.number() }).nullable(),
        }),
      )
      .describe('The last hour; the last one is the present minute, which is not over.'),
  })
  .meta({ id: 'Stats' })

export const openAlarmAnswer = z
  .strictObject({
    kind: z.string(),
    subject: z.string(),
    detail: z.string(),
    times: z.int(),
    first_at: time,
    last_at: time,
  })
  .meta({ id: 'Alarm' })

export const heldAnswer = z
  .strictObject({
    state: z.enum(['waiting', 'parked']),
    reason: z.string(),
    on: z.string().nullable(),
    writes: z.int(),
    subscriptions: z.int(),
    customers: z.int(),
    first_event: z.string(),
    since: time,
    due_at: time.nullable(),
    detail: z.string().nullable(),
  })
  .meta({ id: 'HeldGroup' })

export const actionAnswer = z
  .strictObject({
    id: z.int(),
    action: z.string(),
    subject: z.string(),
    reason: z.string().nullable(),
    request_id: z.uuid(),
    caller: z.strictObject({
      kind: z.enum(['key', 'identity', 'link']),
      id: z.string(),
      name: z.string(),
      role: z.string(),
    }),
    at: time,
  })
  .meta({ id: 'Action' })
