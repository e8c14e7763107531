import type { Reader } from '../../db/types.ts'
import type { DecisionExplained } from '../../entitlements/explain-ladder.ts'
import type { MoveExplained } from '../../entitlements/explain-moves.ts'
import { type Arrival, readArrivals } from '../inbox/arrival.ts'

/** An event as evidence. Times are ISO 8601. */
export type EventEvidence = {
  event: string
  type: string
  source: Arrival['source']
  /** Stripe's clock. */
  created_at: string
  received_at: string
  seconds_late: number
  /** Events of the same subscription that Stripe dates later and that came first. */
  overtaken_by: string[]
}

/** An answer of Stripe's API as evidence. */
export type FetchEvidence = {
  fetch: string
  subscription: string
  status: string | null
  fetched_at: string
  /** The answer was true at some moment between these two, by Stripe's clock. */
  true_from: string
  true_until: string
}

/** An operator's or the default's grant, or a ceiling, as evidence. */
export type DecisionEvidence = DecisionExplained & {
  product: string
  /** `default`, `manual`, `trial`, `extension`, or `ceiling`. */
  what: string
  given_at: string
  ended_at: string | null
  ended_how: string | null
}

export type Evidence = {
  event?: EventEvidence
  fetch?: FetchEvidence
  decision?: DecisionEvidence
}

export type CauseExplained = MoveExplained['cause'] & Evidence

/** What is known of the things that ids stand for: events (`evt_…`), fetches (`fetch_…`), grants and ceilings (ours), by id. */
export async function readEvidence(reader: Reader, ids: readonly string[]): Promise<Map<string, Evidence>> {
  const wanted = [...new Set(ids)]
  const ours = wanted.filter((id) => uuid.test(id))
  const [events, fetches, decisions] = await Promise.all([
    readArrivals(
      reader,
      wanted.filter((id) => !uuid.test(id) && !fetchId.test(id)),
    ),
    readFetchEvidence(
      reader,
      wanted.flatMap((id) => fetchId.exec(id)?.[1] ?? []),
    ),
    readDecisions(reader, ours),
  ])
  return new Map<string, Evidence>([
    ...[...events].map(([id, arrival]) => [id, { event: eventEvidence(arrival) }] as const),
    ...fetches.map((fetch) => [fetch.fetch, { fetch }] as const),
    ...decisions.map(({ id, ...decision }) => [id, { decision }] as const),
  ])
}

export function eventEvidence({
  event,
  type,
  source,
  created,
  receivedAt,
  secondsLate,
  overtakenBy,
}: Arrival): EventEvidence {
  return {
    event,
    type,
    source,
    created_at: created.toISOString(),
    received_at: receivedAt.toISOString(),
    seconds_late: secondsLate,
    overtaken_by: overtakenBy,
  }
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const fetchId = /^fetch_([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/

async function readFetchEvidence(reader: Reader, fetchIds: readonly string[]): Promise<FetchEvidence[]> {
  if (fetchIds.length === 0) return []
  const rows = await reader<
    {
      fetch: string
      subscription: string
      status: string | null
      fetchedAt: Date
      trueFrom: Date
      trueUntil: Date
    }[]
  >`
    select
      'fetch_' || fetch_id as fetch, stripe_subscription_id as subscription, state ->> 'status' as status, fetched_at,
      to_timestamp(window_from) as true_from, to_timestamp(window_until) as true_until
    from stripe.fetches where fetch_id = any(${fetchIds as string[]}::uuid[])`
  return rows.map(({ fetch, subscription, status, fetchedAt, trueFrom, trueUntil }) => ({
    fetch,
    subscription,
    status,
    fetched_at: fetchedAt.toISOString(),
    true_from: trueFrom.toISOString(),
    true_until: trueUntil.toISOString(),
  }))
}

async function readDecisions(
  reader: Reader,
  ids: readonly string[],
): Promise<(DecisionEvidence & { id: string })[]> {
  if (ids.length === 0) return []
  const rows = await reader<
    {
      id: string
      product: string
      what: string
      givenBy: string
      reason: string
      givenAt: Date
      endsAt: Date | null
      endedAt: Date | null
      endedHow: string | null
    }[]
  >`
    select g.grant_id as id, p.product_key as product, g.grant_reason as what, coalesce(g.actor_name, g.actor_type) as given_by,
           g.reason, g.granted_at as given_at, g.valid_until as ends_at, g.closed_at as ended_at, g.closed_reason as ended_how
    from entitlements.grants g join billing.products p using (product_id)
    where g.grant_id = any(${ids as string[]}::uuid[])
    union all
    select c.ceiling_id, p.product_key, 'ceiling', coalesce(c.actor_name, c.actor_type),
           c.reason, c.set_at, c.valid_until, c.lifted_at, c.lifted_how
    from entitlements.ceilings c join billing.products p using (product_id)
    where c.ceiling_id = any(${ids as string[]}::uuid[])`
  return rows.map(({ givenBy, givenAt, endsAt, endedAt, endedHow, ...row }) => ({
    ...row,
    given_by: givenBy,
    given_at: givenAt.toISOString(),
    ends_at: endsAt?.toISOString() ?? null,
    ended_at: endedAt?.toISOString() ?? null,
    ended_how: endedHow,
  }))
}
