import type { Tx } from '../../db/types.ts'
import type { UnhandledEvent } from '../inbox/unhandled-events.ts'
import { type TwinCandidate, twinRows } from './subscription-changes.ts'

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
    select
      e.stripe_subscription_id as subscription, e.event_id as event, extract(epoch from e.created_at)::float8 as created,
      e.request_id as request, e.fingerprint,
      e.from_hash || array_to_string(e.from_asides, ' ') as "from", e.to_hash || array_to_string(e.to_asides, ' ') as "to",
      (select c.duplicate_of from billing.subscription_changes c where c.event_id = e.event_id limit 1) as marked
    from told
    join stripe.events e on e.stripe_subscription_id = told.subscription and e.created_at between told.since and told.until
    where e.trail_kind in ('edge', 'root')
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
