import type { Db, Reader } from '../../db/types.ts'
import { Refused } from '../../errors.ts'
import { clearAlarm, raiseAlarm } from '../alarms.ts'
import type { StripeApi } from '../api/stripe-api.ts'
import { keepListed, type ToldState } from '../enrollment/keep-answers.ts'
import { isJsonObject, type JsonObject } from '../event/envelope.ts'
import { noticeKey, type Untold, untoldBy } from '../event/notice.ts'
import { type Marker, markWrites } from '../inbox/event-writes.ts'
import { handledTypes } from '../missed/handled-types.ts'

export type FollowParts = {
  api: Pick<StripeApi, 'subscription' | 'thinEvent'>
  /** Has these subscriptions looked at now. Never rejects; should nobody hear, the sweep rings again. */
  lookAgain: (subscriptions: readonly string[]) => Promise<unknown>
  /** For what no single look can mend. */
  reconcileSoon: () => Promise<unknown>
  signal: AbortSignal
}

export type Followed = { followed: number; waiting: number }

/** Notices are rare: one pass takes more than there will ever be. */
const mostAtOnce = 100

/**
 * Follows up each of Stripe's notices that an event could not be generated. That event is in no list, so nothing but a look at
 * the object itself can tell what it would have told: the subscription, or those of the customer, are asked for and resolved as after any other fetch.
 * Where the notice names neither, the next reconcile is due now.
 * @throws Unavailable when Stripe does not answer; what was not followed up waits for the next time.
 */
export async function followNotices(db: Db, parts: FollowParts): Promise<Followed> {
  const notices = await db<{ event: string; body: Uint8Array | null }[]>`
    select w.event_id as event, b.body
    from stripe.event_writes w left join stripe.event_bodies b using (event_id)
    where w.state = 'waiting' and w.waiting_on like 'notice:%' and w.write = 'enrollment'
    order by w.handled_at, w.event_id limit ${mostAtOnce}
  `
  const told: Followed = { followed: 0, waiting: 0 }
  for (const { event, body } of notices) {
    parts.signal.throwIfAborted()
    const outcome = await follow(db, event, body, parts)
    if (outcome.kind === 'waits') {
      told.waiting++
      await raiseAlarm(db, 'event_not_generated', noticeKey(event), outcome.why)
      continue
    }
    await db.begin((tx) => markWrites(tx, 'enrollment', [outcome.marker]))
    await clearAlarm(db, 'event_not_generated', noticeKey(event))
    told.followed++
  }
  return told
}

type Outcome = { kind: 'followed'; marker: Marker } | { kind: 'waits'; why: string }

async function follow(db: Db, event: string, body: Uint8Array | null, parts: FollowParts): Promise<Outcome> {
  const untold = (body && untoldBy(parsed(body))) ?? (await askedFor(event, parts.api))
  if (untold?.eventType && !handledTypes.includes(untold.eventType))
    return { kind: 'followed', marker: { eventId: event, state: 'ignored', reason: 'not_for_us' } }
  const done: Outcome = { kind: 'followed', marker: { eventId: event, state: 'done' } }
  const subscriptions = await subscriptionsNamed(db, untold)
  if (subscriptions === null) {
    await parts.reconcileSoon()
    return done
  }
  const found: ToldState[] = []
  for (const subscription of subscriptions) {
    const answer = await parts.api.subscription(subscription)
    if (answer.kind === 'failed') return { kind: 'waits', why: `${subscription}: ${answer.why}` }
    if (answer.kind === 'found') found.push(answer)
  }
  await parts.lookAgain(await keepListed(db, found))
  return done
}

/** What Stripe says of its notice; null: it says nothing, or not to this key. */
async function askedFor(event: string, api: FollowParts['api']): Promise<Untold | null> {
  try {
    const answer = await api.thinEvent(event)
    return answer.kind === 'found' ? untoldBy(answer.event) : null
  } catch (error) {
    if (error instanceof Refused) return null
    throw error
  }
}

/** The subscriptions that a look at the object means; null: it is not known which. */
async function subscriptionsNamed(reader: Reader, untold: Untold | null): Promise<string[] | null> {
  const object = untold?.object ?? null
  if (object?.startsWith('sub_')) return [object]
  if (!object?.startsWith('cus_')) return null
  const rows = await reader<{ subscription: string }[]>`
    select stripe_subscription_id as subscription from stripe.subscriptions
    where stripe_customer_id = ${object} order by 1
  `
  return rows.map(({ subscription }) => subscription)
}

function parsed(body: Uint8Array): JsonObject {
  const read: unknown = JSON.parse(Buffer.from(body).toString('utf8'))
  return isJsonObject(read) ? read : {}
}
