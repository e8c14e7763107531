import type { Tx } from '../../db/types.ts'
import type { UnhandledEvent } from '../inbox/unhandled-events.ts'
import { type TwinCandidate, twinRows } from './change-twins.ts'

/** Seconds on either side of an event within which what was told decides whether it is a twin: copies are 1 s apart, in chains. */
const NEARBY_SECONDS = 10

/**
 * Marks the change rows of events that only tell again what another event told (`duplicate_of`), and takes the mark off where a
 * later arrival shows that it was a change of its own. Looks at all events near those of the batch, so the marks that result
 * depend on the set of events alone.
 */
export async function markTwins(tx: Tx, events: readonly UnhandledEvent[]): Promise<void> {
  const told = events.filter((event) => event.trailKind === 'edge' || event.trailKind === 'root')
  if (told.length === 0) return
  const near = await tx<(TwinCandidate & { subscription: string; marked: string | null })[]>`
    with told as (
      select subscription, min(at) - ${NEARBY_SECONDS} * interval '1 second' as since, max(at) + ${NEARBY_SECONDS} * interval '1 second' as until
      from unnest(
        ${told.map((event) => event.subscription)}::text[],
        ${told.map((event) => new Date(event.created * 1000).toISOString())}::timestamptz[]
      ) as t (subscription, at)
      group by subscription
    )
    select near.*, (select c.duplicate_of from billing.subscription_changes c where c.event_id = near.event limit 1) as marked
    from told
    -- The limit keeps this a walk of each trail by its index: as a plain join it may be planned as every trail beside every other.
    cross join lateral (
      select
        e.stripe_subscription_id as subscription, e.event_id as event, extract(epoch from e.created_at)::float8 as created,
        e.request_id as request, e.fingerprint,
        e.from_hash || array_to_string(e.from_asides, ' ') as "from", e.to_hash || array_to_string(e.to_asides, ' ') as "to"
      from stripe.events e
      where e.stripe_subscription_id = told.subscription and e.created_at between told.since and told.until
        and e.trail_kind in ('edge', 'root')
      limit 100000
    ) near
  `
  const bySubscription = new Map<string, (typeof near)[number][]>()
  for (const candidate of near) {
    const group = bySubscription.get(candidate.subscription)
    if (group) group.push(candidate)
    else bySubscription.set(candidate.subscription, [candidate])
  }
  const marks: { event: string; twin: string | null }[] = []
  for (const candidates of bySubscription.values()) {
    if (candidates.length < 2) continue
    const twins = new Map(twinRows(candidates).map(({ event, duplicateOf }) => [event, duplicateOf]))
    for (const { event, marked } of candidates) {
      const twin = twins.get(event) ?? null
      if (twin !== marked) marks.push({ event, twin })
    }
  }
  if (marks.length === 0) return
  await tx`
    update billing.subscription_changes c
    set duplicate_of = m.twin
    from jsonb_to_recordset(${tx.json(marks)}) as m (event text, twin text)
    where c.event_id = m.event
  `
}

/**
 * What a fetch had revealed before any event told it, and one of these events tells after all: a straggler, created before the
 * fetch's time. The same change (kind, item and what it leads to) marks the fetch's row as `duplicate_of` that event. The
 * caller has written the events' own rows, and holds their subscriptions' changes.
 */
export async function markToldAfterAll(tx: Tx, events: readonly UnhandledEvent[]): Promise<void> {
  const told = events.filter((event) => event.trailKind !== null && event.trailKind !== 'sighting')
  if (told.length === 0) return
  await tx`
    with fetched as materialized (
      select 'fetch_' || fetch_id as fetch, stripe_subscription_id, changes_since, window_until
      from stripe.fetches
      where stripe_subscription_id = any(${told.map((event) => event.subscription!)}) and changes_since is not null
    ), straggler as (
      select distinct on (f.subscription_change_id) f.subscription_change_id, e.event_id
      from fetched
      join stripe.events e
        on e.stripe_subscription_id = fetched.stripe_subscription_id and e.event_id = any(${told.map(({ event }) => event)})
        and e.created_at between to_timestamp(fetched.changes_since) and to_timestamp(fetched.window_until)
      join billing.subscription_changes c on c.event_id = e.event_id
      join billing.subscription_changes f
        on f.event_id = fetched.fetch and f.change_kind = c.change_kind and f.item = c.item
        and f.to_value is not distinct from c.to_value and f.duplicate_of is null
      order by f.subscription_change_id, e.created_at, e.event_id
    )
    update billing.subscription_changes c set duplicate_of = straggler.event_id
    from straggler where c.subscription_change_id = straggler.subscription_change_id
  `
}
