import type { Db } from '../db/types.ts'
import type { PrivateAddresses } from './addresses.ts'
import { disableEndpoint } from './endpoints.ts'
import { holdEndpointsAlone } from './hold-endpoints.ts'
import { headersOf, type MoveKey, messageId, messageOf } from './message.ts'
import { type Posted, post } from './post.ts'
import { givenUpAfter, nextLook, nextTry } from './retry.ts'
import { dropOldSecrets, type Secrets, signingSecrets } from './secrets.ts'

export type DeliverParts = {
  allowed: PrivateAddresses
  now: () => Date
  signal: AbortSignal
  /** Told of an endpoint that took nothing for three days and is disabled. */
  disabled: (endpoint: GivenUp) => Promise<void>
  /** Told of a message that was refused for three days while the endpoint took others: it is tried no more. */
  parked: (endpoint: GivenUp) => Promise<void>
  /** Milliseconds for one message, and for the whole pass: what is left then is the next one's. */
  limitMs?: number
  passMs?: number
}

/** `why`: what the last try said. */
export type GivenUp = { endpointId: string; tenantId: string; why: string }

export type Delivered = { taken: number; failed: number; disabled: number }

/** Messages to one endpoint under way at once, each of another pool. */
const atOnce = 8
const endpointsAtOnce = 8
/** Days for which it is known what was taken. */
const keptDays = 7
const prunedAtOnce = 100

type Due = MoveKey & { attempts: number }
type Target = Secrets & { endpointId: string; tenantId: string; url: string; failures: number }

/**
 * One pass over what is due: each endpoint is told of each move at least once, and of the moves of one pool in their order, one after the
 * other. A message that is not taken is tried again with growing pauses, and holds up its own pool alone; an endpoint that takes none at
 * all is asked with one message at a time. After three days it is disabled if it took nothing at all in them; else that message is parked,
 * and those behind it with it. Two passes at once would break the order: see `runOutbound`.
 */
export async function deliverDue(db: Db, parts: DeliverParts): Promise<Delivered> {
  const told: Delivered = { taken: 0, failed: 0, disabled: 0 }
  const until = performance.now() + (parts.passMs ?? 20_000)
  const goesOn = () => !parts.signal.aborted && performance.now() < until
  await dropOldSecrets(db, parts.now())
  const targets = await db<Target[]>`
    select endpoint_id, tenant_id, url, secret, next_secret, secret_until, failures from outbound.endpoints
    where disabled_at is null and (paused_until is null or paused_until <= ${parts.now()})
    order by endpoint_id`
  const next = targets.values()
  const worker = async () => {
    for (const target of next) if (goesOn()) await deliverTo(db, target, parts, goesOn, told)
  }
  await allEnded(Array.from({ length: endpointsAtOnce }, worker))
  return told
}

/** Waits for all, where one fails too: the caller lets a lock go, and nobody may be sending then. @throws what the first of them threw */
async function allEnded<T>(works: Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(works)
  return Promise.all(works)
}

async function deliverTo(
  db: Db,
  target: Target,
  parts: DeliverParts,
  goesOn: () => boolean,
  told: Delivered,
): Promise<void> {
  let { failures } = target
  await prune(db, target, parts.now())
  while (goesOn()) {
    const due = await firstOfEachPool(db, target, parts.now(), failures > 0 ? 1 : atOnce)
    if (due.length === 0) return
    const outcomes = await allEnded(due.map((one) => deliverOne(db, target, one, parts)))
    const taken = outcomes.filter((outcome) => outcome === 'taken').length
    told.taken += taken
    told.failed += outcomes.filter((outcome) => outcome === 'failed').length
    if (outcomes.includes('given_up')) {
      told.failed++
      told.disabled++
      return
    }
    if (outcomes.every((outcome) => outcome === 'broken_off')) return
    if (taken === 0) return await pause(db, target, failures + 1, parts.now())
    if (failures > 0)
      await db`
      update outbound.endpoints set failures = 0, paused_until = null where endpoint_id = ${target.endpointId}`
    failures = 0
  }
}

/**
 * What is due of each pool's earliest that waits: the later ones have to wait for it. What was never tried comes first, so that a
 * message that the other side refuses for itself does not stand for all.
 */
async function firstOfEachPool(db: Db, { endpointId }: Target, now: Date, limit: number): Promise<Due[]> {
  return db<Due[]>`
    select d.transition_id, d.pool_id, d.plan_ladder_id, d.sequence, d.attempts
    from outbound.deliveries d
    where d.endpoint_id = ${endpointId} and d.delivered_at is null and d.due_at <= ${now}
      and not exists (
        select from outbound.deliveries before
        where before.endpoint_id = d.endpoint_id and before.pool_id = d.pool_id
          and before.delivered_at is null and before.position < d.position)
    order by d.attempts, d.position limit ${limit}`
}

async function deliverOne(
  db: Db,
  target: Target,
  due: Due,
  parts: DeliverParts,
): Promise<'taken' | 'failed' | 'given_up' | 'broken_off'> {
  const { endpointId, url } = target
  const body = await messageOf(db, due)
  const id = messageId(endpointId, due.transitionId)
  const posted: Posted =
    body === null
      ? { kind: 'failed', why: 'The history does not hold this move.' }
      : await post(url, headersOf(id, signingSecrets(target, parts.now()), body, new Date()), body, {
          allowed: parts.allowed,
          limitMs: parts.limitMs ?? 10_000,
          signal: parts.signal,
        })
  if (posted.kind === 'taken') {
    await db`
      update outbound.deliveries set delivered_at = ${parts.now()}, attempts = attempts + 1, last_error = null
      where endpoint_id = ${endpointId} and transition_id = ${due.transitionId}`
    return 'taken'
  }
  // We stopped, and the other side did nothing wrong: whether or not it took the message, it is sent again.
  if (parts.signal.aborted) return 'broken_off'
  const now = parts.now()
  const [row] = await db<{ firstTriedAt: Date }[]>`
    update outbound.deliveries
    set attempts = attempts + 1, first_tried_at = coalesce(first_tried_at, ${now}), last_error = ${posted.why},
        due_at = ${nextTry(due.attempts + 1, now)}
    where endpoint_id = ${endpointId} and transition_id = ${due.transitionId}
    returning first_tried_at`
  if (!row || now.getTime() - row.firstTriedAt.getTime() < givenUpAfter) return 'failed'
  const givenUp = { endpointId, tenantId: target.tenantId, why: posted.why }
  if (await tookAny(db, target, new Date(now.getTime() - givenUpAfter))) {
    await db`
      update outbound.deliveries set due_at = 'infinity'
      where endpoint_id = ${endpointId} and transition_id = ${due.transitionId}`
    await parts.parked(givenUp)
    return 'failed'
  }
  await db.begin(async (tx) => {
    await holdEndpointsAlone(tx)
    await disableEndpoint(tx, endpointId, 'failing')
  })
  await parts.disabled(givenUp)
  return 'given_up'
}

/** From the newest on, since that is where it was taken, if at all. */
async function tookAny(db: Db, { endpointId }: Target, since: Date): Promise<boolean> {
  const [row] = await db`
    select from outbound.deliveries where endpoint_id = ${endpointId} and delivered_at > ${since}
    order by position desc limit 1`
  return row !== undefined
}

async function pause(db: Db, { endpointId }: Target, failures: number, now: Date): Promise<void> {
  await db`
    update outbound.endpoints set failures = ${failures}, paused_until = ${nextLook(failures, now)}
    where endpoint_id = ${endpointId}`
}

/** Forgets what was taken long ago, a few rows at each pass. */
async function prune(db: Db, { endpointId }: Target, now: Date): Promise<void> {
  const before = new Date(now.getTime() - keptDays * 86_400_000)
  await db`
    delete from outbound.deliveries d using (
      select transition_id, delivered_at from outbound.deliveries
      where endpoint_id = ${endpointId} and delivered_at is not null order by position limit ${prunedAtOnce}
    ) oldest
    where d.endpoint_id = ${endpointId} and d.transition_id = oldest.transition_id and oldest.delivered_at < ${before}`
}
