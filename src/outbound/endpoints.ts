import type { Reader, Tx } from '../db/types.ts'
import { Refused } from '../errors.ts'
import { faultOfUrl, type PrivateAddresses } from './addresses.ts'
import { holdEndpointsAlone } from './hold-endpoints.ts'
import { newSecret, rotateSecret } from './secrets.ts'

/** Where a tenant's moves are told. */
export type Endpoint = {
  endpointId: string
  url: string
  description: string
  createdAt: Date
  disabledAt: Date | null
  /** `failing`: it took nothing for three days. */
  disabledWhy: 'operator' | 'failing' | null
  /** Messages that wait to be taken, and how many of them are tried no more. */
  pending: number
  parked: number
  /** Tries in a row after which nothing had been taken. */
  failures: number
  /** When the latest of its messages that were taken was; null: none, as far as that is still known. */
  lastTakenAt: Date | null
  /** Until when the secret before the last rotation signs too; null: one signs alone. */
  oldSecretUntil: Date | null
  /** What the last try that failed said, of the messages that wait. */
  lastError: string | null
}

const mostEndpoints = 20

/** A tenant's endpoints, the earliest first. @param page.after the last endpoint_id of the page before */
export async function listEndpoints(
  reader: Reader,
  tenantId: string,
  wanted: { endpointId?: string; after?: string | null; limit: number },
): Promise<Endpoint[]> {
  const { endpointId = null, after = null, limit } = wanted
  return reader<Endpoint[]>`
    select e.endpoint_id, e.url, e.description, e.created_at, e.disabled_at, e.disabled_why, e.failures,
           waiting.pending, waiting.parked, waiting.last_error, taken.delivered_at as last_taken_at,
           case when e.secret_until > clock_timestamp() then e.secret_until end as old_secret_until
    from outbound.endpoints e
    left join lateral (
      select d.delivered_at from outbound.deliveries d
      where d.endpoint_id = e.endpoint_id and d.delivered_at is not null
      order by d.position desc limit 1
    ) taken on true
    left join lateral (
      select count(*)::int as pending, (count(*) filter (where d.due_at = 'infinity'))::int as parked,
             (array_agg(d.last_error order by d.first_tried_at desc) filter (where d.last_error is not null))[1] as last_error
      from outbound.deliveries d where d.endpoint_id = e.endpoint_id and d.delivered_at is null
    ) waiting on true
    where e.tenant_id = ${tenantId}
      and (${endpointId}::uuid is null or e.endpoint_id = ${endpointId}::uuid)
      and (${after}::uuid is null or (e.created_at, e.endpoint_id) > (
        select last.created_at, last.endpoint_id from outbound.endpoints last
        where last.endpoint_id = ${after}::uuid and last.tenant_id = ${tenantId}))
    order by e.created_at, e.endpoint_id
    limit ${limit}`
}

/** @throws Refused `webhook_endpoint_unknown` (404) */
export async function getEndpoint(reader: Reader, tenantId: string, endpointId: string): Promise<Endpoint> {
  const [endpoint] = await listEndpoints(reader, tenantId, { endpointId, limit: 1 })
  if (endpoint) return endpoint
  throw unknown()
}

function unknown(): Refused {
  return new Refused(
    'webhook_endpoint_unknown',
    'There is no such webhook endpoint.',
    'Look at the id: it may be of another kind of thing.',
    404,
  )
}

/**
 * Adds an endpoint: it is told of every move from now on. Its secret is in the answer and never shown again.
 * @throws Refused `webhook_url_not_allowed` (422), `too_many_webhook_endpoints` (409)
 */
export async function createEndpoint(
  tx: Tx,
  asked: { tenantId: string; url: string; description: string; allowed: PrivateAddresses },
): Promise<{ endpointId: string; secret: string }> {
  const { tenantId, url, description } = asked
  refuseUrl(url, asked.allowed)
  const [there] = await tx<{ count: number }[]>`
    select count(*)::int as count from outbound.endpoints where tenant_id = ${tenantId}`
  if (there!.count >= mostEndpoints) {
    throw new Refused(
      'too_many_webhook_endpoints',
      `There are ${there!.count} webhook endpoints already; each of them is told of every move.`,
      'Delete one that nobody uses.',
    )
  }
  const secret = newSecret()
  const [made] = await tx<{ endpointId: string }[]>`
    insert into outbound.endpoints (tenant_id, url, description, secret)
    values (${tenantId}, ${url}, ${description}, ${secret}) returning endpoint_id`
  return { endpointId: made!.endpointId, secret }
}

/**
 * Gives an endpoint a new secret, which is in the answer and never shown again; for a day the old one signs beside it (see `rotateSecret`).
 * @throws Refused `webhook_endpoint_unknown` (404)
 */
export async function rotateEndpointSecret(
  tx: Tx,
  asked: { tenantId: string; endpointId: string; now: Date },
): Promise<{ endpoint: Endpoint; secret: string }> {
  const secret = await rotateSecret(tx, asked)
  if (secret === null) throw unknown()
  return { endpoint: await getEndpoint(tx, asked.tenantId, asked.endpointId), secret }
}

export type EndpointChange = {
  url?: string | undefined
  description?: string | undefined
  disabled?: boolean | undefined
}

/**
 * Changes an endpoint. One that is enabled again is told of all that it has missed, and then of what comes. A new address is tried at once,
 * and so is one that is said to be enabled and was: with what was parked.
 * @throws Refused `webhook_endpoint_unknown` (404), `webhook_url_not_allowed` (422)
 */
export async function changeEndpoint(
  tx: Tx,
  asked: { tenantId: string; endpointId: string; allowed: PrivateAddresses } & EndpointChange,
): Promise<Endpoint> {
  const { tenantId, endpointId, url, description, disabled } = asked
  if (url !== undefined) refuseUrl(url, asked.allowed)
  await holdEndpointsAlone(tx)
  const before = await getEndpoint(tx, tenantId, endpointId)
  await tx`
    update outbound.endpoints
    set url = ${url ?? before.url}, description = ${description ?? before.description}
    where endpoint_id = ${endpointId}`
  if (disabled === true && before.disabledAt === null) await disableEndpoint(tx, endpointId, 'operator')
  if (disabled === false && before.disabledAt !== null)
    await enableEndpoint(tx, endpointId, before.disabledAt)
  if ((url !== undefined && url !== before.url) || disabled === false) await tryAtOnce(tx, endpointId)
  return getEndpoint(tx, tenantId, endpointId)
}

/** Nothing more is written down for it; what waits is kept. Call it under `holdEndpointsAlone`. */
export async function disableEndpoint(
  tx: Tx,
  endpointId: string,
  why: 'operator' | 'failing',
): Promise<void> {
  await tx`
    update outbound.endpoints set disabled_at = clock_timestamp(), disabled_why = ${why}
    where endpoint_id = ${endpointId} and disabled_at is null`
}

/**
 * Makes up for every move since then, in order. A move is dated under its pool's lock, a little before it is written down: so the search
 * begins an hour before, and what was written down is not written again.
 */
async function enableEndpoint(tx: Tx, endpointId: string, since: Date): Promise<void> {
  await tx`
    update outbound.endpoints set disabled_at = null, disabled_why = null where endpoint_id = ${endpointId}`
  await tx`
    insert into outbound.deliveries (endpoint_id, transition_id, tenant_id, pool_id, plan_ladder_id, sequence)
    select e.endpoint_id, m.transition_id, m.tenant_id, m.pool_id, m.plan_ladder_id, m.sequence
    from outbound.endpoints e
    join entitlements.pool_provision_transitions m on m.tenant_id = e.tenant_id
    where e.endpoint_id = ${endpointId} and m.effective_at > greatest(e.created_at, ${since}::timestamptz - interval '1 hour')
    order by m.effective_at, m.plan_ladder_id, m.sequence
    on conflict (endpoint_id, transition_id) do nothing`
}

async function tryAtOnce(tx: Tx, endpointId: string): Promise<void> {
  await tx`update outbound.endpoints set failures = 0, paused_until = null where endpoint_id = ${endpointId}`
  await tx`
    update outbound.deliveries set attempts = 0, first_tried_at = null, due_at = clock_timestamp()
    where endpoint_id = ${endpointId} and delivered_at is null`
}

/** @throws Refused `webhook_endpoint_unknown` (404) */
export async function deleteEndpoint(tx: Tx, tenantId: string, endpointId: string): Promise<Endpoint> {
  await holdEndpointsAlone(tx)
  const endpoint = await getEndpoint(tx, tenantId, endpointId)
  await tx`delete from outbound.deliveries where endpoint_id = ${endpointId}`
  await tx`delete from outbound.endpoints where endpoint_id = ${endpointId}`
  return endpoint
}

function refuseUrl(url: string, allowed: PrivateAddresses): void {
  const fault = faultOfUrl(url, allowed)
  if (fault) {
    throw new Refused(
      'webhook_url_not_allowed',
      `The address ${fault}.`,
      'Give an https address that the open net reaches; OUTBOUND_PRIVATE_ADDRESSES says what else is allowed.',
      422,
    )
  }
}
