import { createHash } from 'node:crypto'
import type { Caller } from '../../auth/api-keys.ts'
import type { Db } from '../../db/types.ts'
import { Refused } from '../../errors.ts'
import { type Problem, problemOf } from '../problem.ts'

/** A request that its caller may send again. */
export type Repeatable = {
  caller: Caller
  /** What the caller sent as `Idempotency-Key`. */
  key: string
  /** What was asked: the same for the same request alone. */
  asked: unknown
  /** As `auth.operator_actions` knows it, if it changes something. */
  requestId: string
  /** Whether the answer holds a secret: then it is not kept. */
  secret: boolean
}

export type GivenAnswer = { status: number; json: unknown }
/** `again`: it was given before, and nothing was done now. */
export type FirstAnswer =
  | ({ kind: 'answer'; again: boolean } & GivenAnswer)
  | { kind: 'problem'; again: true; problem: Problem }

export type Idempotency = (request: Repeatable, work: () => Promise<GivenAnswer>) => Promise<FirstAnswer>

/** Hours for which an answer is kept. */
const keptHours = 24
/** Minutes after which a request without an answer is no longer under way: whoever did it died. */
const underWayMinutes = 5
const prunedAtOnce = 20

/**
 * Does a request once for its key, and gives its first answer to whoever asks again within a day, refusals too. What failed on our side and
 * changed nothing may be asked again. Where the work was committed and its answer was lost, that is what is told: nothing is done twice.
 * @throws Refused `idempotency_key_reused` (422) for the same key with something else, `idempotency_in_flight` (409) while it is
 * being done, `idempotency_answer_lost` (409); and whatever `work` throws.
 */
export function createIdempotency(db: Db): Idempotency {
  return async (request, work) => {
    const first = await claim(db, request)
    if (first) return first
    let given: GivenAnswer
    try {
      given = await work()
    } catch (error) {
      const problem = problemOf(error)
      if (problem.status < 500) await keep(db, request, { status: problem.status, json: problem })
      else await release(db, request)
      throw error
    }
    await keep(db, request, request.secret ? { ...given, json: null } : given)
    return { kind: 'answer', again: false, ...given }
  }
}

type Held = {
  fingerprint: Uint8Array
  requestId: string
  answered: boolean
  status: number | null
  answer: unknown
  /** Longer without an answer than any request takes. */
  stale: boolean
  committed: boolean
}

/** Null: it is ours to do. */
async function claim(db: Db, request: Repeatable): Promise<FirstAnswer | null> {
  const { caller, key, requestId } = request
  const fingerprint = createHash('sha256').update(JSON.stringify(request.asked)).digest()
  await db`
    delete from auth.idempotent_requests where (tenant_id, caller_id, idempotency_key) in (
      select tenant_id, caller_id, idempotency_key from auth.idempotent_requests
      where begun_at < clock_timestamp() - make_interval(hours => ${keptHours})
      order by begun_at limit ${prunedAtOnce} for update skip locked)`
  const made = await db`
    insert into auth.idempotent_requests as r (tenant_id, caller_id, idempotency_key, fingerprint, request_id)
    values (${caller.tenantId}, ${caller.id}, ${key}, ${fingerprint}, ${requestId})
    on conflict (tenant_id, caller_id, idempotency_key) do update
    set fingerprint = excluded.fingerprint, request_id = excluded.request_id, begun_at = clock_timestamp(),
        answered_at = null, status = null, answer = null
    where r.begun_at < clock_timestamp() - make_interval(hours => ${keptHours})`
  if (made.count === 1) return null
  const [held] = await db<Held[]>`
    select r.fingerprint, r.request_id, r.answered_at is not null as answered, r.status, r.answer,
           r.begun_at < clock_timestamp() - make_interval(mins => ${underWayMinutes}) as stale,
           exists (select from auth.operator_actions a where a.request_id = r.request_id) as committed
    from auth.idempotent_requests r
    where r.tenant_id = ${caller.tenantId} and r.caller_id = ${caller.id} and r.idempotency_key = ${key}`
  if (held && !fingerprint.equals(held.fingerprint)) throw reused()
  if (held?.answered) return answerOf(held)
  if (!held?.stale) throw inFlight()
  if (held.committed) throw answerLost('Its answer was lost with the process that did it.')
  const taken = await db`
    update auth.idempotent_requests set request_id = ${requestId}, begun_at = clock_timestamp()
    where tenant_id = ${caller.tenantId} and caller_id = ${caller.id} and idempotency_key = ${key}
      and request_id = ${held.requestId} and answered_at is null`
  if (taken.count === 0) throw inFlight()
  return null
}

function answerOf({ status, answer }: Held): FirstAnswer {
  if (answer === null) throw answerLost('Its answer held a secret, which is shown once.')
  if (status! >= 400) return { kind: 'problem', again: true, problem: answer as Problem }
  return { kind: 'answer', again: true, status: status!, json: answer }
}

async function keep(db: Db, { requestId, caller, key }: Repeatable, { status, json }: GivenAnswer) {
  await db`
    update auth.idempotent_requests
    set answered_at = clock_timestamp(), status = ${status}, answer = ${json === null ? null : db.json(json as never)}
    where tenant_id = ${caller.tenantId} and caller_id = ${caller.id} and idempotency_key = ${key}
      and request_id = ${requestId}`
}

/** A fault of ours that changed nothing is as if it had not been asked. */
async function release(db: Db, { requestId, caller, key }: Repeatable): Promise<void> {
  await db`
    delete from auth.idempotent_requests r
    where tenant_id = ${caller.tenantId} and caller_id = ${caller.id} and idempotency_key = ${key}
      and request_id = ${requestId}
      and not exists (select from auth.operator_actions a where a.request_id = r.request_id)`.catch(() => {
    // The database is away: the claim grows stale by itself.
  })
}

function reused(): Refused {
  return new Refused(
    'idempotency_key_reused',
    'Something else was asked with this Idempotency-Key.',
    'Use a new key for each thing that is to be done.',
    422,
  )
}

function inFlight(): Refused {
  return new Refused(
    'idempotency_in_flight',
    'The request with this Idempotency-Key is being done.',
    'Ask again in some seconds, with the same key.',
    409,
  )
}

function answerLost(why: string): Refused {
  return new Refused('idempotency_answer_lost', `It was done, once. ${why}`, 'Look at what stands now.', 409)
}
