import { createHash } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import type { Reader } from '../db/types.ts'

/** Which move, by what the history finds it by. */
export type MoveKey = { transitionId: string; poolId: string; planLadderId: string; sequence: number }

/**
 * What one move says to other systems: who moved on which ladder from where to where, who did it and why. Written from the history,
 * which nobody changes, so that every try says the same. Null: the history does not hold it.
 */
export async function messageOf(reader: Reader, move: MoveKey): Promise<string | null> {
  const [row] = await reader<
    {
      organizationId: string
      organizationKey: string | null
      customer: string | null
      ladder: string
      type: string
      fromRank: number | null
      toRank: number | null
      fromProduct: string | null
      toProduct: string | null
      actorType: string
      actorName: string | null
      reason: string
      causeKind: string
      causeId: string | null
      effectiveAt: Date
    }[]
  >`
    select p.organization_id, o.organization_key, l.ladder_key as ladder, m.transition_type as type, m.from_rank, m.to_rank,
           f.product_key as from_product, t.product_key as to_product, m.actor_type, m.actor_name, m.reason,
           m.cause_kind, m.cause_id, m.effective_at,
           (select stripe_customer_id from stripe.customers c where c.organization_id = p.organization_id
            order by linked_at, stripe_customer_id limit 1) as customer
    from entitlements.pool_provision_transitions m
    join entitlements.resource_pools p on p.pool_id = m.pool_id
    join organization.organizations o on o.organization_id = p.organization_id
    join billing.plan_ladders l on l.plan_ladder_id = m.plan_ladder_id
    left join billing.products f on f.product_id = m.from_product_id
    left join billing.products t on t.product_id = m.to_product_id
    where m.pool_id = ${move.poolId} and m.plan_ladder_id = ${move.planLadderId} and m.sequence = ${move.sequence}`
  if (!row) return null
  const effectiveAt = row.effectiveAt.toISOString()
  return JSON.stringify({
    type: `enrollment.${row.type}`,
    timestamp: effectiveAt,
    data: {
      transition_id: move.transitionId,
      organization_id: row.organizationId,
      organization_key: row.organizationKey,
      customer: row.customer,
      ladder: row.ladder,
      sequence: move.sequence,
      type: row.type,
      from_product: row.fromProduct,
      to_product: row.toProduct,
      from_rank: row.fromRank,
      to_rank: row.toRank,
      actor: row.actorName ?? row.actorType,
      actor_type: row.actorType,
      reason: row.reason,
      cause: { kind: row.causeKind, id: row.causeId },
      effective_at: effectiveAt,
    },
  })
}

/** The same for every try, so that whoever gets it twice knows it. */
export function messageId(endpointId: string, transitionId: string): string {
  return `msg_${createHash('sha256').update(`${endpointId} ${transitionId}`).digest('hex').slice(0, 32)}`
}

/**
 * As Standard Webhooks 1.0 says (https://www.standardwebhooks.com): a signature by each of the secrets, with spaces between, of which the
 * other side needs to know one. `sentAt`: of this try, since the other side refuses old ones.
 */
export function headersOf(
  id: string,
  secrets: readonly string[],
  body: string,
  sentAt: Date,
): Record<string, string> {
  return {
    'content-type': 'application/json',
    'user-agent': 'Stepladder',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(sentAt.getTime() / 1000)),
    'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, sentAt, body)).join(' '),
  }
}
