import type { Reader } from '../../db/types.ts'
import type { MoveType } from '../../entitlements/moves.ts'
import type { Mode, TrailKind } from '../event/subscription-event.ts'
import { type Arrival, readArrivals } from './arrival.ts'
import { type Write, writes } from './event-writes.ts'

/** One event from its receipt to everything that it caused. */
export type EventStory = {
  event: string
  inboxId: number
  type: string
  apiVersion: string | null
  mode: Mode
  /** The connected account; null for our own. */
  account: string | null
  source: 'webhook' | 'replay' | 'fetch'
  request: string | null
  objectType: string | null
  objectId: string | null
  subscription: string | null
  customer: string | null
  /** Whose customer it is now, and who said so; null: nobody's. */
  organization: { id: string; name: string; linkedBy: string } | null
  /** null: no step of a subscription's trail. */
  trailKind: TrailKind | null
  /** Stripe's clock. */
  created: Date
  receivedAt: Date
  arrival: Pick<Arrival, 'secondsLate' | 'overtakenBy'>
  /** Whether the bytes are still there; retention drops them and nothing else. */
  bodyKept: boolean
  /** Both, enrollment first. */
  writes: WriteStory[]
  caused: Caused
}

export type WriteStory = {
  write: Write
  /** `received`: nobody took it up yet. */
  state: 'received' | 'done' | 'ignored' | 'waiting' | 'parked'
  reason: string | null
  waitingOn: string | null
  /** An error's words, or which field could not be read. */
  detail: string | null
  dueAt: Date | null
  /** 0 without a marker. */
  attempts: number
  handledAt: Date | null
}

export type Caused = {
  transitions: CausedTransition[]
  changes: CausedChange[]
  /** What its moves gave or closed: `given` a default by the org type, `took_place` an operator's that was held till then. */
  grants: {
    grantId: string
    product: string
    grantReason: string
    outcome: 'given' | 'took_place' | 'superseded'
  }[]
  /** Those that name it, or what one of its writes waits on. */
  alarms: {
    kind: string
    subject: string
    detail: string
    lastAt: Date
    times: number
    clearedAt: Date | null
  }[]
}

export type CausedTransition = {
  transitionId: string
  organizationId: string
  ladder: string
  sequence: number
  type: MoveType
  fromProduct: string | null
  toProduct: string | null
  fromRank: number | null
  toRank: number | null
  actor: string
  reason: string
  effectiveAt: Date
}

export type CausedChange = {
  id: string
  kind: string
  /** '' where the change concerns no one item. */
  item: string
  from: unknown
  to: unknown
  /** Minor units, for the whole quantity. */
  fromAmount: number | null
  toAmount: number | null
  currency: string | null
  /** The event that told the same change before: a twin, or what was told after a fetch had revealed it. */
  duplicateOf: string | null
  occurredAt: Date
}

/** The whole story of one event, its raw body aside. Null: the inbox does not hold it. */
export async function eventStory(reader: Reader, eventId: string): Promise<EventStory | null> {
  const [facts] = await reader<Facts[]>`
    select
      e.event_id as event, e.inbox_id, e.type, e.api_version, e.mode, e.stripe_account as account, e.source,
      e.request_id as request, e.object_type, e.object_id, e.stripe_subscription_id as subscription,
      e.stripe_customer_id as customer, e.trail_kind, e.created_at as created, e.received_at,
      exists (select from stripe.event_bodies b where b.event_id = e.event_id) as body_kept,
      o.organization_id, o.name as organization_name, c.linked_by
    from stripe.events e
    left join stripe.customers c on c.stripe_customer_id = e.stripe_customer_id
    left join organization.organizations o on o.organization_id = c.organization_id
    where e.event_id = ${eventId}`
  if (!facts) return null
  const { organizationId, organizationName, linkedBy, ...told } = facts
  const [arrivals, writesTold, transitions, changes, grants] = await Promise.all([
    readArrivals(reader, [eventId]),
    writeStories(reader, eventId),
    causedTransitions(reader, eventId),
    causedChanges(reader, eventId),
    causedGrants(reader, eventId),
  ])
  const waits = writesTold.flatMap(({ waitingOn }) => (waitingOn === null ? [] : [waitingOn]))
  const { secondsLate, overtakenBy } = arrivals.get(eventId)!
  const alarms = await alarmsAbout(reader, eventId, waits)
  return {
    ...told,
    organization:
      organizationId === null ? null : { id: organizationId, name: organizationName!, linkedBy: linkedBy! },
    arrival: { secondsLate, overtakenBy },
    writes: writesTold,
    caused: { transitions, changes, grants, alarms },
  }
}

type Facts = Omit<EventStory, 'organization' | 'arrival' | 'writes' | 'caused'> & {
  organizationId: string | null
  organizationName: string | null
  linkedBy: string | null
}

async function writeStories(reader: Reader, eventId: string): Promise<WriteStory[]> {
  return reader<WriteStory[]>`
    select
      k.write, coalesce(w.state, 'received') as state, w.reason, w.waiting_on, w.detail, w.due_at,
      coalesce(w.attempts, 0) as attempts, w.handled_at
    from unnest(${writes as unknown as string[]}::text[]) with ordinality as k (write, n)
    left join stripe.event_writes w on w.event_id = ${eventId} and w.write = k.write
    order by k.n`
}

async function causedTransitions(reader: Reader, eventId: string): Promise<CausedTransition[]> {
  return reader<CausedTransition[]>`
    select
      m.transition_id, p.organization_id, l.ladder_key as ladder, m.sequence, m.transition_type as type,
      f.product_key as from_product, t.product_key as to_product, m.from_rank, m.to_rank,
      coalesce(m.actor_name, m.actor_type) as actor, m.reason, m.effective_at
    from entitlements.pool_provision_transitions m
    join entitlements.resource_pools p using (pool_id)
    join billing.plan_ladders l using (plan_ladder_id)
    left join billing.products f on f.product_id = m.from_product_id
    left join billing.products t on t.product_id = m.to_product_id
    where m.cause_id = ${eventId} and m.cause_kind = 'event'
    order by m.effective_at, l.ladder_key, m.sequence`
}

async function causedChanges(reader: Reader, eventId: string): Promise<CausedChange[]> {
  return reader<CausedChange[]>`
    select
      subscription_change_id as id, change_kind as kind, item, from_value as "from", to_value as "to", from_amount, to_amount,
      currency, duplicate_of, occurred_at
    from billing.subscription_changes where event_id = ${eventId}
    order by change_kind, item`
}

async function causedGrants(reader: Reader, eventId: string): Promise<Caused['grants']> {
  return reader<Caused['grants']>`
    select
      g.grant_id, p.product_key as product, g.grant_reason,
      case when v.provision_id = m.from_provision_id then 'superseded'
           when g.grant_reason = 'default' then 'given' else 'took_place' end as outcome
    from entitlements.pool_provision_transitions m
    join entitlements.pool_provisions v on v.provision_id in (m.from_provision_id, m.to_provision_id)
    join entitlements.grants g on g.grant_id = v.grant_id
    join billing.products p on p.product_id = g.product_id
    where m.cause_id = ${eventId} and m.cause_kind = 'event'
      and (v.provision_id = m.to_provision_id or g.closed_reason = 'superseded')
    order by m.effective_at, m.sequence, outcome desc, g.grant_id`
}

/** An alarm that work waits on keeps the event that raised it last in its detail. */
async function alarmsAbout(
  reader: Reader,
  eventId: string,
  waits: readonly string[],
): Promise<Caused['alarms']> {
  return reader<Caused['alarms']>`
    select alarm_kind as kind, subject, detail, last_at, times, cleared_at
    from stripe.alarms
    where subject = ${eventId} or subject = any(${waits as string[]}) or detail = ${eventId}
    order by last_at, alarm_kind, subject`
}
