import { z } from 'zod'
import { planStatuses } from '../../governance/revenue-plan/revenue-plan.ts'
import { revenuePlanV1 } from '../../governance/revenue-plan/revenue-plan-v1.ts'
import { time } from './answers.ts'
import { id, instant, isWritable, page, reason, text } from './fields.ts'

/** What the routes of revenue plans take, and what they answer. */

const name = text(100)
const value = z.union([
  z.string().max(2_000, 'is too long').refine(isWritable, 'must not contain NUL or half a character'),
  z.number(),
  z.boolean(),
  z.null(),
  z.array(text(200)).max(200, 'is too long'),
])
const constraints = z.record(name, value)

/** Told apart from the words that stand in its place in an address by having a digit. */
const planId = z
  .string()
  .regex(/^(?=.*\d)[A-Za-z0-9][\w.:-]{0,99}$/, 'must have letters, a digit, and of signs only . _ : -')

/** Which account's plan it has to be; left out: whichever of the tenant's. */
export const onAccount = z.strictObject({ account_id: id.optional() })

export const plansAsked = z.strictObject({
  status: z.enum(planStatuses, `must be one of ${planStatuses.join(', ')}`).optional(),
  account_id: id.optional(),
  plan_type: name.optional(),
  ...page,
})

export const ledgerAsked = z.strictObject({ account_id: id.optional(), ...page })

export const planProposed = z.strictObject({
  account_id: id,
  plan_type: name.default('RENEWAL_DEFENSE'),
  plan_id: planId.optional(),
  objective: text(500).optional(),
  constraints: constraints.optional(),
  expires_at: instant.optional(),
  reason: reason.optional(),
})

export const planEdit = z.strictObject({
  objective: text(500).optional(),
  expires_at: instant.optional(),
  constraints: constraints.nullish(),
  steps: z
    .array(
      z.strictObject({
        step_id: id.optional(),
        action_type: name,
        sequence: z.int32().optional(),
        dependencies: z.array(id).max(50, 'is too long').optional(),
        constraints: constraints.optional(),
      }),
    )
    .min(1, 'must not be empty')
    .max(50, 'is too long')
    .optional(),
  reason: reason.optional(),
})

export const whyPaused = z.strictObject({ reason: reason.optional() })
export const whyAborted = z.strictObject({ reason })

export const planAnswer = revenuePlanV1.meta({ id: 'RevenuePlan' })

export const ledgerAnswer = z.strictObject({
  entries: z.array(
    z.strictObject({
      entry_id: z.uuid(),
      plan_id: z.string(),
      tenant_id: z.uuid(),
      account_id: z.uuid(),
      event_type: z.string(),
      timestamp: time,
      data: z.record(z.string(), z.unknown()),
    }),
  ),
  next_cursor: z.string().nullable(),
})

export const canActivateAnswer = z.strictObject({
  can_activate: z.boolean(),
  reasons: z.array(z.strictObject({ code: z.string(), message: z.string() })),
})
