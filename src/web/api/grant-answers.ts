import { z } from 'zod'
import { moveAnswer, time } from './answers.ts'

/** What the routes of grants, ceilings and forced moves answer (see answers.ts). */

const grantReason = z.enum(['default', 'manual', 'trial', 'extension'])

export const grantAnswer = z
  .strictObject({
    grant_id: z.uuid(),
    organization_id: z.uuid(),
    product: z.string(),
    kind: z.string().nullable(),
    grant_reason: grantReason,
    quantity: z.int(),
    reason: z.string(),
    actor: z.string(),
    granted_at: time,
    valid_until: time.nullable(),
    closed_at: time.nullable(),
    closed_reason: z.enum(['superseded', 'revoked', 'expired', 'extended']).nullable(),
    extends_grant_id: z.uuid().nullable(),
    ladder: z.string().nullable(),
    live: z.boolean(),
    holds: z.array(z.string()),
  })
  .meta({ id: 'Grant' })

export const lineageAnswer = grantAnswer
  .extend({ ancestors: z.array(grantAnswer) })
  .meta({ id: 'GrantLineage' })

const given = z.strictObject({
  grant_id: z.uuid(),
  organization_id: z.uuid(),
  product: z.string(),
  grant_reason: grantReason,
  valid_until: time.nullable(),
  extends_grant_id: z.uuid().nullable(),
  places: z.array(
    z.strictObject({
      ladder: z.string(),
      outcome: z.enum(['holds', 'held']),
      product: z.string(),
      rank: z.int(),
      holder: z.strictObject({ kind: z.string(), id: z.string() }),
      because: z.string(),
    }),
  ),
  moves: z.array(moveAnswer),
})
export const grantGivenAnswer = given.meta({ id: 'GrantGiven' })

export const revokedAnswer = z.strictObject({
  outcome: z.enum(['revoked', 'already']),
  grant_id: z.uuid(),
  organization_id: z.uuid(),
  moves: z.array(moveAnswer),
})

export const forcedAnswer = z.union([
  given.extend({ mode: z.literal('at_least') }),
  z.strictObject({
    mode: z.literal('at_most'),
    ceiling_id: z.uuid(),
    replaced_ceiling_id: z.uuid().nullable(),
    organization_id: z.uuid(),
    product: z.string(),
    valid_until: time.nullable(),
    paid_above: z.array(z.strictObject({ subscription: z.string(), pays: z.string(), stands: z.string() })),
    moves: z.array(moveAnswer),
  }),
])

export const ceilingAnswer = z
  .strictObject({
    ceiling_id: z.uuid(),
    ladder: z.string(),
    product: z.string(),
    reason: z.string(),
    actor: z.string(),
    set_at: time,
    valid_until: time.nullable(),
    lifted_at: time.nullable(),
    lifted_how: z.enum(['lifted', 'expired', 'replaced']).nullable(),
    lifted_reason: z.string().nullable(),
    lifted_by: z.string().nullable(),
    live: z.boolean(),
  })
  .meta({ id: 'Ceiling' })

export const liftedAnswer = z.strictObject({
  outcome: z.enum(['lifted', 'already']),
  ceiling_id: z.uuid(),
  moves: z.array(moveAnswer),
})

export const flatGrantGivenAnswer = z.strictObject({
  grant_id: z.uuid(),
  organization_id: z.uuid(),
  product: z.string(),
  quantity: z.int(),
  valid_until: time.nullable(),
})
