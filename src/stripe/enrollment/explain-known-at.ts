import type { Reader } from '../../db/types.ts'
import { readArrivals } from '../inbox/arrival.ts'
import { type FetchRow, resolve } from '../trail/resolution.ts'
import { idsIn, readStates, stateOf } from '../trail/resolved-state.ts'
import { readTrailsAt } from '../trail/trail-rows.ts'
import {
  type DecisionEvidence,
  type EventEvidence,
  type Evidence,
  eventEvidence,
  readEvidence,
} from './explain-cause.ts'
import type { Subject } from './explain-subject.ts'

/** What the inbox could tell of one subscription from what had come by some moment. */
export type SubscriptionThen = {
  id: string
  /** Stripe's word; null where nothing had come, or the trail had a hole and no single end. */
  status: string | null
  resolved_by: string | null
  known_from: Evidence | null
  /** Why its trail did not lead to one state; null when it did. */
  unresolved: string | null
}

export type KnownThen = {
  /** How many events of its subscriptions had come. */
  events: number
  /** The one that came last. */
  last: EventEvidence | null
  /** What Stripe dates before that moment and told only afterwards, in Stripe's order; at most 100. */
  not_yet: EventEvidence[]
  subscriptions: SubscriptionThen[]
  /** Grants and ceilings that had been given and had not ended. */
  decisions: (DecisionEvidence & { id: string })[]
}

/**
 * What was known of a subject at a moment: a trail's answer depends on the set of events and fetches alone, so it is resolved
 * again from those that were here by then.
 */
export async function explainKnownAt(reader: Reader, subject: Subject, at: Date): Promise<KnownThen> {
  const [[told], notYet, subscriptions, decisions] = await Promise.all([
    reader<{ events: number; last: string | null }[]>`
      select count(*)::int as events, (array_agg(event_id order by inbox_id desc))[1] as last
      from stripe.events
      where (stripe_customer_id = any(${subject.customers}) or stripe_subscription_id = any(${subject.subscriptions}))
        and trail_kind is not null and received_at <= ${at}`,
    reader<{ event: string }[]>`
      select event_id as event
      from stripe.events
      where (stripe_customer_id = any(${subject.customers}) or stripe_subscription_id = any(${subject.subscriptions}))
        and trail_kind is not null and created_at <= ${at} and received_at > ${at}
      order by created_at, inbox_id limit 100`,
    subscriptionsThen(reader, subject, at),
    decisionsThen(reader, subject, at),
  ])
  const late = notYet.map(({ event }) => event)
  const arrivals = await readArrivals(reader, told!.last === null ? late : [...late, told!.last])
  const evidence = (event: string) => eventEvidence(arrivals.get(event)!)
  return {
    events: told!.events,
    last: told!.last === null ? null : evidence(told!.last),
    not_yet: late.map(evidence),
    subscriptions,
    decisions,
  }
}

async function subscriptionsThen(reader: Reader, subject: Subject, at: Date): Promise<SubscriptionThen[]> {
  const trails = await readTrailsAt(reader, subject, at)
  const fetches = await readFetchesAt(reader, [...trails.keys()], at)
  const resolved = [...trails].map(([id, trail]) => {
    const answers = fetches.filter(({ subscription }) => subscription === id)
    return { id, answers, resolution: resolve(trail, answers) }
  })
  const states = await readStates(
    reader,
    resolved.flatMap(({ resolution }) => idsIn(resolution)).filter((id) => !id.startsWith('fetch_')),
  )
  const by = ({ resolution }: (typeof resolved)[number]) =>
    resolution.kind === 'nothing' ? null : resolution.kind === 'hole' ? resolution.headBy : resolution.by
  const evidence = await readEvidence(
    reader,
    resolved.flatMap((one) => by(one) ?? []),
  )
  return resolved.map((one): SubscriptionThen => {
    const { id, resolution, answers } = one
    const resolvedBy = by(one)
    const state = resolution.kind === 'nothing' ? null : stateOf(resolution, states, answers, null)
    return {
      id,
      status: resolution.kind === 'ended' ? 'canceled' : (state?.status ?? null),
      resolved_by: resolvedBy,
      known_from: resolvedBy === null ? null : (evidence.get(resolvedBy) ?? null),
      unresolved: resolution.kind === 'hole' ? resolution.why.replaceAll(' ', '_') : null,
    }
  })
}

async function readFetchesAt(
  reader: Reader,
  subscriptions: readonly string[],
  at: Date,
): Promise<FetchRow[]> {
  return reader<FetchRow[]>`
    select
      'fetch_' || fetch_id as fetch, stripe_subscription_id as subscription, window_from as "from", window_until as until, state
    from stripe.fetches
    where stripe_subscription_id = any(${subscriptions as string[]}) and fetched_at <= ${at}`
}

async function decisionsThen(
  reader: Reader,
  { organizationId }: Subject,
  at: Date,
): Promise<KnownThen['decisions']> {
  if (organizationId === null) return []
  const rows = await reader<{ id: string }[]>`
    select grant_id as id, granted_at as given_at from entitlements.grants
    where organization_id = ${organizationId} and granted_at <= ${at}
      and (closed_at is null or closed_at > ${at}) and (valid_until is null or valid_until > ${at})
    union all
    select ceiling_id, set_at from entitlements.ceilings
    where organization_id = ${organizationId} and set_at <= ${at}
      and (lifted_at is null or lifted_at > ${at}) and (valid_until is null or valid_until > ${at})
    order by given_at, id`
  const evidence = await readEvidence(
    reader,
    rows.map(({ id }) => id),
  )
  // Those that had not ended by then: how they ended later was not known.
  return rows.map(({ id }) => ({ id, ...evidence.get(id)!.decision!, ended_at: null, ended_how: null }))
}
