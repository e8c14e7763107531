import { z } from 'zod'
import { flatKinds, productStatuses } from '../../billing/catalog-fields.ts'

/**
 * What routes answer, as the OpenAPI document tells it. Tests hold every answer of theirs against these; at run time nothing
 * is checked, since an answer was made by us.
 */

/** ISO 8601, UTC. */
export const time = z.iso.datetime()
const rank = z.int().nullable()
const moveType = z.enum(['initiate', 'upgrade', 'downgrade', 'extend', 'end'])

/** A page of a list, and where the next one begins. */
export function pageAnswer<Item extends z.ZodType>(item: Item) {
  return z.strictObject({
    items: z.array(item),
    next_cursor: z.string().nullable().describe('For `cursor`; null: this was the last page.'),
  })
}

/** RFC 9457, which every answer of 400 and more is. */
export const problemAnswer = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string(),
    code: z.string().describe('Stable: to script against.'),
    next: z.string().optional().describe('The step to take.'),
    reasons: z.array(z.strictObject({ code: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' })

export const organizationAnswer = z
  .strictObject({
    organization_id: z.uuid(),
    organization_key: z.string().nullable(),
    name: z.string(),
    org_type: z.string(),
    customers: z.array(z.string()).describe('Stripe’s ids, the earliest linked first.'),
    created_at: time,
  })
  .meta({ id: 'Organization' })

export const orgTypeAnswer = z
  .strictObject({ key: z.string(), name: z.string(), default_ladder: z.string().nullable() })
  .meta({ id: 'OrgType' })

export const productAnswer = z
  .strictObject({
    key: z.string(),
    name: z.string(),
    type: z.enum(flatKinds).nullable(),
    kind: z.enum(['plan', ...flatKinds]).nullable(),
    status: z.enum(productStatuses),
    features: z.record(z.string(), z.union([z.boolean(), z.number(), z.string()])),
    ladders: z.array(z.strictObject({ ladder: z.string(), rank: z.int() })),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'Product' })

export const ladderAnswer = z
  .strictObject({
    key: z.string(),
    name: z.string(),
    description: z.string().nullable(),
    default_of: z.array(z.string()).describe('Org types that start on it.'),
    tiers: z.array(
      z.strictObject({
        product: z.string(),
        name: z.string(),
        status: z.enum(productStatuses),
        rank: z.int(),
        attachments: z.int(),
        claims: z.int(),
        ceilings: z.int(),
      }),
    ),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'Ladder' })

export const enrollmentAnswer = z
  .strictObject({
    organization_id: z.uuid(),
    customer: z.string().nullable(),
    ladder: z.string(),
    product: z.string(),
    rank,
    status: z.string(),
    since: time,
    holder: z.strictObject({ kind: z.enum(['subscription', 'grant', 'default']), id: z.string() }),
  })
  .meta({ id: 'Enrollment' })

export const checkAnswer = z
  .strictObject({
    allowed: z.boolean(),
    limit: z.union([z.number(), z.string()]).nullable(),
    because: z.string().describe('`tier:…`, `addon:…`, `suspended` or `not_included`.'),
    as_of: time,
  })
  .meta({ id: 'Check' })

/** A history row that a verb has written. */
export const moveAnswer = z
  .strictObject({
    pool_id: z.uuid(),
    ladder: z.string(),
    type: moveType,
    from_rank: rank,
    to_rank: rank,
    reason: z.string(),
    by_default: z.boolean(),
  })
  .meta({ id: 'Move' })

export const linkedAnswer = z.strictObject({
  outcome: z.enum(['linked', 'already']),
  organization: organizationAnswer,
})

export const transferredAnswer = z.strictObject({
  from: organizationAnswer,
  to: organizationAnswer,
  customers: z.array(z.string()),
  subscriptions: z.array(z.string()),
  moves: z.array(moveAnswer),
})

export const historyAnswer = z
  .strictObject({
    ladder: z.string(),
    sequence: z.int(),
    type: moveType,
    from_rank: rank,
    to_rank: rank,
    from_product: z.string().nullable(),
    to_product: z.string().nullable(),
    actor: z.string(),
    actor_type: z.string(),
    actor_id: z.string().nullable(),
    reason: z.string(),
    cause: z.strictObject({ kind: z.string(), id: z.string().nullable() }),
    effective_at: time,
  })
  .meta({ id: 'HistoryEntry' })

export const changeAnswer = z
  .strictObject({
    id: z.uuid(),
    subscription: z.string(),
    event: z.string(),
    kind: z.string(),
    item: z.string().nullable(),
    from: z.unknown(),
    to: z.unknown(),
    from_amount: z.int().nullable(),
    to_amount: z.int().nullable(),
    currency: z.string().nullable(),
    interval: z.string().nullable(),
    interval_count: z.int().nullable(),
    source: z.enum(['event', 'fetch']),
    duplicate_of: z.string().nullable(),
    occurred_at: time,
    recorded_at: time,
  })
  .meta({ id: 'SubscriptionChange' })

/** The parts of an explanation are described where they are made (src/stripe/enrollment/explain.ts). */
export const explainAnswer = z
  .looseObject({
    organization: z.uuid().nullable(),
    name: z.string().nullable(),
    customers: z.array(z.string()),
    at: time,
    ladders: z.array(z.looseObject({ ladder: z.string() })),
  })
  .meta({ id: 'Explanation' })

export const backfillAnswer = z
  .strictObject({
    updated: z.int(),
    skipped: z.int(),
    failed: z.int(),
    organizations: z.array(
      z.strictObject({
        organization_id: z.uuid(),
        name: z.string(),
        outcome: z.enum(['updated', 'skipped', 'failed']),
        reason: z.string(),
      }),
    ),
    next_cursor: z.string().nullable(),
  })
  .meta({ id: 'Backfill' })
